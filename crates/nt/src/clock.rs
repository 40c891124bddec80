//! The clocks, both read without a system call where NT maps them.

use callgate_system::{Clock, Nanoseconds, Timestamp};

use crate::nt::time;
use crate::times::timestamp;

/// The clocks of this machine.
#[derive(Default)]
pub(crate) struct NtClock;

const SECOND: Nanoseconds = 1_000_000_000;

impl Clock for NtClock {
    fn monotonic(&self) -> Nanoseconds {
        monotonic()
    }

    fn monotonic_resolution(&self) -> Nanoseconds {
        (SECOND / time::performance_frequency()).max(1)
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
    // In parts, because the product of the whole would overflow after half an hour at 10 MHz. The frequency is below 2^34.
    let rest = (count % frequency).saturating_mul(SECOND) / frequency;
    (count / frequency).saturating_mul(SECOND).saturating_add(rest)
}
