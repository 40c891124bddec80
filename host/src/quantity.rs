//! Durations and sizes as people write them: a number and a unit.

use std::time::Duration;

use callgate_wasi::Quota;

const DURATIONS: &[(&str, u64)] = &[
    ("ns", 1),
    ("us", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

const SIZES: &[(&str, u64)] = &[
    ("", 1),
    ("B", 1),
    ("K", 1 << 10),
    ("KiB", 1 << 10),
    ("M", 1 << 20),
    ("MiB", 1 << 20),
    ("G", 1 << 30),
    ("GiB", 1 << 30),
];

/// `500ms`, `1.5s`, `5m`.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    let nanoseconds = parse(text, DURATIONS);
    let form = || "write it as a number and a unit, such as 500ms, 10s, 5m or 1h".to_owned();
    nanoseconds.map(Duration::from_nanos).ok_or_else(form)
}

/// The same; never nothing, which could only be a mistake.
pub(crate) fn parse_limit(text: &str) -> Result<Duration, String> {
    match parse_duration(text)? {
        Duration::ZERO => Err("a time limit of nothing would end every run; give more".to_owned()),
        time => Ok(time),
    }
}

/// `512KiB`, `64M`, `1GiB`, `1000000`; units are powers of 1024.
pub(crate) fn parse_size(text: &str) -> Result<u64, String> {
    parse(text, SIZES).ok_or_else(|| "write it as a number and a unit, such as 512KiB, 64MiB or 1GiB".to_owned())
}

/// A size as [`parse_size`] takes it, in the largest unit that leaves it whole.
pub(crate) fn show_size(bytes: u64) -> String {
    let whole = [("GiB", 1_u64 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
    let unit = whole.iter().find(|(_, unit)| bytes > 0 && bytes.is_multiple_of(*unit));
    unit.map_or_else(|| format!("{bytes} bytes"), |(name, unit)| format!("{}{name}", bytes / unit))
}

/// `64MiB`, `64MiB,1000`: bytes, and names, with what separates them; a name for each 4 KiB where their number is left out, at least
/// 1024.
pub(crate) fn parse_quota(text: &str, separator: char) -> Result<Quota, String> {
    let (bytes, entries) = text.split_once(separator).map_or((text, None), |(bytes, entries)| (bytes, Some(entries)));
    let bytes = parse_size(bytes)?;
    let entries = match entries {
        Some(entries) => {
            let wrong = |_| format!("write how many names as a number, such as 64MiB{separator}1000");
            entries.parse().map_err(wrong)?
        }
        None => (bytes >> 12).max(1024),
    };
    Ok(Quota { bytes, entries })
}

/// `text` in the smallest unit, rounded down.
fn parse(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let (_, factor) = units.iter().find(|(name, _)| *name == unit.trim())?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let whole: u64 = whole.parse().ok()?;
    let part = if fraction.is_empty() { 0 } else { part_of(*factor, fraction)? };
    whole.checked_mul(*factor)?.checked_add(part)
}

/// The decimal `fraction` of `factor`.
fn part_of(factor: u64, fraction: &str) -> Option<u64> {
    let scale = 10_u128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let digits: u64 = fraction.parse().ok()?;
    u64::try_from(u128::from(factor) * u128::from(digits) / scale).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        assert_eq!(parse_duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(parse_duration("1.5s"), Ok(Duration::from_millis(1500)));
        assert_eq!(parse_duration("2 h"), Ok(Duration::from_secs(7200)));
        assert_eq!(parse_duration("0s"), Ok(Duration::ZERO));
        for wrong in ["", "5", "s", "-1s", "1e3s", "1.s.5", "99999999999999999h", "1d"] {
            assert!(parse_duration(wrong).is_err(), "{wrong}");
            assert!(parse_limit(wrong).is_err(), "{wrong}");
        }
        assert!(parse_limit("0s").is_err());
        assert_eq!(parse_limit("1ns"), Ok(Duration::from_nanos(1)));
    }

    #[test]
    fn quotas() {
        assert_eq!(parse_quota("64MiB", ','), Ok(Quota { bytes: 64 << 20, entries: 16 << 10 }));
        assert_eq!(parse_quota("1K", '/'), Ok(Quota { bytes: 1024, entries: 1024 }));
        assert_eq!(parse_quota("1K,5", ','), Ok(Quota { bytes: 1024, entries: 5 }));
        assert_eq!(parse_quota("1K/5", '/'), Ok(Quota { bytes: 1024, entries: 5 }));
        for wrong in ["", ",", "1K,", "1K,-1", "1K,1K", "1K,5,5"] {
            assert!(parse_quota(wrong, ',').is_err(), "{wrong}");
        }
    }

    #[test]
    fn sizes() {
        assert_eq!(parse_size("4096"), Ok(4096));
        assert_eq!(parse_size("64MiB"), Ok(64 << 20));
        assert_eq!(parse_size("0.5G"), Ok(512 << 20));
        assert_eq!(show_size(2 << 30), "2GiB");
        assert_eq!(show_size((1 << 30) + (1 << 20)), "1025MiB");
        assert_eq!(show_size(1000), "1000 bytes");
        assert_eq!(show_size(0), "0 bytes");
        for wrong in ["", "MiB", "64MB", "-1", "1.2.3K", "99999999999999999999", "20000000000G"] {
            assert!(parse_size(wrong).is_err(), "{wrong}");
        }
    }
}
