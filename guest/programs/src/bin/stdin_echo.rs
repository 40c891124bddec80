//! Copies stdin to stdout until the end, and tells on stderr how many bytes came.

use std::io::{Write, copy, stdin, stdout};
use std::process::ExitCode;

use programs::{Context, run};

fn main() -> ExitCode {
    run(|| {
        let mut out = stdout().lock();
        let copied = copy(&mut stdin().lock(), &mut out).context("copying stdin to stdout")?;
        out.flush().context("flushing stdout")?;
        eprintln!("{copied} bytes");
        Ok(())
    })
}
