//! Takes memory without end. `gently` stops where it is refused, and says how many MiB it had; `blindly` does not ask.

use std::hint::black_box;
use std::process::ExitCode;

use programs::{Failure, argument, run};

const MIB: usize = 1 << 20;

fn main() -> ExitCode {
    run(|| {
        let mut held: Vec<Vec<u8>> = Vec::new();
        match argument(1)?.as_str() {
            "gently" => loop {
                let mut block = Vec::new();
                if block.try_reserve_exact(MIB).is_err() || held.try_reserve(1).is_err() {
                    let had = held.len();
                    drop(held);
                    println!("refused after {had} MiB");
                    return Ok(());
                }
                block.resize(MIB, 1);
                held.push(black_box(block));
            },
            "blindly" => loop {
                held.push(black_box(vec![1; MIB]));
            },
            other => Err(Failure::new(format!("no way to take memory is called {other}"))),
        }
    })
}
