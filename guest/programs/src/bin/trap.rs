//! Ends by a trap: `panic`, `unreachable` or `abort`.

use std::process::ExitCode;

use programs::{Failure, argument, run};

fn main() -> ExitCode {
    println!("about to trap");
    run(|| match argument(1)?.as_str() {
        "panic" => panic!("as asked"),
        "abort" => std::process::abort(),
        #[cfg(target_arch = "wasm32")]
        "unreachable" => core::arch::wasm32::unreachable(),
        other => Err(Failure::new(format!("no trap is called {other}"))),
    })
}
