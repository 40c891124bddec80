//! Ends in the ways there are: `return`, `error`, `std CODE` or `binding CODE`.
//!
//! `wasi:cli/exit` has `exit`, which knows only success and failure, and `exit-with-code`. The C library under
//! `std::process::exit` decides which of them a program gets.

use std::process::ExitCode;

use programs::{Failure, argument, run};

fn main() -> ExitCode {
    println!("about to end");
    run(|| {
        let code = || argument(2)?.parse::<u8>().map_err(Failure::from);
        match argument(1)?.as_str() {
            "return" => Ok(()),
            "error" => Err(Failure::new("as asked")),
            "std" => std::process::exit(code()?.into()),
            "binding" => {
                wasip2::cli::exit::exit_with_code(code()?);
                Err(Failure::new("exit-with-code came back"))
            }
            other => Err(Failure::new(format!("no way to end is called {other}"))),
        }
    })
}
