//! Two writable mounts of the host's one file system: a rename or a hard link across them either works, or is refused
//! with nothing done. Arguments: two mounts, the first with `file`.

use std::process::ExitCode;

use programs::{Failure, argument, check, mount, open, run};
use wasip2::filesystem::types::{ErrorCode as Code, PathFlags};

fn main() -> ExitCode {
    run(|| {
        let (from, to) = (mount(&argument(1)?)?, mount(&argument(2)?)?);
        match from.link_at(PathFlags::empty(), "file", &to, "linked") {
            Ok(()) => {
                check("linked, it is the same object", open(&from, "file")?.is_same_object(&open(&to, "linked")?))?;
            }
            Err(Code::CrossDevice | Code::NotPermitted) => {
                check("refused, nothing is made", open(&to, "linked").is_err())?;
            }
            Err(error) => return Err(Failure::new(format!("link-at: {error}"))),
        }
        match from.rename_at("file", &to, "moved") {
            Ok(()) => check("moved, it is there only", open(&from, "file").is_err() && open(&to, "moved").is_ok())?,
            Err(Code::CrossDevice | Code::NotPermitted) => check("refused, it stays", open(&from, "file").is_ok())?,
            Err(error) => return Err(Failure::new(format!("rename-at: {error}"))),
        }
        println!("same_mounts: whole or not at all");
        Ok(())
    })
}
