//! The two clocks.

use crate::Check;
use crate::stage::Stage;

cases! { "clocks";
    "the monotonic clock never goes back", "Clock::monotonic" => monotonic;
    "the monotonic clock never goes back between threads", "Clock::monotonic" => monotonic_threads;
    "the monotonic clock's step is at least 1 and constant", "Clock::monotonic_resolution" => monotonic_resolution;
    "the wall clock is plausible", "Clock::wall" => wall;
    "the wall clock's step is at least 1 and constant", "Clock::wall_resolution" => wall_resolution;
}

fn monotonic(stage: &Stage<'_>) -> Check {
    let clock = stage.system.clock();
    let mut last = clock.monotonic();
    for _ in 0..10_000 {
        let now = clock.monotonic();
        holds!(now >= last);
        last = now;
    }
    Ok(())
}

fn monotonic_threads(stage: &Stage<'_>) -> Check {
    let clock = stage.system.clock();
    for _ in 0..20 {
        let before = clock.monotonic();
        let between = std::thread::scope(|scope| scope.spawn(|| clock.monotonic()).join().expect("no panic"));
        holds!(before <= between && between <= clock.monotonic());
    }
    Ok(())
}

fn monotonic_resolution(stage: &Stage<'_>) -> Check {
    let resolution = stage.system.clock().monotonic_resolution();
    holds!(resolution >= 1);
    same!(stage.system.clock().monotonic_resolution(), resolution);
    Ok(())
}

fn wall(stage: &Stage<'_>) -> Check {
    let now = stage.system.clock().wall();
    // Between 2000 and 2500; a virtual clock starts at a time that somebody gave.
    holds!((946_684_800..16_725_225_600).contains(&now.seconds));
    holds!(now.nanoseconds < 1_000_000_000);
    Ok(())
}

fn wall_resolution(stage: &Stage<'_>) -> Check {
    let resolution = stage.system.clock().wall_resolution();
    holds!(resolution >= 1);
    same!(stage.system.clock().wall_resolution(), resolution);
    Ok(())
}
