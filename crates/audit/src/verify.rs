//! Looking for what was done to an audit file.

use std::io::{self, BufRead, Read};

use blake3::Hash;

use crate::chain::{Head, Key, LONGEST, Link, digest};

/// Findings that are told.
const TOLD: usize = 20;

/// What there is to say of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Its lines.
    pub lines: u64,
    /// The runs that begin in it.
    pub runs: u64,
    /// The hash of its last line, in hexadecimal.
    pub head: String,
    /// The line with the head that was given, if there is one. The chain up to there is as it was when that head was told.
    pub covered: Option<u64>,
    /// What is wrong, a line of text each; the first ones of many. Empty where nothing is.
    pub findings: Vec<String>,
    /// All that is wrong.
    pub found: u64,
}

/// The last line that was looked at, and what is to come.
struct Verifier<'a> {
    key: Option<&'a Key>,
    wanted: Option<Hash>,
    report: Report,
    /// The end of the chain so far.
    head: Head,
    /// False after a line of which nothing is known: then the next one can't be held against it.
    is_head_known: bool,
    is_run_open: bool,
}

/// Looks at every line of a file. `head` is a hash that was told at the end of a run.
///
/// # Errors
/// If it can't be read.
pub fn verify(mut file: impl BufRead, key: Option<&Key>, head: Option<&str>) -> io::Result<Report> {
    let wanted = head.and_then(|head| digest(head.as_bytes()));
    let report = Report { lines: 0, runs: 0, head: String::new(), covered: None, findings: Vec::new(), found: 0 };
    let mut verifier = Verifier { key, wanted, report, head: Head::START, is_head_known: true, is_run_open: false };
    let mut line = Vec::new();
    loop {
        line.clear();
        (&mut file).take(LONGEST as u64 + 1).read_until(b'\n', &mut line)?;
        if line.is_empty() {
            break;
        }
        verifier.report.lines += 1;
        match line.strip_suffix(b"\n") {
            Some(line) => verifier.look_at(line),
            None => verifier.find("is cut in its middle, or too long"),
        }
    }
    Ok(verifier.end(head.is_some()))
}

impl Verifier<'_> {
    fn find(&mut self, what: &str) {
        let line = self.report.lines;
        self.say(format!("line {line} {what}"));
        self.is_head_known = false;
    }

    fn say(&mut self, text: String) {
        self.report.found += 1;
        if self.report.findings.len() < TOLD {
            self.report.findings.push(text);
        }
    }

    fn look_at(&mut self, line: &[u8]) {
        let Some(link) = Link::read(line) else {
            self.find("was changed: it is no line of an audit");
            // It stands for the line that is missing.
            self.head.lines += 1;
            return;
        };
        let is_sealed = link.is_sealed(self.key);
        if !is_sealed {
            let hint = if self.report.lines == 1 { ", or the file has another key, or none" } else { "" };
            self.find(&format!("was changed{hint}"));
        }
        let expected = self.head.lines + 1;
        if link.number < expected && is_sealed {
            self.say(format!(
                "line {} was moved or inserted: it has number {}, and {expected} is expected",
                self.report.lines, link.number
            ));
            return;
        }
        if link.number > expected {
            let missing = if link.number == expected + 1 {
                format!("the line with number {expected} was removed")
            } else {
                format!("the lines with numbers {expected} to {} were removed", link.number - 1)
            };
            self.say(format!("before line {}: {missing} or moved", self.report.lines));
        } else if is_sealed && self.is_head_known && !self.head.is(link.previous) {
            self.say(format!("line {} does not continue the line before: one of them was replaced", self.report.lines));
        }
        self.pass(&link);
    }

    fn pass(&mut self, link: &Link<'_>) {
        self.head = Head::of(link);
        self.is_head_known = true;
        if self.report.found == 0 && self.wanted.is_some_and(|wanted| self.head.is(wanted)) {
            self.report.covered = Some(self.report.lines);
        }
        match link.kind {
            b"begin" => {
                self.report.runs += 1;
                self.is_run_open = true;
            }
            b"end" => self.is_run_open = false,
            _ => {}
        }
    }

    fn end(mut self, has_head: bool) -> Report {
        if self.report.lines == 0 {
            self.say("there are no lines".to_owned());
        }
        if self.is_run_open {
            self.say(
                "the last run has no end: lines were cut from the end, or it was killed, or it goes on".to_owned(),
            );
        }
        if has_head && self.report.covered.is_none() && self.report.found == 0 {
            self.say(
                "no line has the head that was given: lines were cut from the end, or all were written anew".to_owned(),
            );
        }
        self.report.head = self.head.hash();
        self.report
    }
}
