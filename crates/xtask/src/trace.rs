//! Reads a trace that `callgate run --trace=FILE` wrote, one call a line:
//!
//! ```text
//! 12:34:56.123456 descriptor.open-at(3</src>, "missing.txt", read) = no-entry (ENOENT) <0.000012>
//! +++ exited with code 0 +++
//! ```
//!
//! Only what the demonstration shows is read: names, whether a native error came along, and whether the trace is whole.

use std::collections::BTreeMap;

/// One call.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Line<'a> {
    /// `descriptor.open-at`.
    pub(crate) name: &'a str,
    /// `ENOENT`, when the system refused.
    pub(crate) native_error: Option<&'a str>,
    pub(crate) text: &'a str,
}

/// True if a trace says how the run ended. If not, it is cut: its end was lost with the process.
pub(crate) fn is_whole(trace: &str) -> bool {
    let end = trace.strip_suffix(" +++\n").map(|rest| rest.rsplit_once('\n').map_or(rest, |(_, end)| end));
    end.is_some_and(|end| end.starts_with("+++ "))
}

/// The calls of a trace; lines of another form are passed over.
pub(crate) fn lines(trace: &str) -> Vec<Line<'_>> {
    trace.lines().filter_map(line).collect()
}

fn line(text: &str) -> Option<Line<'_>> {
    let (_time, call) = text.trim_start().split_once(' ')?;
    let (name, _) = call.split_once('(')?;
    let is_name = |c: char| c.is_ascii_alphanumeric() || "-._:/".contains(c);
    (!name.is_empty() && name.chars().all(is_name)).then(|| Line { name, native_error: native_error(text), text })
}

/// The word in brackets before the duration. Paths, which may hold anything, come before the last ` = `.
fn native_error(text: &str) -> Option<&str> {
    let (_, result) = text.rsplit_once(" = ")?;
    let (_, bracket) = result.split_once(" (")?;
    let (word, _) = bracket.split_once(')')?;
    let is_symbol = word.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
    (word.len() > 1 && is_symbol && word.starts_with(|c: char| c.is_ascii_uppercase())).then_some(word)
}

/// The number of times that each call was made, most frequent first.
pub(crate) fn count<'a>(lines: &[Line<'a>]) -> Vec<(&'a str, usize)> {
    let mut counts = BTreeMap::new();
    for line in lines {
        *counts.entry(line.name).or_insert(0) += 1;
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "12:34:56.123456 descriptor.open-at(3</src>, \"a (b) = c\", read) = no-entry (ENOENT) <0.000012>\n\
                         12:34:56.123460 descriptor.stat(4</src/x>) = file 12 B <0.000002>\n\
                         12:34:56.123470 descriptor.stat(4</src/x>) = file 12 B (cached) <0.000002>\n\
                         not a call\n\n";

    #[test]
    fn names_and_errors() {
        let lines = lines(TRACE);
        assert_eq!(lines.len(), 3);
        assert_eq!((lines[0].name, lines[0].native_error), ("descriptor.open-at", Some("ENOENT")));
        assert_eq!((lines[1].name, lines[1].native_error), ("descriptor.stat", None));
        assert_eq!(lines[2].native_error, None);
    }

    #[test]
    fn a_trace_without_an_end_is_cut() {
        assert!(is_whole(&format!("{TRACE}+++ exited with code 0 +++\n")));
        assert!(is_whole("+++ timed out +++\n"));
        for cut in ["", TRACE, "+++ timed", "+++ timed out +++", "+++ timed out +++\n12:34:56.1", " +++\n", "a +++\n"] {
            assert!(!is_whole(cut), "{cut:?}");
        }
    }

    #[test]
    fn counts_are_sorted() {
        assert_eq!(count(&lines(TRACE)), [("descriptor.stat", 2), ("descriptor.open-at", 1)]);
        assert_eq!(count(&[]), []);
    }
}
