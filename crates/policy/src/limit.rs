//! Limits of a rule: so many calls or bytes in a second, or in all.

use std::fmt;

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

#[cfg(test)]
mod tests {
    use super::*;

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
