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

/// The counter's frequency on most machines since Windows 10, and under Wine.
const USUAL_FREQUENCY: u64 = 10_000_000;

/// The monotonic clock, for deadlines, too.
pub(crate) fn monotonic() -> Nanoseconds {
    nanoseconds(time::performance_counter(), time::performance_frequency())
}

/// `count` steps, so many of which are a second.
fn nanoseconds(count: u64, frequency: u64) -> Nanoseconds {
    // The same as below, without its divisions.
    if frequency == USUAL_FREQUENCY {
        return count.saturating_mul(SECOND / USUAL_FREQUENCY);
    }
    // In parts, because the product of the whole would overflow after half an hour at 10 MHz. The frequency is below 2^34.
    let rest = (count % frequency).saturating_mul(SECOND) / frequency;
    (count / frequency).saturating_mul(SECOND).saturating_add(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_of_any_frequency_are_nanoseconds() {
        for frequency in [1, 3_579_545, USUAL_FREQUENCY, USUAL_FREQUENCY + 1, 3_000_000_000] {
            let in_full = |count: u64| u128::from(count) * u128::from(SECOND) / u128::from(frequency);
            for count in [0, 1, 12_345_678_901] {
                assert_eq!(u128::from(nanoseconds(count, frequency)), in_full(count), "{count} at {frequency}");
            }
        }
        assert_eq!(nanoseconds(u64::MAX, USUAL_FREQUENCY), u64::MAX);
    }
}
