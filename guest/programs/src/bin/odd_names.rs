//! Lists a directory in which the host has names that are not UTF-8, beside plain ones: each odd name is an error of
//! that entry or left out, and the plain ones come all the same. Argument 1: the mount, argument 2: the number of
//! plain names.

use std::process::ExitCode;

use programs::{Context, Failure, argument, mount, run, same};
use wasip2::filesystem::types::ErrorCode as Code;

fn main() -> ExitCode {
    run(|| {
        let root = mount(&argument(1)?)?;
        let expected: usize = argument(2)?.parse().context("the number of plain names")?;
        let entries = root.read_directory().context("read-directory")?;
        let (mut plain, mut odd) = (0, 0);
        // A host that repeats an error for ever would end here.
        for _ in 0..10_000 {
            match entries.read_directory_entry() {
                Ok(Some(entry)) if entry.name.starts_with("plain") => plain += 1,
                Ok(Some(entry)) => return Err(Failure::new(format!("an entry called {:?}", entry.name))),
                Ok(None) => {
                    same("plain names", plain, expected)?;
                    println!("odd_names: {plain} plain, {odd} refused");
                    return Ok(());
                }
                Err(Code::IllegalByteSequence) => odd += 1,
                Err(error) => return Err(Failure::new(format!("read-directory-entry: {error}"))),
            }
        }
        Err(Failure::new("the listing has no end"))
    })
}
