//! Started without a mount: no directory is there, not even the one that the host runs in.

use std::fs;
use std::process::ExitCode;

use programs::{check, run, same};
use wasip2::filesystem::preopens::get_directories;

fn main() -> ExitCode {
    run(|| {
        same("mounts", get_directories().len(), 0)?;
        for path in [".", "./", "..", "/", "Cargo.toml", "./Cargo.toml", "/tmp", "/proc/self/cwd", ""] {
            check(format!("{path:?} cannot be listed"), fs::read_dir(path).is_err())?;
            check(format!("{path:?} cannot be read"), fs::read(path).is_err())?;
            check(format!("{path:?} has no metadata"), fs::metadata(path).is_err())?;
            check(format!("nothing is made below {path:?}"), fs::write(format!("{path}/made"), "x").is_err())?;
            check(format!("no directory is made below {path:?}"), fs::create_dir(format!("{path}/made")).is_err())?;
        }
        check("the working directory is not writable", fs::write("made", "x").is_err())?;
        println!("no_mounts: nothing there");
        Ok(())
    })
}
