//! Runs `cargo test`, shows its output as it comes, and takes the results from it.

use std::io::{self, BufRead, BufReader, Write};
use std::process::Command;

use anyhow::{Context, Result};

use super::results::Results;
use crate::process;

/// Runs the tests to their end, whether they pass or not. `package` is whose they are where cargo doesn't say.
pub(crate) fn run(mut command: Command, package: &str) -> Result<Results> {
    println!("    $ {}", process::line(&command));
    // One pipe for both streams. One stream names the program under test, the other one tells its results.
    let (output, pipe) = io::pipe().context("cannot make a pipe")?;
    let copy = pipe.try_clone().context("cannot make a pipe")?;
    // The results are read from this output, so it must have no colours.
    command.env("CARGO_TERM_COLOR", "never");
    let mut child = command.stdout(pipe).stderr(copy).spawn().context("cannot start `cargo test`")?;
    // It holds our ends of the pipe, and the output would never end.
    drop(command);
    let mut results = Results::of(package);
    let mut output = BufReader::new(output);
    let mut line = Vec::new();
    while output.read_until(b'\n', &mut line).context("cannot read what the tests print")? > 0 {
        io::stdout().write_all(&line).context("cannot print what the tests print")?;
        results.add(&String::from_utf8_lossy(&line));
        line.clear();
    }
    let status = child.wait().context("cannot wait for `cargo test`")?;
    for suite in results.died() {
        println!("{suite} did not come to its end");
    }
    anyhow::ensure!(status.success() || results.all().failed > 0, "`cargo test` itself failed ({status})");
    Ok(results)
}
