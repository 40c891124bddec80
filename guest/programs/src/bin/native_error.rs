//! Failures as a program of `std` sees them: the kind, and the C library's number. Argument 1: a writable directory.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::Path;
use std::process::ExitCode;

use programs::{Context, Failure, Outcome, argument, run, same};

fn main() -> ExitCode {
    run(|| {
        let root = argument(1)?;
        let root = Path::new(&root);
        fs::create_dir_all(root.join("dir/sub")).context("create_dir_all")?;
        fs::write(root.join("file"), "x").context("write")?;
        let at = |path: &str| root.join(path);

        failed("open a missing file", File::open(at("missing")), Some(ErrorKind::NotFound), 44)?;
        failed("open below a file", File::open(at("file/x")), Some(ErrorKind::NotADirectory), 54)?;
        failed("open outside", File::open(at("../x")), Some(ErrorKind::PermissionDenied), 63)?;
        failed("create over a file", File::create_new(at("file")), Some(ErrorKind::AlreadyExists), 20)?;
        failed("create over a directory", File::create(at("dir")), Some(ErrorKind::IsADirectory), 31)?;
        failed("create_dir over a file", fs::create_dir(at("file")), Some(ErrorKind::AlreadyExists), 20)?;
        failed("remove_dir of a full one", fs::remove_dir(at("dir")), None, 55)?;
        failed("remove_dir of a file", fs::remove_dir(at("file")), Some(ErrorKind::NotADirectory), 54)?;
        failed("remove_file of a missing one", fs::remove_file(at("missing")), Some(ErrorKind::NotFound), 44)?;
        failed("read_link of a file", fs::read_link(at("file")), Some(ErrorKind::InvalidInput), 28)?;
        failed("rename a missing file", fs::rename(at("missing"), at("x")), Some(ErrorKind::NotFound), 44)?;
        failed("rename into itself", fs::rename(at("dir"), at("dir/sub/x")), Some(ErrorKind::InvalidInput), 28)?;
        failed("a name of 256 bytes", File::open(at(&"n".repeat(256))), Some(ErrorKind::InvalidFilename), 37)?;
        println!("native_error: all well");
        Ok(())
    })
}

/// `kind` is `None` where std has none on this target.
fn failed<T>(what: &str, result: io::Result<T>, kind: Option<ErrorKind>, number: i32) -> Outcome {
    let Err(error) = result else {
        return Err(Failure::new(format!("{what} succeeded")));
    };
    println!("{what}: {error}");
    same(what, (error.kind(), error.raw_os_error()), (kind.unwrap_or(error.kind()), Some(number)))
}
