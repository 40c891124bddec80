//! Measures single operations of the standard library and prints `row<TAB>nanoseconds` for each. The same source is built
//! natively and as a guest, so that the difference is the system interface between.
//!
//! Usage: `bench FOLDER MILLISECONDS ROW…`: works in FOLDER, spends about MILLISECONDS on each row.
//!
//! Hazards: standard error is one of the things measured, so errors are told on standard output (`error<TAB>text`), and the
//! exit code is 1. Reads and writes go round in files of a fixed size, so that neither end of file nor growth is measured.

mod rows;
mod timing;

use std::env;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("error\t{error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> io::Result<()> {
    let usage = || io::Error::other("usage: bench FOLDER MILLISECONDS ROW…");
    let mut arguments = env::args().skip(1);
    let folder = PathBuf::from(arguments.next().ok_or_else(usage)?);
    let budget = arguments.next().and_then(|text| text.parse().ok()).ok_or_else(usage)?;
    let budget = Duration::from_millis(budget);
    for row in arguments {
        let nanoseconds = rows::measure(&row, &folder, budget)
            .map_err(|error| io::Error::new(error.kind(), format!("{row}: {error}")))?;
        println!("{row}\t{nanoseconds:.1}");
    }
    Ok(())
}
