//! One line a call, as strace writes it.
//!
//! `12:34:56.123456 descriptor.open-at(3</src>, "missing.txt", read) = no-entry (ENOENT) <0.000012>`: the wall time (UTC) at
//! which the call began, the function, its arguments, the result, and how long it took in seconds. A whole trace ends with a line that
//! says how the run did, `+++ exited with code 0 +++`; one without it is cut.

use callgate_gate::{Event, Flags, Handle, Value, kind_word};
use callgate_system::{Error, Nanoseconds, NewTimestamp, Stat, Timestamp, Untrusted};

use super::append::{self, Frame};
use super::{End, Format, MOST_STRINGS, Run, STRINGS};

/// The format.
pub struct Text {
    /// Bytes of contents that are shown.
    strings: usize,
    /// The wall time at which the recording began, in nanoseconds since that midnight (UTC).
    started: u64,
    /// The second that the last event began in, since that midnight, and the words for it: `12:34:56.`.
    second: (u64, Vec<u8>),
}

const SECONDS_OF_DAY: u64 = 86_400;

impl Text {
    /// Lines that show this number of bytes of contents, at most [`MOST_STRINGS`].
    #[must_use]
    pub fn new(strings: usize) -> Self {
        Self { strings: strings.min(MOST_STRINGS), started: 0, second: (u64::MAX, Vec::new()) }
    }
}

impl Default for Text {
    fn default() -> Self {
        Self::new(STRINGS)
    }
}

impl Format for Text {
    fn begin(&mut self, run: &Run, out: &mut Vec<u8>) {
        let seconds = u64::try_from(run.started.seconds.rem_euclid(86_400)).unwrap_or(0);
        self.started = seconds * 1_000_000_000 + u64::from(run.started.nanoseconds);
        if !run.filter.is_empty() {
            append::shown(format_args!("+++ filtered: {} +++\n", Untrusted::new(run.filter.join(" "))), out);
        }
    }

    fn event(&mut self, event: &Event<'_>, at: Nanoseconds, out: &mut Vec<u8>) {
        self.time_of_day(self.started.wrapping_add(at), out);
        out.extend_from_slice(event.call.function().as_bytes());
        out.push(b'(');
        let first = out.len();
        event.call.visit_arguments(&mut |name, value| {
            if out.len() > first {
                out.extend_from_slice(b", ");
            }
            self.argument(name, value, out);
        });
        out.extend_from_slice(b") = ");
        match &event.outcome.result {
            Ok(value) => self.value(*value, out),
            Err(error) => show_error(error, out),
        }
        if let Some(missing) = event.outcome.refusal.as_ref().and_then(|refusal| refusal.missing.as_ref()) {
            append::shown(format_args!(" ({missing})"), out);
        }
        let took = event.duration();
        out.extend_from_slice(b" <");
        append::number(took / 1_000_000_000, out);
        out.push(b'.');
        append::digits::<3>((took % 1_000_000_000) as u32 / 1000, out);
        out.extend_from_slice(b">\n");
    }

    fn lost(&mut self, calls: u64, out: &mut Vec<u8>) {
        append::shown(format_args!("+++ lost {calls} calls +++\n"), out);
    }

    fn end(&mut self, end: &End<'_>, out: &mut Vec<u8>) {
        append::shown(format_args!("+++ {} +++\n", Untrusted::new(end.how)), out);
    }
}

impl Text {
    /// `12:34:56.123456 `, of nanoseconds since some midnight.
    fn time_of_day(&mut self, nanoseconds: u64, out: &mut Vec<u8>) {
        let (second, part) = (nanoseconds / 1_000_000_000, (nanoseconds % 1_000_000_000) as u32);
        if self.second.0 != second {
            let of_day = (second % SECONDS_OF_DAY) as u32;
            let words = &mut self.second.1;
            words.clear();
            for part in [of_day / 3600, of_day / 60 % 60, of_day % 60] {
                append::digits::<1>(part, words);
                words.push(b':');
            }
            words.pop();
            words.push(b'.');
            self.second.0 = second;
        }
        out.extend_from_slice(&self.second.1);
        append::digits::<3>(part / 1000, out);
        out.push(b' ');
    }

    /// Appends an argument: `size=100`, or without a name where the value says enough: `"Cargo.toml"`, `3</src>`, `read|write`.
    fn argument(&self, name: &str, value: Value<'_>, out: &mut Vec<u8>) {
        match value {
            Value::Unsigned(_)
            | Value::Signed(_)
            | Value::Flag(_)
            | Value::Duration(_)
            | Value::Instant(_)
            | Value::NewTime(_)
            | Value::Address(_)
            | Value::Absent => {
                out.extend_from_slice(name.as_bytes());
                out.push(b'=');
            }
            _ => {}
        }
        self.value(value, out);
    }

    fn value(&self, value: Value<'_>, out: &mut Vec<u8>) {
        match value {
            Value::Done => out.extend_from_slice(b"ok"),
            Value::Closed => out.extend_from_slice(b"closed"),
            Value::Absent => out.extend_from_slice(b"none"),
            Value::Unsigned(number) | Value::Duration(number) | Value::Instant(number) => append::number(number, out),
            Value::Signed(number) => append::number(number, out),
            Value::Flag(flag) => out.extend_from_slice(if flag { b"true" } else { b"false" }),
            Value::Bytes(bytes) => show_contents(bytes, self.strings, out),
            Value::Text(text) | Value::Path(text) => append::untrusted(text, Frame::Quotes, out),
            Value::Handle(handle) => show_handle(handle, out),
            Value::Word(word) => out.extend_from_slice(word.as_bytes()),
            Value::Flags(flags) => show_flags(flags, out),
            Value::Time(time) | Value::NewTime(NewTimestamp::At(time)) => show_time(time, out),
            Value::NewTime(NewTimestamp::NoChange) => out.extend_from_slice(b"no-change"),
            Value::NewTime(NewTimestamp::Now) => out.extend_from_slice(b"now"),
            Value::Address(address) => append::shown(address, out),
            Value::Count(count) | Value::Datagrams { count, .. } => {
                out.push(b'[');
                append::number(count, out);
                out.push(b']');
            }
            Value::Entry(kind, name) => {
                append::untrusted(name, Frame::Quotes, out);
                out.push(b' ');
                out.extend_from_slice(kind_word(kind).as_bytes());
            }
            Value::Stat(stat) => show_attributes(stat, out),
            Value::Identity(identity) => {
                append::hexadecimal(identity.device.into(), out);
                out.push(b':');
                append::hexadecimal(identity.file, out);
            }
        }
    }
}

/// `no-entry (ENOENT)`
fn show_error(error: &Error, out: &mut Vec<u8>) {
    out.extend_from_slice(error.code.name().as_bytes());
    if let Some(native) = error.native {
        out.extend_from_slice(b" (");
        if native.name.is_empty() {
            append::shown(native, out);
        } else {
            out.extend_from_slice(native.name.as_bytes());
        }
        out.push(b')');
    }
}

/// `3</src>`
fn show_handle(handle: Handle<'_>, out: &mut Vec<u8>) {
    append::number(handle.id, out);
    append::untrusted(handle.name, Frame::Angles, out);
}

/// `"the first bytes"..., 4096`
fn show_contents(bytes: &[u8], strings: usize, out: &mut Vec<u8>) {
    out.push(b'"');
    let shown = &bytes[..bytes.len().min(strings)];
    if append::is_all(shown, |byte| append::is_printable(byte, b'"', b'\'')) {
        out.extend_from_slice(shown);
    } else {
        escape(shown, out);
    }
    out.push(b'"');
    if shown.len() < bytes.len() {
        out.extend_from_slice(b"...");
    }
    out.extend_from_slice(b", ");
    append::number(bytes.len(), out);
}

/// Appends bytes as [`escape_ascii`](slice::escape_ascii) shows them.
fn escape(bytes: &[u8], out: &mut Vec<u8>) {
    for byte in bytes {
        match byte {
            b'"' | b'\'' | b'\\' => out.extend_from_slice(&[b'\\', *byte]),
            b'\t' => out.extend_from_slice(b"\\t"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b' '..=b'~' => out.push(*byte),
            _ => out.extend_from_slice(&[b'\\', b'x', append::hex_digit(byte >> 4), append::hex_digit(*byte)]),
        }
    }
}

/// `read|write|create`
fn show_flags(flags: Flags, out: &mut Vec<u8>) {
    let mut separator: &[u8] = b"";
    for word in flags.words() {
        out.extend_from_slice(separator);
        separator = b"|";
        out.extend_from_slice(word.as_bytes());
    }
}

/// `{regular-file, size=10, links=2}`
fn show_attributes(stat: &Stat, out: &mut Vec<u8>) {
    out.push(b'{');
    out.extend_from_slice(kind_word(stat.kind).as_bytes());
    out.extend_from_slice(b", size=");
    append::number(stat.size, out);
    out.extend_from_slice(b", links=");
    append::number(stat.links, out);
    out.push(b'}');
}

fn show_time(time: Timestamp, out: &mut Vec<u8>) {
    append::number(time.seconds, out);
    out.push(b'.');
    out.push(b'0' + (time.nanoseconds / 100_000_000 % 10) as u8);
    append::digits::<4>(time.nanoseconds, out);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contents_are_escaped_as_the_standard_library_does() {
        let all: Vec<u8> = (0..=255).collect();
        for bytes in [&b""[..], b"plain", b"a\"b", b"it's", &all] {
            let mut out = Vec::new();
            show_contents(bytes, MOST_STRINGS, &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), format!("\"{}\", {}", bytes.escape_ascii(), bytes.len()));
        }
    }
}
