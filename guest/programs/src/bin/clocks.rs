//! Both clocks, by `std` and by the interface.

use std::process::ExitCode;
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use programs::{Context, check, run};
use wasip2::clocks::{monotonic_clock, wall_clock};

fn main() -> ExitCode {
    run(|| {
        let mut last = Instant::now();
        for _ in 0..10_000 {
            let next = Instant::now();
            check("the monotonic clock never goes back", next >= last)?;
            last = next;
        }
        for duration in [Duration::ZERO, Duration::from_nanos(1), Duration::from_millis(30)] {
            let start = Instant::now();
            sleep(duration);
            check(format!("a sleep of {duration:?} is no shorter"), start.elapsed() >= duration)?;
        }
        let second = Duration::from_secs(1);
        let resolution = Duration::from_nanos(monotonic_clock::resolution());
        check(format!("{resolution:?} is a step"), resolution > Duration::ZERO && resolution <= second)?;

        let wall = SystemTime::now().duration_since(UNIX_EPOCH).context("the wall clock")?;
        check("it is after 2024 and before 2200", (1_704_000_000..7_258_000_000).contains(&wall.as_secs()))?;
        let raw = wall_clock::now();
        check("nanoseconds are less than a second", raw.nanoseconds < 1_000_000_000)?;
        check("std and the interface agree to a minute", raw.seconds.abs_diff(wall.as_secs()) < 60)?;
        let step = wall_clock::resolution();
        let step = Duration::new(step.seconds, step.nanoseconds);
        check(format!("{step:?} is a step"), step > Duration::ZERO && step <= second)?;
        println!("unix time {}", wall.as_secs());
        Ok(())
    })
}
