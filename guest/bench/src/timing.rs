//! The duration of an operation. It runs as often as fits the budget, in a few batches. The median of the batches counts.

use std::io;
use std::time::{Duration, Instant};

const BATCHES: u32 = 5;

/// Returns nanoseconds for each of the operations that `batch(n)` makes `n` of.
pub(crate) fn per_operation(budget: Duration, mut batch: impl FnMut(u64) -> io::Result<()>) -> io::Result<f64> {
    let mut time = |operations: u64| -> io::Result<Duration> {
        let start = Instant::now();
        batch(operations)?;
        Ok(start.elapsed())
    };
    let share = budget / BATCHES;
    let mut operations = 1;
    let mut taken = time(operations)?;
    // Doubling until a tenth of a batch's time is used warms the caches too.
    while taken < share / 10 && operations < 1 << 40 {
        operations *= 2;
        taken = time(operations)?;
    }
    let fitting = operations as f64 * share.as_secs_f64() / taken.as_secs_f64().max(1e-9);
    let operations = (fitting as u64).max(1);
    let mut measured = Vec::new();
    for _ in 0..BATCHES {
        measured.push(time(operations)?.as_secs_f64() * 1e9 / operations as f64);
    }
    measured.sort_by(f64::total_cmp);
    Ok(measured[measured.len() / 2])
}
