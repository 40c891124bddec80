//! Two mounts, one read-only: nothing is linked or renamed across them, in no direction. Arguments: the read-only mount
//! with `file`, the writable one with `file`.

use std::process::ExitCode;

use programs::{argument, check, mount, open, refused, run};
use wasip2::filesystem::types::{ErrorCode as Code, PathFlags};

fn main() -> ExitCode {
    run(|| {
        const NO: &[Code] = &[Code::ReadOnly, Code::NotPermitted, Code::CrossDevice];
        let (fixed, free) = (mount(&argument(1)?)?, mount(&argument(2)?)?);
        for flags in [PathFlags::empty(), PathFlags::SYMLINK_FOLLOW] {
            refused("link-at to the writable mount", fixed.link_at(flags, "file", &free, "linked"), NO)?;
            refused("link-at to the read-only mount", free.link_at(flags, "file", &fixed, "linked"), NO)?;
        }
        refused("rename-at to the writable mount", fixed.rename_at("file", &free, "moved"), NO)?;
        refused("rename-at to the read-only mount", free.rename_at("file", &fixed, "moved"), NO)?;
        refused("rename-at over a file there", fixed.rename_at("file", &free, "file"), NO)?;
        refused("rename-at over a file here", free.rename_at("file", &fixed, "file"), NO)?;
        for (name, root) in [("read-only", &fixed), ("writable", &free)] {
            check(format!("the file of the {name} mount is there"), open(root, "file").is_ok())?;
            refused(format!("a link in the {name} mount"), open(root, "linked").map(drop), &[Code::NoEntry])?;
            refused(format!("a moved file in the {name} mount"), open(root, "moved").map(drop), &[Code::NoEntry])?;
        }
        println!("cross_mount: nothing crossed");
        Ok(())
    })
}
