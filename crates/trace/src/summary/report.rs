//! What a summary comes to.

use std::io;

use callgate_system::Nanoseconds;
use serde_derive::Serialize;
use serde_json::ser::{Formatter, Serializer};

use super::calls::{Counts, Errors};
use super::places::Places;
use super::{Summary, text};

/// The version of the JSON form.
const VERSION: u32 = 1;

/// Files, and peers, that are told.
const SLOWEST: usize = 10;

/// Calls that do nothing but wait.
const WAITING: [&str; 2] = ["poll", "pollable.block"];

/// The facts about a run that its calls don't tell.
#[derive(Clone, Debug)]
pub struct Run {
    /// The program's file, as the user wrote it.
    pub program: String,
    /// The name of the system: `linux`.
    pub backend: String,
    /// How the run ended: `exited with code 0`; none where that is unknown.
    pub end: Option<String>,
    /// Nanoseconds from the start of the recording to the end of the run.
    pub lasted: Nanoseconds,
    /// The number of calls, where that is known from elsewhere.
    pub calls: Option<u64>,
}

/// A summary, ready to be shown. Its members are those of the JSON form.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Report {
    summary: &'static str,
    version: u32,
    /// The program's file, as the user wrote it.
    pub program: String,
    /// The name of the system: `linux`.
    pub backend: String,
    /// How the run ended; none where that is unknown, as the trace is cut.
    pub end: Option<String>,
    /// The number of calls.
    pub calls: u64,
    /// Those that failed, refused ones included.
    pub errors: u64,
    /// Those that were refused.
    pub refused: u64,
    /// Bytes of contents that they moved.
    pub bytes: u64,
    /// Calls that are missing from the trace, as they could not be written.
    pub lost: u64,
    /// Calls that a filter left out of the trace.
    pub filtered: u64,
    /// Where the time went.
    pub time: Time,
    /// What the system counted for the process during the run; none where that is unknown.
    pub process: Option<Process>,
    /// Each function, by the time that it took, most first.
    pub by_call: Vec<CallRow>,
    /// The files and standard streams that took the most time, slowest first.
    pub paths: Vec<PlaceRow>,
    /// The peers that took the most time, slowest first.
    pub peers: Vec<PlaceRow>,
}

/// Where the time of a run went, in nanoseconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Time {
    /// From the start of the recording to the end of the run.
    pub run: Nanoseconds,
    /// In calls: from the gate on, through the backend and the operating system, and back to the gate.
    pub calls: Nanoseconds,
    /// The part of it in calls that do nothing but wait.
    pub waiting: Nanoseconds,
    /// The rest of the run: the guest's own code, its start, the boundary between guest and host, and whoever watches the run.
    pub rest: Nanoseconds,
    /// From the end of a call to the begin of the next; none where no two calls came after each other.
    pub between: Option<Between>,
}

/// The times between a call and the next, in nanoseconds. Each is one crossing of the boundary, the guest's code there, and the work of
/// whoever watches; so the shortest is the most that a crossing can cost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Between {
    /// The shortest.
    pub least: Nanoseconds,
    /// The median.
    pub p50: Nanoseconds,
}

/// What the system counted for the whole process, `callgate` itself included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Process {
    /// Nanoseconds that it ran in its own code: guest, boundary and host.
    pub user: Nanoseconds,
    /// Nanoseconds that it ran in the kernel.
    pub system: Nanoseconds,
    /// Context switches because it waited; none where the system doesn't tell.
    pub switches_voluntary: Option<u64>,
    /// Context switches because its time was over, or something else was more urgent.
    pub switches_involuntary: Option<u64>,
    /// Page faults.
    pub page_faults: u64,
    /// Those for which something had to be read; none where the system doesn't tell.
    pub page_faults_from_disk: Option<u64>,
}

/// The calls of one function. Times are in nanoseconds; p50 and p99 are at most 1/32 beside the truth.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CallRow {
    /// The interface.
    pub interface: String,
    /// The function.
    pub call: String,
    /// The number of calls.
    pub count: u64,
    /// Those that failed.
    pub errors: u64,
    /// The time that they took together.
    pub total: Nanoseconds,
    /// The mean.
    pub average: Nanoseconds,
    /// The time that half of them didn't exceed.
    pub p50: Nanoseconds,
    /// The time that 99 of 100 didn't exceed.
    pub p99: Nanoseconds,
    /// The longest.
    pub max: Nanoseconds,
    /// Bytes of contents that they moved.
    pub bytes: u64,
    /// The part of the run that they took, 0 ..= 1.
    pub share: f64,
    /// Their errors, most frequent first.
    pub by_error: Vec<ErrorRow>,
}

/// An error of a function.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ErrorRow {
    /// The portable code.
    pub code: String,
    /// The operating system's own code, where one is behind it.
    pub native: Option<Native>,
    /// True if the calls were refused.
    pub refused: bool,
    /// The number of calls.
    pub count: u64,
}

/// An error code of an operating system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Native {
    /// The numbering.
    pub family: String,
    /// The number.
    pub code: u64,
    /// Its name; empty where it is unknown.
    pub name: String,
}

/// The calls on a file, or with a peer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PlaceRow {
    /// The path, as the guest sees it, or the peer.
    pub name: String,
    /// The number of calls.
    pub calls: u64,
    /// Those that failed.
    pub errors: u64,
    /// Bytes of contents that they moved.
    pub bytes: u64,
    /// Nanoseconds that they took.
    pub time: Nanoseconds,
    /// True if there were more places than are kept, so that calls of this one may be missing.
    pub at_least: bool,
}

impl Report {
    /// As a table for people: lines of text without anything that a terminal would act upon.
    #[must_use]
    pub fn text(&self) -> String {
        text::show(self)
    }

    /// As one line of JSON, in printable ASCII.
    #[must_use]
    pub fn json(&self) -> String {
        let mut line = Vec::new();
        // Neither the numbers nor the text in it can fail, nor can memory.
        let written = serde::Serialize::serialize(self, &mut Serializer::with_formatter(&mut line, Ascii));
        drop(written);
        line.push(b'\n');
        String::from_utf8(line).unwrap_or_default()
    }
}

/// JSON in which everything beyond printable ASCII is escaped: a terminal acts upon none of it.
struct Ascii;

impl Formatter for Ascii {
    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        let mut plain = 0;
        for (at, c) in fragment.char_indices().filter(|(_, c)| !matches!(c, ' '..='~')) {
            out.write_all(&fragment.as_bytes()[plain..at])?;
            plain = at + c.len_utf8();
            c.encode_utf16(&mut [0; 2]).iter().try_for_each(|unit| write!(out, "\\u{unit:04x}"))?;
        }
        out.write_all(&fragment.as_bytes()[plain..])
    }
}

impl Summary {
    /// What it comes to by now.
    #[must_use]
    pub fn report(&self, run: &Run) -> Report {
        let mut by_call: Vec<_> = self.calls.iter().map(|counts| row(counts, run.lasted)).collect();
        by_call.sort_by(|one, other| other.total.cmp(&one.total).then_with(|| one.call.cmp(&other.call)));
        let sum = |what: fn(&CallRow) -> u64| by_call.iter().map(what).fold(0, u64::saturating_add);
        let calls = sum(|row| row.total);
        let waiting = sum(|row| if WAITING.contains(&row.call.as_str()) { row.total } else { 0 });
        let refused = by_call.iter().flat_map(|row| &row.by_error).filter(|errors| errors.refused);
        let between = self.gaps.least().map(|least| Between { least, p50: self.gaps.quantile(500) });
        let count = sum(|row| row.count);
        let seen = count.saturating_add(self.lost);
        Report {
            summary: "callgate",
            version: VERSION,
            program: run.program.clone(),
            backend: run.backend.clone(),
            end: run.end.clone(),
            calls: count,
            errors: sum(|row| row.errors),
            refused: refused.map(|errors| errors.count).sum(),
            bytes: sum(|row| row.bytes),
            lost: self.lost,
            filtered: run.calls.map_or(0, |calls| calls.saturating_sub(seen)),
            time: Time { run: run.lasted, calls, waiting, rest: run.lasted.saturating_sub(calls), between },
            process: None,
            by_call,
            paths: places(&self.paths),
            peers: places(&self.peers),
        }
    }
}

fn row(counts: &Counts, lasted: Nanoseconds) -> CallRow {
    let mut by_error: Vec<_> = counts.errors.iter().map(error_row).collect();
    by_error.sort_by(|one, other| other.count.cmp(&one.count).then_with(|| one.code.cmp(&other.code)));
    CallRow {
        interface: counts.interface.to_string(),
        call: counts.name.to_string(),
        count: counts.count,
        errors: by_error.iter().map(|errors| errors.count).sum(),
        total: counts.total,
        average: counts.total / counts.count.max(1),
        p50: counts.times.quantile(500),
        p99: counts.times.quantile(990),
        max: counts.times.most(),
        bytes: counts.bytes,
        share: if lasted == 0 { 0.0 } else { counts.total as f64 / lasted as f64 },
        by_error,
    }
}

fn error_row(errors: &Errors) -> ErrorRow {
    let native = errors.native.as_ref().map(|(family, code, name)| Native {
        family: family.to_string(),
        code: *code,
        name: name.to_string(),
    });
    ErrorRow { code: errors.code.to_string(), native, refused: errors.refused, count: errors.count }
}

fn places(places: &Places) -> Vec<PlaceRow> {
    let row = |(name, usage): (&str, super::places::Usage)| PlaceRow {
        name: name.to_owned(),
        calls: usage.calls,
        errors: usage.errors,
        bytes: usage.bytes,
        time: usage.time,
        at_least: usage.at_least,
    };
    places.slowest(SLOWEST).into_iter().map(row).collect()
}
