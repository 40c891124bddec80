//! Opens a file again and again until the host refuses: an error of the call, and handles that are closed can be had
//! again. Argument 1: a mount; argument 2: how many are to be refused at the latest.

use std::process::ExitCode;

use programs::{Context, Failure, argument, check, create, mount, open, run};
use wasip2::filesystem::types::ErrorCode as Code;

fn main() -> ExitCode {
    run(|| {
        let root = mount(&argument(1)?)?;
        let most: usize = argument(2)?.parse().context("the number of handles")?;
        drop(create(&root, "file")?);
        // The handle of stdout is taken here, while there is one to be had.
        println!("opening and keeping");
        let mut counts = Vec::new();
        for _ in 0..3 {
            let mut held = Vec::new();
            let refusal = loop {
                if held.len() >= most {
                    return Err(Failure::new(format!("{most} handles, and no refusal")));
                }
                match open(&root, "file") {
                    Ok(file) => held.push(file),
                    Err(error) => break error,
                }
            };
            let known = matches!(refusal, Code::InsufficientMemory | Code::Quota | Code::NotPermitted | Code::Access);
            check(format!("{} is a refusal", refusal.name()), known)?;
            counts.push(held.len());
            println!("refused after {}: {}", held.len(), refusal.name());
        }
        check("as many each time", counts[0] > 0 && counts.iter().all(|count| *count == counts[0]))
    })
}
