//! The clocks of the standard library.

use std::sync::OnceLock;
use std::time::{Instant, SystemTime};

use callgate_system::{Clock, Nanoseconds, Timestamp};

use crate::{os, times};

/// The clocks of this machine.
pub(crate) struct PortableClock;

impl Clock for PortableClock {
    fn monotonic(&self) -> Nanoseconds {
        monotonic()
    }

    fn monotonic_resolution(&self) -> Nanoseconds {
        os::CLOCK_STEP
    }

    fn wall(&self) -> Timestamp {
        times::timestamp(SystemTime::now())
    }

    fn wall_resolution(&self) -> Nanoseconds {
        os::CLOCK_STEP
    }
}

/// Nanoseconds since somebody first asked; 584 years fit.
pub(crate) fn monotonic() -> Nanoseconds {
    static ZERO: OnceLock<Instant> = OnceLock::new();
    let since = ZERO.get_or_init(Instant::now).elapsed();
    Nanoseconds::try_from(since.as_nanos()).unwrap_or(Nanoseconds::MAX)
}
