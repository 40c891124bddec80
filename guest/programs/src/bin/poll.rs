//! Waiting: for one pollable, for several, for thousands.

use std::process::ExitCode;

use programs::{Outcome, check, run, same};
use wasip2::clocks::monotonic_clock::{now, subscribe_duration, subscribe_instant};
use wasip2::io::poll::{Pollable, poll};

const MILLISECOND: u64 = 1_000_000;
const HOUR: u64 = 3_600_000 * MILLISECOND;

fn main() -> ExitCode {
    run(|| {
        one()?;
        several()?;
        thousands()?;
        println!("poll: all well");
        Ok(())
    })
}

fn one() -> Outcome {
    let start = now();
    let pollable = subscribe_duration(20 * MILLISECOND);
    pollable.block();
    check("a wait of 20 ms takes 20 ms", now() - start >= 20 * MILLISECOND)?;
    check("it stays ready", pollable.ready())?;
    pollable.block();
    check("an instant in the past is ready", subscribe_instant(start).ready())?;
    check("instant 0 is ready", subscribe_instant(0).ready())?;
    check("a duration of 0 is ready", subscribe_duration(0).ready())?;
    check("an hour from now is not", !subscribe_duration(HOUR).ready())?;
    check("the end of time is not", !subscribe_instant(u64::MAX).ready())?;
    check("a duration without end is not", !subscribe_duration(u64::MAX).ready())
}

fn several() -> Outcome {
    let (soon, late, past) = (subscribe_duration(5 * MILLISECOND), subscribe_duration(HOUR), subscribe_instant(0));
    same("what is ready at once", poll(&[&late, &past, &soon])[0], 1)?;
    same("the first to be ready", poll(&[&late, &soon]), vec![1])?;
    same("one of one", poll(&[&past]), vec![0])?;
    same("the same one twice", poll(&[&past, &late, &past]), vec![0, 2])?;
    let out = wasip2::cli::stdout::get_stdout();
    let room = out.subscribe();
    same("stdout beside a clock", poll(&[&late, &room]), vec![1])
}

fn thousands() -> Outcome {
    let mut pollables: Vec<Pollable> = (0..9_999).map(|_| subscribe_duration(HOUR)).collect();
    pollables.insert(7_000, subscribe_duration(MILLISECOND));
    let all: Vec<_> = pollables.iter().collect();
    for _ in 0..3 {
        same("the ready one of ten thousand", poll(&all), vec![7_000])?;
    }
    Ok(())
}
