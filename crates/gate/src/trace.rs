//! The trace: one line a call, as strace writes it.
//!
//! `12:34:56.123456 descriptor.open-at(3</src>, "missing.txt", read) = no-entry (ENOENT) <0.000012>`: the wall time (UTC) at
//! which the call began, the function, its arguments, the result, and how long it took in seconds. A line goes out as
//! one write, so that lines of several guests don't mix.
//!
//! A trace has no gaps: where a line can't be written, nothing comes after it, and the run ends. A whole one ends with a line that
//! says how the run did, `+++ exited with code 0 +++`; one without is cut.
//!
//! Hazard: what is shown is chosen by the guest, lengths included. Each text goes through [`Untrusted`], so that a line is bounded
//! however long a path is.

use std::fmt::{self, Write as _};
use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use callgate_system::{NewTimestamp, System, Timestamp, Untrusted};

use crate::value::kind_word;
use crate::{Event, Flags, Observer, Value};

/// Bytes of a buffer that are shown.
const SHOWN: usize = 32;

/// An observer that writes a line a call.
pub struct Trace {
    system: Arc<dyn System>,
    page: Mutex<Page>,
}

/// The sink of the lines, and whether it still takes them.
struct Page {
    out: Box<dyn Write + Send>,
    state: State,
}

enum State {
    Open,
    /// The last line is written.
    Whole,
    /// A line is missing, for this reason.
    Cut(io::ErrorKind),
}

impl Trace {
    /// A trace that is written to `out`, each line by one `write`; give it a buffer where that matters.
    #[must_use]
    pub fn new(system: Arc<dyn System>, out: Box<dyn Write + Send>) -> Self {
        Self { system, page: Mutex::new(Page { out, state: State::Open }) }
    }

    fn page(&self) -> MutexGuard<'_, Page> {
        self.page.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The wall time at which `event`, which has just ended, began.
    fn wall_time(&self, event: &Event<'_>) -> Timestamp {
        let wall = self.system.observer_clock().wall();
        let nanoseconds =
            i128::from(wall.seconds) * 1_000_000_000 + i128::from(wall.nanoseconds) - i128::from(event.duration());
        Timestamp {
            seconds: i64::try_from(nanoseconds.div_euclid(1_000_000_000)).unwrap_or(i64::MAX),
            nanoseconds: u32::try_from(nanoseconds.rem_euclid(1_000_000_000)).unwrap_or(0),
        }
    }

    fn line(&self, event: &Event<'_>) -> Result<String, fmt::Error> {
        let mut line = String::with_capacity(160);
        let at = self.wall_time(event);
        let of_day = at.seconds.rem_euclid(86_400);
        write!(line, "{:02}:{:02}:{:02}.{:06} ", of_day / 3600, of_day / 60 % 60, of_day % 60, at.nanoseconds / 1000)?;
        line.push_str(event.call.function());
        line.push('(');
        let mut separator = "";
        for (name, value) in event.call.arguments() {
            line.push_str(separator);
            separator = ", ";
            show_argument(name, value, &mut line)?;
        }
        line.push_str(") = ");
        match &event.outcome.result {
            Ok(value) => show(*value, &mut line)?,
            Err(error) => write!(line, "{error}")?,
        }
        if let Some(missing) = event.outcome.refusal.as_ref().and_then(|refusal| refusal.missing.as_ref()) {
            write!(line, " ({missing})")?;
        }
        let took = event.duration();
        writeln!(line, " <{}.{:06}>", took / 1_000_000_000, took % 1_000_000_000 / 1000)?;
        Ok(line)
    }
}

impl Page {
    /// Writes, once and never again after a failure: more lines behind the missing one would hide the gap.
    fn write(&mut self, text: &str, flush: bool) -> io::Result<()> {
        if let State::Cut(kind) = self.state {
            return Err(kind.into());
        }
        let mut written = self.out.write_all(text.as_bytes());
        if flush {
            written = written.and_then(|()| self.out.flush());
        }
        written.inspect_err(|error| self.state = State::Cut(error.kind()))
    }
}

impl Observer for Trace {
    fn observe(&self, event: &Event<'_>) -> io::Result<()> {
        let line = self.line(event).map_err(io::Error::other)?;
        let mut page = self.page();
        match page.state {
            State::Whole => Err(io::Error::other("the run was said to be over")),
            State::Open | State::Cut(_) => page.write(&line, false),
        }
    }

    fn finish(&self, how: &dyn fmt::Display) -> io::Result<()> {
        let mut page = self.page();
        if let State::Whole = page.state {
            return Ok(());
        }
        page.write(&format!("+++ {} +++\n", Untrusted::new(how)), true)?;
        page.state = State::Whole;
        Ok(())
    }
}

/// Appends an argument: `size=100`, or without a name where the value says enough: `"Cargo.toml"`, `3</src>`, `read|write`.
fn show_argument(name: &str, value: Value<'_>, line: &mut String) -> fmt::Result {
    match value {
        Value::Unsigned(_)
        | Value::Signed(_)
        | Value::Flag(_)
        | Value::Duration(_)
        | Value::Instant(_)
        | Value::NewTime(_)
        | Value::Address(_)
        | Value::Absent => {
            line.push_str(name);
            line.push('=');
        }
        _ => {}
    }
    show(value, line)
}

fn show(value: Value<'_>, line: &mut String) -> fmt::Result {
    match value {
        Value::Done => line.write_str("ok"),
        Value::Closed => line.write_str("closed"),
        Value::Absent => line.write_str("none"),
        Value::Unsigned(number) | Value::Duration(number) | Value::Instant(number) => write!(line, "{number}"),
        Value::Signed(number) => write!(line, "{number}"),
        Value::Flag(flag) => write!(line, "{flag}"),
        Value::Bytes(bytes) => show_bytes(bytes, line),
        Value::Text(text) | Value::Path(text) => write!(line, "{}", Untrusted::new(text).quoted()),
        Value::Handle(handle) => write!(line, "{}{}", handle.id, Untrusted::new(handle.name).bracketed()),
        Value::Word(word) => line.write_str(word),
        Value::Flags(flags) => show_flags(flags, line),
        Value::Time(time) | Value::NewTime(NewTimestamp::At(time)) => show_time(time, line),
        Value::NewTime(NewTimestamp::NoChange) => line.write_str("no-change"),
        Value::NewTime(NewTimestamp::Now) => line.write_str("now"),
        Value::Address(address) => write!(line, "{address}"),
        Value::Count(count) | Value::Datagrams { count, .. } => write!(line, "[{count}]"),
        Value::Entry(kind, name) => write!(line, "{} {}", Untrusted::new(name).quoted(), kind_word(kind)),
        Value::Stat(stat) => write!(line, "{{{}, size={}, links={}}}", kind_word(stat.kind), stat.size, stat.links),
        Value::Identity(identity) => write!(line, "{:x}:{:x}", identity.device, identity.file),
    }
}

/// `"the first bytes"..., 4096`
fn show_bytes(bytes: &[u8], line: &mut String) -> fmt::Result {
    write!(line, "\"{}\"", bytes[..bytes.len().min(SHOWN)].escape_ascii())?;
    if bytes.len() > SHOWN {
        line.write_str("...")?;
    }
    write!(line, ", {}", bytes.len())
}

/// `read|write|create`
fn show_flags(flags: Flags, line: &mut String) -> fmt::Result {
    let mut separator = "";
    for word in flags.words() {
        write!(line, "{separator}{word}")?;
        separator = "|";
    }
    Ok(())
}

fn show_time(time: Timestamp, line: &mut String) -> fmt::Result {
    write!(line, "{}.{:09}", time.seconds, time.nanoseconds)
}
