//! Text that comes from a guest, from its file or from its peers, on its way to a person.
//!
//! Such text must not end the line that it is part of, so as to begin one of its own; nor drive the terminal; nor reorder or
//! hide what stands beside it; nor be so long that it costs the host memory. [`Untrusted`] is the one way in which it is
//! shown: in traces, messages, backtraces, listings of imports and results.
//!
//! Escaped text stays escaped: text that was shown once comes out unchanged when it is shown again as part of a message.

use std::fmt::{self, Display, Formatter, Write};

/// Bytes of untrusted text that are shown unless told otherwise: as many as a path may have.
const MOST: usize = crate::path::PATH_MAX;

/// Shows `text` on one line, with nothing in it that can't be seen, and not more of it than is said. The rest of it is never
/// formatted.
///
/// ```
/// use callgate_system::Untrusted;
///
/// assert_eq!(Untrusted::new("a\n\u{1b}[31mb").to_string(), r"a\n\u{1b}[31mb");
/// assert_eq!(Untrusted::new("say \"a\"").quoted().to_string(), r#""say \"a\"""#);
/// assert_eq!(Untrusted::new("a long name").at_most(6).to_string(), "a long...");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Untrusted<T> {
    text: T,
    most: usize,
    frame: Frame,
}

/// The characters that stand around the text and must not appear in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Frame {
    None,
    Quotes,
    Angles,
}

impl<T: Display> Untrusted<T> {
    /// The text as part of a sentence.
    pub fn new(text: T) -> Self {
        Self { text, most: MOST, frame: Frame::None }
    }

    /// At most so many bytes of it, before they are escaped; followed by `...` where there is more.
    #[must_use]
    pub fn at_most(self, bytes: usize) -> Self {
        Self { most: bytes, ..self }
    }

    /// In quotation marks, which it then can't end.
    #[must_use]
    pub fn quoted(self) -> Self {
        Self { frame: Frame::Quotes, ..self }
    }

    /// In angle brackets, which it then can't end.
    #[must_use]
    pub fn bracketed(self) -> Self {
        Self { frame: Frame::Angles, ..self }
    }
}

impl<T: Display> Display for Untrusted<T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (open, close) = match self.frame {
            Frame::None => ("", ""),
            Frame::Quotes => ("\"", "\""),
            Frame::Angles => ("<", ">"),
        };
        f.write_str(open)?;
        let mut escaper = Escaper { out: f, left: self.most, frame: self.frame, cut: false };
        // It fails where there is no room left, which stops whoever formats the text.
        let whole = write!(escaper, "{}", self.text).is_ok() && !escaper.cut;
        f.write_str(close)?;
        if whole { Ok(()) } else { f.write_str("...") }
    }
}

/// Hands on what may be shown as it is, and spells the rest.
struct Escaper<'a, 'b> {
    out: &'a mut Formatter<'b>,
    /// Bytes of the text that may still come.
    left: usize,
    frame: Frame,
    cut: bool,
}

impl Write for Escaper<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let shown = &text[..text.floor_char_boundary(self.left)];
        self.cut |= shown.len() < text.len();
        self.left = if self.cut { 0 } else { self.left - shown.len() };
        let mut plain = 0;
        for (at, c) in shown.char_indices().filter(|(_, c)| self.frame.forbids(*c) || is_unseen(*c)) {
            self.out.write_str(&shown[plain..at])?;
            spell(c, self.out)?;
            plain = at + c.len_utf8();
        }
        self.out.write_str(&shown[plain..])?;
        if self.cut { Err(fmt::Error) } else { Ok(()) }
    }
}

impl Frame {
    fn forbids(self, c: char) -> bool {
        match self {
            Self::None => false,
            Self::Quotes => c == '"' || c == '\\',
            Self::Angles => c == '<' || c == '>' || c == '\\',
        }
    }
}

/// `\n`, `\"`, `\u{202e}`.
fn spell(c: char, out: &mut Formatter<'_>) -> fmt::Result {
    if matches!(c, '<' | '>') { c.escape_unicode().fmt(out) } else { c.escape_default().fmt(out) }
}

/// True if a terminal acts upon it, or nobody sees that it is there: control characters, line ends, spaces that are not the
/// plain one, and what Unicode lists as ignorable (`Default_Ignorable_Code_Point`) or as changing the direction.
fn is_unseen(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_control();
    }
    c.is_control()
        || c.is_whitespace()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_seen_is_shown_as_it_is() {
        for text in ["", "a b", "it's <a> \"b\" \\ c", "bücher", "日本語", "e\u{301}", "हिन्दी", "🦀", "\u{e000}", "~"]
        {
            assert_eq!(Untrusted::new(text).to_string(), text);
        }
    }

    #[test]
    fn nothing_unseen_gets_through() {
        let ranges = [
            (0, 0x1f),
            (0x7f, 0xa0),
            (0x200b, 0x200f),
            (0x2028, 0x202e),
            (0x2060, 0x206f),
            (0xfe00, 0xfe0f),
            (0xfeff, 0xfeff),
            (0xe0000, 0xe007f),
        ];
        for c in ranges.into_iter().flat_map(|(first, last)| first..=last).filter_map(char::from_u32) {
            let text = format!("a{c}b");
            for shown in [Untrusted::new(&text), Untrusted::new(&text).quoted(), Untrusted::new(&text).bracketed()] {
                let shown = shown.to_string();
                assert!(shown.contains("a\\") && shown.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{shown:?}");
            }
        }
    }

    #[test]
    fn a_frame_is_ended_by_nothing_inside() {
        assert_eq!(Untrusted::new("a\", \"b\\").quoted().to_string(), r#""a\", \"b\\""#);
        assert_eq!(Untrusted::new("a>, 4<b\\").bracketed().to_string(), r"<a\u{3e}, 4\u{3c}b\\>");
    }

    #[test]
    fn what_was_shown_once_is_shown_the_same_again() {
        let once = Untrusted::new("a\n\\n\u{202e}\"").to_string();
        assert_eq!(once, "a\\n\\n\\u{202e}\"");
        assert_eq!(Untrusted::new(&once).to_string(), once);
    }

    #[test]
    fn what_is_too_long_is_cut_at_a_character_and_says_so() {
        assert_eq!(Untrusted::new("abc").at_most(3).to_string(), "abc");
        assert_eq!(Untrusted::new("abcd").at_most(3).quoted().to_string(), "\"abc\"...");
        assert_eq!(Untrusted::new("aüü").at_most(4).to_string(), "aü...");
        assert_eq!(Untrusted::new("üa").at_most(1).bracketed().to_string(), "<>...");
        assert_eq!(Untrusted::new("a".repeat(5000)).to_string(), "a".repeat(4096) + "...");
    }

    /// Whoever formats what is too long is told to stop.
    #[test]
    fn what_is_left_out_is_never_formatted() {
        struct Endless;
        impl Display for Endless {
            fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
                loop {
                    f.write_str("again and ")?;
                }
            }
        }
        assert_eq!(Untrusted::new(Endless).at_most(13).to_string(), "again and aga...");
    }

    /// A text that goes on writing when it is told to stop is cut all the same, and where it was cut the first time.
    #[test]
    fn what_does_not_stop_is_cut() {
        struct Deaf;
        impl Display for Deaf {
            fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
                for _ in 0..10 {
                    f.write_str("日本").ok();
                }
                Ok(())
            }
        }
        assert_eq!(Untrusted::new(Deaf).at_most(10).to_string(), "日本日...");
    }
}
