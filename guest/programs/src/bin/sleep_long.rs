//! Sleeps for an hour: a wait inside the host. Argument 1: `sleep`, `block`, `poll` or `stdin`.

use std::process::ExitCode;
use std::time::Duration;

use programs::{Failure, argument, run};
use wasip2::clocks::monotonic_clock::subscribe_duration;

fn main() -> ExitCode {
    println!("waiting");
    run(|| {
        let hour = Duration::from_secs(3600);
        let nanoseconds = u64::try_from(hour.as_nanos())?;
        match argument(1)?.as_str() {
            "sleep" => std::thread::sleep(hour),
            "block" => subscribe_duration(nanoseconds).block(),
            "poll" => drop(wasip2::io::poll::poll(&[&subscribe_duration(nanoseconds), &subscribe_duration(u64::MAX)])),
            "stdin" => drop(wasip2::cli::stdin::get_stdin().blocking_read(1)),
            other => return Err(Failure::new(format!("no wait is called {other}"))),
        }
        Err(Failure::new("the wait is over"))
    })
}
