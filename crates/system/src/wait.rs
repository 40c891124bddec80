//! Waiting. The only place that sleeps; every other call returns at once.

use crate::{Nanoseconds, Result, Sink, Source};

/// What to wait for.
#[derive(Clone, Copy)]
pub enum Interest<'a> {
    /// Bytes to read, or the end of them.
    Readable(&'a dyn Source),
    /// Room to write, or an error that a write would meet.
    Writable(&'a dyn Sink),
}

/// A place to wait.
pub trait Waiter: Send {
    /// Returns as soon as one of `interests` is met or the monotonic clock reaches `until` (never, where `None`), and
    /// pushes the indices of those met, ascending, onto `ready`, which it clears first. A deadline in the past asks
    /// without waiting; then `ready` may be empty. A stream of another system counts as met.
    ///
    /// # Errors
    /// `Invalid` where there is nothing to wait for (no interest, no deadline); `InsufficientMemory`.
    fn wait(&mut self, interests: &[Interest<'_>], until: Option<Nanoseconds>, ready: &mut Vec<usize>) -> Result<()>;
}
