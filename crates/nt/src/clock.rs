//! The clocks.

use callgate_system::{Clock, Nanoseconds, Timestamp};

use crate::nt::time;

/// The clocks of this machine.
#[derive(Default)]
pub(crate) struct NtClock;

/// Ticks of the wall clock between NT's epoch, 1601-01-01, and 1970-01-01.
pub(crate) const EPOCH: i64 = 116_444_736_000_000_000;

/// NT counts time in these: 100 nanoseconds.
pub(crate) const TICKS_PER_SECOND: i64 = 10_000_000;

impl Clock for NtClock {
    fn monotonic(&self) -> Nanoseconds {
        monotonic()
    }

    fn monotonic_resolution(&self) -> Nanoseconds {
        (1_000_000_000 / time::performance_frequency()).max(1)
    }

    fn wall(&self) -> Timestamp {
        timestamp(time::system_time())
    }

    fn wall_resolution(&self) -> Nanoseconds {
        100
    }
}

/// The monotonic clock, for deadlines, too.
pub(crate) fn monotonic() -> Nanoseconds {
    let (count, frequency) = (time::performance_counter(), time::performance_frequency());
    // In parts: the product of the whole would overflow after 30 minutes at 10 MHz.
    let rest = count % frequency * 1_000_000_000 / frequency;
    (count / frequency).saturating_mul(1_000_000_000).saturating_add(rest)
}

/// A time of NT's as one of ours.
pub(crate) fn timestamp(ticks: i64) -> Timestamp {
    let ticks = ticks.saturating_sub(EPOCH);
    let nanoseconds = ticks.rem_euclid(TICKS_PER_SECOND) * 100;
    Timestamp { seconds: ticks.div_euclid(TICKS_PER_SECOND), nanoseconds: u32::try_from(nanoseconds).unwrap_or(0) }
}
