//! Time. Reading a clock never fails and never waits; waiting is [`crate::Waiter`]'s.

/// A length of time, or a point on a monotonic clock, in nanoseconds.
pub type Nanoseconds = u64;

/// A point in wall time, as seconds and nanoseconds since 1970-01-01T00:00:00Z.
///
/// `seconds` is negative before that; `nanoseconds` always counts forward and is below 1,000,000,000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp {
    /// Whole seconds since the epoch.
    pub seconds: i64,
    /// The rest, 0 ..= 999,999,999.
    pub nanoseconds: u32,
}

/// The two clocks of a system.
pub trait Clock: Send + Sync {
    /// The monotonic clock: never goes back, its zero means nothing. Nanoseconds.
    fn monotonic(&self) -> Nanoseconds;

    /// The step of the monotonic clock, at least 1; constant for the life of the process.
    fn monotonic_resolution(&self) -> Nanoseconds;

    /// The wall clock; may jump either way when somebody sets it.
    fn wall(&self) -> Timestamp;

    /// The step of the wall clock, at least 1 ns; constant for the life of the process.
    fn wall_resolution(&self) -> Nanoseconds;
}
