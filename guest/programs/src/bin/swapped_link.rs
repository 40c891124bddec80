//! Reads a file by way of a link that somebody else swaps all the time, now to the inside, now to the outside of the
//! mount. Argument 1: the mount, with `swap/file`; argument 2: how often. Only what is inside may ever be seen.

use std::collections::BTreeMap;
use std::fs;
use std::process::ExitCode;

use programs::{Context, Failure, argument, run};

fn main() -> ExitCode {
    run(|| {
        let path = format!("{}/swap/file", argument(1)?);
        let rounds: u32 = argument(2)?.parse().context("the number of rounds")?;
        let mut endings = BTreeMap::<String, u32>::new();
        for _ in 0..rounds {
            let ending = match fs::read_to_string(&path) {
                Ok(content) if content == "inside" => content,
                Ok(content) => return Err(Failure::new(format!("the outside was read: {content:?}"))),
                Err(error) => format!("{:?}", error.kind()),
            };
            *endings.entry(ending).or_default() += 1;
        }
        for (ending, count) in endings {
            println!("{ending}: {count}");
        }
        Ok(())
    })
}
