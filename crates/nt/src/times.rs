//! Times: NT counts 100 ns since 1601, in 63 bits. 0 and the negative numbers are commands to `NtSetInformationFile` ("leave it",
//! "keep no time from now on"), so no guest's time may become one.

use callgate_system::{Code, NewTimestamp, Result, Timestamp};

/// Ticks from NT's epoch, 1601-01-01, to 1970-01-01.
const EPOCH: i64 = 116_444_736_000_000_000;

const TICKS_PER_SECOND: i64 = 10_000_000;

/// The value that leaves a time as it is.
const KEEP: i64 = 0;

/// A time of NT's as one of ours.
pub(crate) fn timestamp(ticks: i64) -> Timestamp {
    let ticks = ticks.saturating_sub(EPOCH);
    let nanoseconds = ticks.rem_euclid(TICKS_PER_SECOND) * 100;
    Timestamp { seconds: ticks.div_euclid(TICKS_PER_SECOND), nanoseconds: u32::try_from(nanoseconds).unwrap_or(0) }
}

/// One of ours as NT's, `now` where that is asked for.
///
/// # Errors
/// `Invalid` for nanoseconds of a second or more, or what lies before 1601 or beyond 63 bits.
pub(crate) fn ticks(time: NewTimestamp, now: impl Fn() -> i64) -> Result<i64> {
    let time = match time.validated()? {
        NewTimestamp::NoChange => return Ok(KEEP),
        NewTimestamp::Now => return Ok(now().max(1)),
        NewTimestamp::At(time) => time,
    };
    let rest = i64::from(time.nanoseconds / 100);
    let ticks = time.seconds.checked_mul(TICKS_PER_SECOND).and_then(|ticks| ticks.checked_add(EPOCH + rest));
    ticks.filter(|&ticks| ticks > KEEP).ok_or(Code::Invalid.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64, nanoseconds: u32) -> NewTimestamp {
        NewTimestamp::At(Timestamp { seconds, nanoseconds })
    }

    #[test]
    fn times_come_back_rounded_down_to_100_ns() {
        for (seconds, nanoseconds, back) in [
            (0, 0, 0),
            (1_000_000_000, 123_456_789, 123_456_700),
            (-1, 999_999_999, 999_999_900),
            (-86_400, 50, 0),
            (-11_644_473_600, 100, 100),
            (910_692_730_085, 0, 0),
        ] {
            let ticks = ticks(at(seconds, nanoseconds), || 1).unwrap();
            assert_eq!(timestamp(ticks), Timestamp { seconds, nanoseconds: back });
        }
    }

    #[test]
    fn no_time_becomes_a_command() {
        for (seconds, nanoseconds) in [
            (-11_644_473_600, 0),
            (-11_644_473_600, 99),
            (-11_644_473_601, 999_999_999),
            (i64::MIN, 0),
            (i64::MAX - 1, 0),
            (i64::MAX, 0),
            (910_692_730_086, 0),
            (0, 1_000_000_000),
            (0, u32::MAX),
        ] {
            assert_eq!(ticks(at(seconds, nanoseconds), || 1).unwrap_err().code, Code::Invalid, "{seconds}");
        }
        assert_eq!(ticks(NewTimestamp::NoChange, || 7).unwrap(), 0);
        assert_eq!(ticks(NewTimestamp::Now, || 7).unwrap(), 7);
        assert_eq!(ticks(NewTimestamp::Now, || 0).unwrap(), 1);
    }

    #[test]
    fn any_number_of_nts_is_a_time() {
        for ticks in [i64::MIN, -1, 0, 1, i64::MAX] {
            assert!(timestamp(ticks).nanoseconds < 1_000_000_000);
        }
    }
}
