//! The native error behind a failed call, by `callgate:system/diagnostics`. Argument 1: a writable directory.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use callgate_guest::{Family, backend, last_error};
use programs::{Context, Outcome, argument, check, run, same};

fn main() -> ExitCode {
    run(|| {
        let system = backend();
        println!("backend {system}");
        same("the backend, asked again", backend(), system.clone())?;
        let directory = argument(1)?;
        let directory = Path::new(&directory);
        fs::create_dir_all(directory.join("full/er")).context("create_dir_all")?;
        fs::write(directory.join("file"), "x").context("write")?;

        expect(&system, fs::read(directory.join("missing")), 2, "ENOENT")?;
        fs::metadata(directory.join("file")).context("metadata")?;
        check("a call that succeeds leaves it as it is", last_error().is_some())?;
        expect(&system, fs::create_dir(directory.join("full")), 17, "EEXIST")?;
        expect(&system, fs::remove_dir(directory.join("full")), 39, "ENOTEMPTY")?;
        expect(&system, fs::read_dir(directory.join("file")), 20, "ENOTDIR")?;
        expect(&system, fs::read_link(directory.join("file")), 22, "EINVAL")
    })
}

/// On Linux, the number and the name; on NT, that there is one. Elsewhere it need not be a system's own error.
fn expect<T>(system: &str, failed: std::io::Result<T>, code: u32, name: &str) -> Outcome {
    let portable = failed.err().ok_or_else(|| programs::Failure::new(format!("no error where {name} belongs")))?;
    let Some(native) = last_error() else {
        return check(format!("{system} tells what is behind {portable}"), system != "linux" && system != "nt");
    };
    println!("{portable}: {native}");
    if system == "linux" {
        same("the native error", (native.family, native.code, native.name.as_str()), (Family::Errno, code, name))?;
    }
    Ok(())
}
