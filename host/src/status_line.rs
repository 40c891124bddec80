//! The line of `--progress` on a terminal, below everything else that stands there.
//!
//! Whoever writes to the terminal takes the line away first, and it comes back later: callgate's own messages ([`without`]), and the guest's
//! writes ([`guest_writes`]). It isn't drawn over a line that the guest has begun and not ended, such as a question.
//!
//! Hazard: a terminal may be stopped (Ctrl+S), and then whoever draws waits with the lock held. So last words take the line away on a thread
//! that nobody waits for.

use std::io::{self, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Columns where the terminal doesn't tell.
const WIDTH: usize = 80;

static LINE: Mutex<Line> = Mutex::new(Line { drawn: 0, is_open: false, is_free: true });

struct Line {
    /// Columns that it takes now.
    drawn: usize,
    is_open: bool,
    /// False while the guest writes, and where it has begun a line of its own.
    is_free: bool,
}

/// From now on there may be a line.
pub(crate) fn open() {
    line().is_open = true;
}

/// Takes the line away for good.
pub(crate) fn close() {
    let mut line = line();
    line.erase();
    line.is_open = false;
}

/// Shows `text`, cut to the width of the terminal, if its place is free.
pub(crate) fn draw(text: &str) {
    let mut line = line();
    if line.is_open && line.is_free {
        let width = terminal_size::terminal_size_of(io::stderr()).map_or(WIDTH, |(width, _)| width.0.into());
        line.show(fitting(text, width.saturating_sub(1)));
    }
}

/// Does `act`, which writes to the terminal, without the line.
pub(crate) fn without<T>(act: impl FnOnce() -> T) -> T {
    let mut line = line();
    line.erase();
    act()
}

/// The guest is about to write to the terminal.
pub(crate) fn guest_writes() {
    let mut line = line();
    line.erase();
    line.is_free = false;
}

/// It has written; `is_free` says whether the cursor stands at the begin of a line.
pub(crate) fn guest_wrote(is_free: bool) {
    line().is_free = is_free;
}

fn line() -> MutexGuard<'static, Line> {
    LINE.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Line {
    /// Only with characters that every terminal knows: a carriage return and spaces.
    fn show(&mut self, (text, columns): (&str, usize)) {
        let rest = self.drawn.saturating_sub(columns);
        // The cursor stays at the end of the text. No panic where standard error is closed: there is nobody to tell then.
        let back = "\u{8}".repeat(rest);
        drop(io::stderr().write_all(format!("\r{text}{}{back}", " ".repeat(rest)).as_bytes()));
        self.drawn = columns;
    }

    fn erase(&mut self) {
        if self.drawn > 0 {
            drop(io::stderr().write_all(format!("\r{}\r", " ".repeat(self.drawn)).as_bytes()));
            self.drawn = 0;
        }
    }
}

/// The begin of `text` that takes at most so many columns, and how many it takes. A character beyond ASCII counts as two columns, which is the most that
/// one takes.
fn fitting(text: &str, width: usize) -> (&str, usize) {
    let mut columns = 0;
    for (at, character) in text.char_indices() {
        let next = columns + if character.is_ascii() { 1 } else { 2 };
        if next > width {
            return (&text[..at], columns);
        }
        columns = next;
    }
    (text, columns)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_never_wider_than_the_terminal() {
        assert_eq!(fitting("computing", 9), ("computing", 9));
        assert_eq!(fitting("computing", 8), ("computin", 8));
        assert_eq!(fitting("a☃☃", 4), ("a☃", 3));
        assert_eq!(fitting("☃", 1), ("", 0));
        assert_eq!(fitting("", 0), ("", 0));
    }
}
