//! The clocks, read through the vDSO: no system call.

use std::sync::OnceLock;

use callgate_system::{Clock, Nanoseconds, Timestamp};
use rustix::time::{ClockId, Timespec, clock_getres, clock_gettime};

/// The clocks of this machine.
#[derive(Default)]
pub(crate) struct LinuxClock {
    monotonic_resolution: OnceLock<Nanoseconds>,
    wall_resolution: OnceLock<Nanoseconds>,
}

impl Clock for LinuxClock {
    fn monotonic(&self) -> Nanoseconds {
        monotonic()
    }

    fn monotonic_resolution(&self) -> Nanoseconds {
        *self.monotonic_resolution.get_or_init(|| nanoseconds(clock_getres(ClockId::Monotonic)).max(1))
    }

    fn wall(&self) -> Timestamp {
        let now = clock_gettime(ClockId::Realtime);
        Timestamp { seconds: now.tv_sec, nanoseconds: u32::try_from(now.tv_nsec).unwrap_or(0) }
    }

    fn wall_resolution(&self) -> Nanoseconds {
        *self.wall_resolution.get_or_init(|| nanoseconds(clock_getres(ClockId::Realtime)).max(1))
    }
}

/// The monotonic clock, for deadlines, too.
pub(crate) fn monotonic() -> Nanoseconds {
    nanoseconds(clock_gettime(ClockId::Monotonic))
}

/// Never negative on the clocks that are asked; 584 years fit.
fn nanoseconds(time: Timespec) -> Nanoseconds {
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    seconds.saturating_mul(1_000_000_000).saturating_add(u64::try_from(time.tv_nsec).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_clocks_tell_a_time_and_a_step() {
        let clock = LinuxClock::default();
        let before = clock.monotonic();
        assert!(clock.monotonic() >= before);
        assert!(clock.wall().seconds > 1_600_000_000 && clock.wall().nanoseconds < 1_000_000_000);
        assert!(clock.monotonic_resolution() >= 1 && clock.wall_resolution() >= 1);
    }
}
