//! The steps of a test run: each is named, timed, and where it fails, told again at the end.

use std::time::Instant;

use anyhow::Result;

/// The steps so far.
#[derive(Default)]
pub(crate) struct Steps {
    count: usize,
    pub(crate) failures: Vec<String>,
}

impl Steps {
    /// A step without which the next ones mean nothing.
    pub(crate) fn must<T>(&mut self, name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
        self.count += 1;
        println!("\n== step {}: {name}", self.count);
        let started = Instant::now();
        let result = work();
        let outcome = if result.is_ok() { "took" } else { "FAILED after" };
        println!("== step {}: {name} {outcome} {}", self.count, seconds(started));
        result
    }

    /// A step whose failure is told at the end.
    pub(crate) fn should(&mut self, name: &str, work: impl FnOnce() -> Result<()>) {
        if let Err(error) = self.must(name, work) {
            println!("{error:#}");
            self.failures.push(format!("{name}: {error:#}"));
        }
    }
}

pub(crate) fn seconds(since: Instant) -> String {
    format!("{:.1} s", since.elapsed().as_secs_f64())
}
