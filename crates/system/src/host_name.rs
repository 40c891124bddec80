//! The syntax of a name to look up, the same on every system.
//!
//! Hazard: resolvers are generous. They take `127.1`, `0x7f.1` and `2130706433` for addresses, and read names with NUL
//! bytes up to there; a rule on names would then be asked about something else than what is looked up. So an address is
//! one only in full, and a name that ends like a number is none (WHATWG URL, "ends in a number checker").

use std::net::IpAddr;

use crate::{Code, Result};

/// A name that may be looked up, or the address that it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostName<'a> {
    /// An address as text: four decimal numbers, or IPv6 without brackets and scope. An IPv4 address written as IPv6 is
    /// given as IPv4.
    Address(IpAddr),
    /// A name: labels of 1 to 63 ASCII letters, digits, `-` and `_`, apart by dots, at most 253 bytes; a dot may end it.
    /// Names in other letters have to be encoded first (IDNA).
    Name(&'a str),
}

impl<'a> HostName<'a> {
    /// Tells which `text` is.
    ///
    /// # Errors
    /// `Invalid` where it is neither.
    pub fn parse(text: &'a str) -> Result<Self> {
        if let Ok(address) = text.parse::<IpAddr>() {
            return Ok(Self::Address(address.to_canonical()));
        }
        let labels = text.strip_suffix('.').unwrap_or(text);
        let is_name = labels.len() <= 253 && labels.split('.').all(is_label) && !ends_in_number(labels);
        if is_name { Ok(Self::Name(text)) } else { Err(Code::Invalid.into()) }
    }
}

fn is_label(label: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=63).contains(&label.len()) && label.bytes().all(is_letter)
}

fn ends_in_number(labels: &str) -> bool {
    let last = labels.rsplit('.').next().unwrap_or(labels);
    let hexadecimal = last.strip_prefix("0x").or_else(|| last.strip_prefix("0X"));
    last.bytes().all(|byte| byte.is_ascii_digit())
        || hexadecimal.is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_its_own_answer() {
        for (text, address) in [
            ("127.0.0.1", "127.0.0.1"),
            ("::1", "::1"),
            ("2001:DB8::1", "2001:db8::1"),
            ("::ffff:10.0.0.1", "10.0.0.1"),
            ("::ffff:a00:1", "10.0.0.1"),
        ] {
            assert_eq!(HostName::parse(text), Ok(HostName::Address(address.parse().unwrap())), "{text}");
        }
    }

    #[test]
    fn names_are_names() {
        let long = format!("{}.{}.{}.{}", "a".repeat(63), "b".repeat(63), "c".repeat(63), "d".repeat(61));
        for text in ["localhost", "localhost.", "a", "xn--bcher-kva.example", "_sip._tcp.example", "1.example", &long] {
            assert_eq!(HostName::parse(text), Ok(HostName::Name(text)), "{text}");
        }
    }

    #[test]
    fn what_is_neither_is_invalid() {
        let (label, long) = ("a".repeat(64), format!("{}.aa", vec!["a"; 126].join(".")));
        for text in [
            "",
            ".",
            "a..b",
            ".a",
            "a..",
            "127.1",
            "2130706433",
            "0x7f.1",
            "0x7f000001",
            "1.2.3.4.5",
            "127.0.0.1.",
            "256.0.0.1",
            "0x",
            "a.0x7F",
            "[::1]",
            "fe80::1%eth0",
            "::g",
            "bücher.example",
            "a b",
            "a\0b",
            "a\n",
            "a/b",
            "a:80",
            "*.example",
            "-\u{ad}",
            &label,
            &long,
        ] {
            assert_eq!(HostName::parse(text), Err(Code::Invalid.into()), "{text:?}");
        }
    }
}
