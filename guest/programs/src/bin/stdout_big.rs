//! Writes as many bytes to stdout as argument 1 says, in lines of 64 bytes, and complains where that fails.

use std::io::{Write, stdout};
use std::process::ExitCode;

use programs::{Context, argument, run};

fn main() -> ExitCode {
    run(|| {
        let mut left: usize = argument(1)?.parse().context("the number of bytes")?;
        let line = [b'x'; 63].iter().copied().chain([b'\n']).collect::<Vec<_>>();
        let block = line.repeat(1024);
        let mut out = stdout().lock();
        while left > 0 {
            let length = left.min(block.len());
            out.write_all(&block[..length]).context("writing to stdout")?;
            left -= length;
        }
        out.flush().context("flushing stdout")?;
        Ok(())
    })
}
