//! One line a call, as strace writes it.
//!
//! `12:34:56.123456 descriptor.open-at(3</src>, "missing.txt", read) = no-entry (ENOENT) <0.000012>`: the wall time (UTC) at
//! which the call began, the function, its arguments, the result, and how long it took in seconds. A whole trace ends with a line that
//! says how the run did, `+++ exited with code 0 +++`; one without it is cut.

use std::fmt::{self, Write as _};

use callgate_gate::{Event, Flags, Value, kind_word};
use callgate_system::{Nanoseconds, NewTimestamp, Timestamp, Untrusted};

use super::{Format, Run};

/// Bytes of a buffer that are shown.
const SHOWN: usize = 32;

/// The format.
#[derive(Default)]
pub struct Text {
    /// The wall time at which the recording began, in nanoseconds since that midnight (UTC).
    started: u64,
}

const NANOSECONDS_OF_DAY: u64 = 86_400 * 1_000_000_000;

impl Format for Text {
    fn begin(&mut self, run: &Run, _: &mut Vec<u8>) {
        let seconds = u64::try_from(run.started.seconds.rem_euclid(86_400)).unwrap_or(0);
        self.started = seconds * 1_000_000_000 + u64::from(run.started.nanoseconds);
    }

    fn event(&mut self, event: &Event<'_>, at: Nanoseconds, out: &mut Vec<u8>) {
        // Writing to a string can't fail.
        if let Ok(line) = self.line(event, at) {
            out.extend_from_slice(line.as_bytes());
        }
    }

    fn end(&mut self, how: &str, out: &mut Vec<u8>) {
        out.extend_from_slice(format!("+++ {} +++\n", Untrusted::new(how)).as_bytes());
    }
}

impl Text {
    fn line(&self, event: &Event<'_>, at: Nanoseconds) -> Result<String, fmt::Error> {
        let mut line = String::with_capacity(160);
        let of_day = self.started.wrapping_add(at) % NANOSECONDS_OF_DAY / 1000;
        let seconds = of_day / 1_000_000;
        write!(line, "{:02}:{:02}:{:02}.{:06} ", seconds / 3600, seconds / 60 % 60, seconds % 60, of_day % 1_000_000)?;
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
