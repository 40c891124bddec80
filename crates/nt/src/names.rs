//! The names that exist here: NT has fewer than Linux, and some mean a device or another file.
//!
//! Each component that goes to NT comes through here, wherever it stands in a path and whether a guest or the text of a link
//! brought it. A name that cannot exist is answered as Linux does on a file system that cannot hold it (vfat): looked up, it
//! is `NoEntry`; to be made, `Invalid`.
//!
//! | refused | because |
//! |---|---|
//! | `\` | it separates names |
//! | `:` | what follows it names a stream of the file |
//! | `"` `<` `>` `\|` `*` `?`, and below U+0020 | reserved; five of them are wildcards |
//! | a dot or a space at the end | Win32 takes it off, so every other program would mean another file |
//! | `CON`, `PRN`, `AUX`, `NUL`, `CLOCK$`, `CONIN$`, `CONOUT$`, `COM0`–`COM9`, `LPT0`–`LPT9`, the digits also as `¹²³`; in any case, before a dot, spaces before it aside | devices, to every other program |
//! | bytes that are not UTF-8 | names are UTF-16 |
//! | `.callgate-` and 16 hexadecimal digits | ours: what was unlinked while open, where NT cannot hide it |
//!
//! Not refused: names that differ in case only, and 8.3 aliases. They lead to the same file, inside; who asks whether two names
//! are one file compares identities, never names.

use callgate_system::path::NAME_MAX;
use callgate_system::{Code, Result};

/// A name as NT takes it. A component of at most [`NAME_MAX`] bytes is at most as many units.
#[derive(Clone)]
pub(crate) struct Name {
    units: [u16; NAME_MAX],
    length: usize,
}

/// The start of the name of a file that was unlinked while open, before the digits.
const OURS: &str = ".callgate-";

impl Name {
    /// The name of something to be looked up.
    ///
    /// # Errors
    /// `NoEntry` for a name that nothing can have; `NameTooLong`.
    pub(crate) fn existing(name: &[u8]) -> Result<Self> {
        Self::checked(name, Code::NoEntry)
    }

    /// The name of something to be made.
    ///
    /// # Errors
    /// `Invalid` for a name that nothing can have; `NameTooLong`.
    pub(crate) fn new(name: &[u8]) -> Result<Self> {
        Self::checked(name, Code::Invalid)
    }

    /// The name that a file is given when it is unlinked while open.
    pub(crate) fn ours(number: u64) -> Self {
        Self::encoded(&format!("{OURS}{number:016x}")).unwrap_or(Self { units: [0; NAME_MAX], length: 0 })
    }

    fn checked(name: &[u8], refusal: Code) -> Result<Self> {
        let name = str::from_utf8(name).map_err(|_| refusal)?;
        if is_refused(name) || is_ours(name) {
            return Err(refusal.into());
        }
        Self::encoded(name).ok_or(Code::NameTooLong.into())
    }

    fn encoded(name: &str) -> Option<Self> {
        let mut this = Self { units: [0; NAME_MAX], length: 0 };
        for unit in name.encode_utf16() {
            *this.units.get_mut(this.length)? = unit;
            this.length += 1;
        }
        Some(this)
    }

    /// The units, in UTF-16.
    pub(crate) fn units(&self) -> &[u16] {
        self.units.get(..self.length).unwrap_or_default()
    }
}

/// True if it is a name of ours: neither listed nor found.
pub(crate) fn is_ours(name: &str) -> bool {
    name.strip_prefix(OURS).is_some_and(|rest| rest.len() == 16 && rest.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

fn is_refused(name: &str) -> bool {
    let is_reserved =
        |byte: u8| byte < b' ' || matches!(byte, b'\\' | b'/' | b':' | b'"' | b'<' | b'>' | b'|' | b'*' | b'?');
    name.is_empty() || name.bytes().any(is_reserved) || name.ends_with(['.', ' ']) || is_device(name)
}

/// True if Win32 takes it for a device, wherever it stands: `nul`, `NUL.txt`, `aux .x`, `COM¹`.
fn is_device(name: &str) -> bool {
    let stem = name.split(['.', ':']).next().unwrap_or(name).trim_end_matches(' ');
    let named = ["CON", "PRN", "AUX", "NUL", "CLOCK$", "CONIN$", "CONOUT$"];
    named.iter().any(|device| stem.eq_ignore_ascii_case(device)) || is_port(stem)
}

/// `COM` or `LPT`, and a digit.
fn is_port(stem: &str) -> bool {
    let Some((port, digit)) = stem.split_at_checked(3) else { return false };
    let mut rest = digit.chars();
    let is_digit = matches!((rest.next(), rest.next()), (Some('0'..='9' | '¹' | '²' | '³'), None));
    is_digit && (port.eq_ignore_ascii_case("COM") || port.eq_ignore_ascii_case("LPT"))
}

/// The last name of a path of NT's; none where it is not Unicode, or has no name.
pub(crate) fn last_of(path: &[u16]) -> Option<String> {
    let last = path.rsplit(|&unit| unit == u16::from(b'\\')).next()?;
    String::from_utf16(last).ok().filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(name: &str) -> std::result::Result<(), (Code, Code)> {
        match (Name::existing(name.as_bytes()), Name::new(name.as_bytes())) {
            (Ok(one), Ok(other)) => {
                assert_eq!(one.units(), other.units());
                assert_eq!(String::from_utf16_lossy(one.units()), name);
                Ok(())
            }
            (Err(looked_up), Err(made)) => Err((looked_up.code, made.code)),
            _ => panic!("{name} exists for one and not for the other"),
        }
    }

    /// Security case 5.
    #[test]
    fn device_names_are_refused_in_any_spelling() {
        for stem in
            ["CON", "PRN", "AUX", "NUL", "CLOCK$", "CONIN$", "CONOUT$", "COM0", "COM9", "LPT1", "COM¹", "LPT²", "lpt³"]
        {
            let (lower, mixed) = (stem.to_lowercase(), format!("{}{}", stem[..1].to_lowercase(), &stem[1..]));
            for stem in [stem, &lower, &mixed] {
                for name in ["", ".", ".txt", ".tar.gz", " ", " .txt", "   .x", ":", ":x", ":$DATA", ". .", ".txt "]
                    .map(|end| format!("{stem}{end}"))
                {
                    assert_eq!(code(&name), Err((Code::NoEntry, Code::Invalid)), "{name:?}");
                }
            }
        }
    }

    #[test]
    fn what_only_looks_like_a_device_is_a_name() {
        for name in [
            "CONSOLE",
            "xCON",
            "CON1",
            "COM",
            "COM10",
            "COM⁴",
            "COMx",
            "LPT",
            "NULL",
            "a.CON",
            " CON",
            "CON-x",
            "CONIN",
            "CLOCK",
            "_AUX",
            "ＣＯＮ",
        ] {
            assert_eq!(code(name), Ok(()), "{name:?}");
        }
    }

    #[test]
    fn what_means_something_else_to_nt_is_refused() {
        for name in [
            "a\\b", "\\", "a:b", "a:", ":x", "C:", "f::$DATA", "a\"", "a<", "a>", "a|b", "a*", "?", "a\tb", "a\nb",
            "\u{1f}", "a/b", "",
        ] {
            assert_eq!(code(name), Err((Code::NoEntry, Code::Invalid)), "{name:?}");
        }
        for name in ["a.", "a ", " ", "...", "a. ", "a .", "."] {
            assert_eq!(code(name), Err((Code::NoEntry, Code::Invalid)), "{name:?}");
        }
        for bytes in [&b"\xFF"[..], b"a\xC3(", b"\xED\xA0\x80"] {
            assert_eq!(Name::existing(bytes).map(drop).map_err(|error| error.code), Err(Code::NoEntry));
        }
    }

    #[test]
    fn other_names_are_what_they_are() {
        for name in [
            "f",
            ".hidden",
            " a",
            "a b",
            "é",
            "e\u{301}",
            "日本語",
            "🦀",
            "~",
            "PROGRA~1",
            "$HOME",
            "%41",
            "a'b",
            "#",
            "\u{7f}",
            "a.b.c",
            "-rf",
        ] {
            assert_eq!(code(name), Ok(()), "{name:?}");
        }
    }

    #[test]
    fn a_name_has_at_most_255_units() {
        assert_eq!(code(&"n".repeat(255)), Ok(()));
        assert_eq!(code(&"é".repeat(127)), Ok(()));
        assert_eq!(code(&"n".repeat(256)), Err((Code::NameTooLong, Code::NameTooLong)));
    }

    #[test]
    fn names_of_ours_are_no_guests() {
        let ours = String::from_utf16(Name::ours(0xABCD).units()).unwrap();
        assert!(is_ours(&ours));
        assert_eq!(code(&ours), Err((Code::NoEntry, Code::Invalid)));
        for name in
            [".callgate-", ".callgate-000000000000000g", ".callgate-00000000000000000", "callgate-0000000000000000"]
        {
            assert_eq!(code(name), Ok(()), "{name}");
        }
    }

    #[test]
    fn the_last_name_of_a_path_is_behind_the_last_separator() {
        let last = |path: &str| last_of(&path.encode_utf16().collect::<Vec<u16>>());
        assert_eq!(last(r"\a\Long Name.txt").as_deref(), Some("Long Name.txt"));
        assert_eq!(last("a").as_deref(), Some("a"));
        assert_eq!(last(r"\a\"), None);
        assert_eq!(last_of(&[0xD800]), None);
    }
}
