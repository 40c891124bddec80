//! Limits of a rule: so many calls or bytes in a second, or in all.
//!
//! A rate has a second's worth to begin with, and gains it again while nothing happens. What a call moves is known when it has happened, so it is
//! counted then: the next call waits for it, or is refused.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use callgate_system::Nanoseconds;

const SECOND: Nanoseconds = 1_000_000_000;

/// A number of calls, or of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Limit {
    Calls(u64),
    Bytes(u64),
}

impl Limit {
    /// Reads `100 calls` or `10 MiB`.
    ///
    /// # Errors
    /// In words, where it is neither.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let wrong = || "no limit; write a number of calls or of bytes, such as \"100 calls\" or \"10 MiB\"".to_owned();
        let digits = text.len() - text.trim_start_matches(|character: char| character.is_ascii_digit()).len();
        let number: u64 = text[..digits].parse().map_err(|_| wrong())?;
        let limit = match text[digits..].trim_start() {
            "calls" | "call" => Self::Calls(number),
            "B" => Self::Bytes(number),
            "KiB" => Self::Bytes(number.checked_mul(1 << 10).ok_or_else(wrong)?),
            "MiB" => Self::Bytes(number.checked_mul(1 << 20).ok_or_else(wrong)?),
            "GiB" => Self::Bytes(number.checked_mul(1 << 30).ok_or_else(wrong)?),
            _ => return Err(wrong()),
        };
        Ok(limit)
    }

    /// Reads `100 calls/s` or `1 MiB/s`.
    ///
    /// # Errors
    /// In words, where it is neither, or nothing.
    pub(crate) fn parse_rate(text: &str) -> Result<Self, String> {
        let wrong = "no rate; write \"100 calls/s\" or \"1 MiB/s\"";
        match Self::parse(text.strip_suffix("/s").unwrap_or_default()).map_err(|_| wrong)? {
            Self::Calls(0) | Self::Bytes(0) => Err("a rate of nothing; write a [[deny]] instead".to_owned()),
            limit => Ok(limit),
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Calls(number) => write!(f, "{number} calls"),
            Self::Bytes(number) => write!(f, "{number} B"),
        }
    }
}

/// What was used of a rule's limits.
#[derive(Debug, Default)]
pub(crate) struct Meter(Mutex<Used>);

#[derive(Clone, Copy, Debug, Default)]
struct Used {
    calls: u64,
    bytes: u64,
    /// The time at which all that was used of the rate is paid for.
    paid: Nanoseconds,
}

impl Meter {
    /// The time that the next call has to wait, at `now`.
    pub(crate) fn delay(&self, now: Nanoseconds) -> Nanoseconds {
        self.used().paid.saturating_sub(now).saturating_sub(SECOND)
    }

    /// True if `total` has no room for a call that moves `bytes`.
    pub(crate) fn is_used_up(&self, total: Limit, bytes: u64) -> bool {
        let used = self.used();
        match total {
            Limit::Calls(most) => used.calls >= most,
            Limit::Bytes(most) => used.bytes >= most || used.bytes.saturating_add(bytes) > most,
        }
    }

    /// Counts a call that moved `bytes`.
    pub(crate) fn count(&self, bytes: u64, rate: Option<Limit>, now: Nanoseconds) {
        let mut used = self.used();
        used.calls = used.calls.saturating_add(1);
        used.bytes = used.bytes.saturating_add(bytes);
        let (amount, a_second) = match rate {
            None => return,
            Some(Limit::Calls(calls)) => (1, calls),
            Some(Limit::Bytes(most)) => (bytes, most),
        };
        let takes = u128::from(amount) * u128::from(SECOND) / u128::from(a_second.max(1));
        used.paid = used.paid.max(now).saturating_add(u64::try_from(takes).unwrap_or(u64::MAX));
    }

    fn used(&self) -> MutexGuard<'_, Used> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_lets_a_second_s_worth_pass_and_then_as_many_as_it_says() {
        let (meter, rate) = (Meter::default(), Some(Limit::Calls(10)));
        let mut now = 5 * SECOND;
        for _ in 0..10 {
            assert_eq!(meter.delay(now), 0);
            meter.count(0, rate, now);
        }
        assert_eq!(meter.delay(now), 0);
        meter.count(0, rate, now);
        assert_eq!(meter.delay(now), SECOND / 10);
        now += SECOND / 10;
        assert_eq!(meter.delay(now), 0);
        meter.count(1 << 40, Some(Limit::Bytes(1 << 30)), now);
        assert!(meter.delay(now) > 1000 * SECOND);
        meter.count(u64::MAX, Some(Limit::Bytes(1)), now);
        assert_eq!(meter.delay(now), u64::MAX - now - SECOND);
    }

    #[test]
    fn a_total_is_used_up() {
        let meter = Meter::default();
        assert!(meter.is_used_up(Limit::Calls(0), 0) && !meter.is_used_up(Limit::Bytes(5), 5));
        meter.count(5, None, 0);
        assert!(
            meter.is_used_up(Limit::Bytes(5), 0)
                && meter.is_used_up(Limit::Bytes(9), 5)
                && !meter.is_used_up(Limit::Bytes(9), 4)
        );
        assert!(meter.is_used_up(Limit::Calls(1), 0) && !meter.is_used_up(Limit::Calls(2), 0));
    }

    #[test]
    fn limits_are_read() {
        assert_eq!(Limit::parse("100 calls"), Ok(Limit::Calls(100)));
        assert_eq!(Limit::parse("10MiB"), Ok(Limit::Bytes(10 << 20)));
        assert_eq!(Limit::parse_rate("1 KiB/s"), Ok(Limit::Bytes(1024)));
        for text in
            ["", "calls", "10", "-1 calls", "10 MB", "99999999999999999999 B", "18446744073709551615 GiB", "1 calls/s"]
        {
            assert!(Limit::parse(text).is_err(), "{text}");
        }
        for text in ["", "/s", "10 calls", "0 calls/s", "1 calls/m"] {
            assert!(Limit::parse_rate(text).is_err(), "{text}");
        }
    }
}
