//! Writes to stderr and stdout in turns: each arrives whole, stderr at once and unbuffered.

use std::io::{Write, stderr};
use std::process::ExitCode;

use programs::{Context, run, same};

fn main() -> ExitCode {
    run(|| {
        for part in ["to ", "stderr", "", "\n"] {
            let written = stderr().write(part.as_bytes()).context("writing to stderr")?;
            same("bytes written to stderr", written, part.len())?;
        }
        println!("to stdout");
        eprintln!("to stderr again");
        Ok(())
    })
}
