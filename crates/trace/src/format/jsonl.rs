//! One line of JSON a call, to be kept and to be read by programs. docs/trace.md says what the lines hold, docs/trace.schema.json says it to
//! programs.
//!
//! Each line is ASCII. Text of a guest's is cut and escaped, so no name can end a line or a string, and a line is bounded.

use callgate_gate::{Event, Handle, Reason, Refusal, Value, kind_word};
use callgate_system::path::PATH_MAX;
use callgate_system::{Error, Family, Nanoseconds, NewTimestamp, Stat, Timestamp};

use super::append;
use super::{End, Format, MOST_STRINGS, Run, STRINGS};

/// The version of the format. A change that a reader could stumble over raises it; a new member does not.
const VERSION: u32 = 1;

/// The format.
pub struct Jsonl {
    /// Bytes of contents that are shown.
    strings: usize,
    is_filtered: bool,
}

impl Jsonl {
    /// Lines that show this number of bytes of contents, at most [`MOST_STRINGS`].
    #[must_use]
    pub fn new(strings: usize) -> Self {
        Self { strings: strings.min(MOST_STRINGS), is_filtered: false }
    }
}

impl Default for Jsonl {
    fn default() -> Self {
        Self::new(STRINGS)
    }
}

impl Format for Jsonl {
    fn begin(&mut self, run: &Run, out: &mut Vec<u8>) {
        self.is_filtered = !run.filter.is_empty();
        out.extend_from_slice(b"{\"trace\":\"callgate\",\"version\":");
        append::number(VERSION, out);
        out.extend_from_slice(b",\"callgate\":");
        string(env!("CARGO_PKG_VERSION"), out);
        member("guest", run.guest.number(), out);
        out.extend_from_slice(b",\"program\":");
        string(&run.program, out);
        out.extend_from_slice(b",\"arguments\":");
        list(run.arguments.iter(), |text, out| string(text, out), out);
        out.extend_from_slice(b",\"backend\":");
        string(run.backend, out);
        if self.is_filtered {
            out.extend_from_slice(b",\"filter\":");
            list(run.filter.iter(), |text, out| string(text, out), out);
        }
        out.extend_from_slice(b",\"started\":");
        time(run.started, out);
        out.extend_from_slice(b"}\n");
    }

    fn event(&mut self, event: &Event<'_>, at: Nanoseconds, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"seq\":");
        append::number(event.sequence, out);
        member("at", at, out);
        member("took", event.duration(), out);
        // The names of calls are callgate's own.
        out.extend_from_slice(b",\"interface\":\"");
        out.extend_from_slice(event.call.interface().as_bytes());
        out.extend_from_slice(b"\",\"call\":\"");
        out.extend_from_slice(event.call.function().as_bytes());
        out.extend_from_slice(b"\",\"args\":{");
        let first = out.len();
        event.call.visit_arguments(&mut |name, value| {
            out.extend_from_slice(if out.len() > first { b",\"" } else { b"\"" });
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(b"\":");
            self.value(value, out);
        });
        match &event.outcome.result {
            Ok(value) => {
                out.extend_from_slice(b"},\"ok\":");
                self.value(*value, out);
            }
            Err(error) => {
                out.extend_from_slice(b"},\"error\":");
                show_error(error, out);
            }
        }
        if let Some(refusal) = &event.outcome.refusal {
            show_refusal(refusal, out);
        }
        let bytes = event.bytes();
        if bytes > 0 {
            member("bytes", bytes, out);
        }
        if let Some(end) = event.outcome.ended_run {
            out.extend_from_slice(b",\"ended\":");
            string(&end.to_string(), out);
        }
        out.extend_from_slice(b"}\n");
    }

    fn lost(&mut self, calls: u64, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"lost\":");
        append::number(calls, out);
        out.extend_from_slice(b"}\n");
    }

    fn end(&mut self, end: &End<'_>, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"end\":");
        string(end.how, out);
        member("calls", end.calls, out);
        if self.is_filtered {
            member("recorded", end.recorded, out);
        }
        if end.lost > 0 {
            member("lost", end.lost, out);
        }
        member("at", end.at, out);
        out.extend_from_slice(b"}\n");
    }
}

impl Jsonl {
    fn value(&self, value: Value<'_>, out: &mut Vec<u8>) {
        match value {
            Value::Done => out.extend_from_slice(b"\"done\""),
            Value::Closed => out.extend_from_slice(b"\"closed\""),
            Value::Absent => out.extend_from_slice(b"null"),
            Value::Unsigned(number) => append::number(number, out),
            Value::Signed(number) => append::number(number, out),
            Value::Flag(flag) => out.extend_from_slice(if flag { b"true" } else { b"false" }),
            Value::Bytes(bytes) => contents(bytes, self.strings, out),
            Value::Text(text) => wrapped(b"{\"text\":", text, out),
            Value::Path(path) => wrapped(b"{\"path\":", path, out),
            Value::Handle(handle) => show_handle(handle, out),
            Value::Word(word) => quoted(word, out),
            Value::Flags(flags) => list(flags.words(), quoted, out),
            Value::Duration(time) => numbered(b"{\"duration\":", time, out),
            Value::Instant(time) => numbered(b"{\"instant\":", time, out),
            Value::Time(at) | Value::NewTime(NewTimestamp::At(at)) => time(at, out),
            Value::NewTime(NewTimestamp::NoChange) => out.extend_from_slice(b"\"no-change\""),
            Value::NewTime(NewTimestamp::Now) => out.extend_from_slice(b"\"now\""),
            Value::Address(address) => {
                // An address has only digits, letters, dots, colons, brackets and a percent sign.
                append::shown(format_args!("{{\"address\":\"{address}\"}}"), out);
            }
            Value::Count(count) => numbered(b"{\"count\":", count as u64, out),
            Value::Datagrams { count, bytes } => {
                out.extend_from_slice(b"{\"count\":");
                append::number(count, out);
                member("bytes", bytes, out);
                out.push(b'}');
            }
            Value::Entry(kind, name) => {
                out.extend_from_slice(b"{\"entry\":");
                string(name, out);
                out.extend_from_slice(b",\"kind\":");
                quoted(kind_word(kind), out);
                out.push(b'}');
            }
            Value::Stat(stat) => attributes(stat, out),
            Value::Identity(identity) => {
                out.extend_from_slice(b"{\"device\":\"");
                append::hexadecimal(identity.device.into(), out);
                out.extend_from_slice(b"\",\"file\":\"");
                append::hexadecimal(identity.file, out);
                out.extend_from_slice(b"\"}");
            }
        }
    }
}

/// A word of callgate's own between quotation marks: it needs no escapes.
fn quoted(word: &'static str, out: &mut Vec<u8>) {
    out.push(b'"');
    out.extend_from_slice(word.as_bytes());
    out.push(b'"');
}

/// `,"name":12`
#[inline(always)]
fn member(name: &str, number: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(b",\"");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\":");
    append::number(number, out);
}

/// `{"duration":12}`, of which `open` is what stands before the number.
fn numbered(open: &[u8], number: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(open);
    append::number(number, out);
    out.push(b'}');
}

/// `{"path":"a"}`, of which `open` is what stands before the text.
fn wrapped(open: &[u8], text: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(open);
    string(text, out);
    out.push(b'}');
}

/// Text between quotation marks: not more than a path may have, then an ellipsis.
fn string(text: &str, out: &mut Vec<u8>) {
    let kept = &text[..text.floor_char_boundary(PATH_MAX)];
    out.push(b'"');
    if append::is_all(kept.as_bytes(), |byte| append::is_printable(byte, b'"', b'"')) {
        out.extend_from_slice(kept.as_bytes());
    } else {
        kept.chars().for_each(|c| escaped(c, out));
    }
    if kept.len() < text.len() {
        escaped('…', out);
    }
    out.push(b'"');
}

/// A character as it stands in a string.
fn escaped(c: char, out: &mut Vec<u8>) {
    match c {
        '"' | '\\' => out.extend_from_slice(&[b'\\', c as u8]),
        ' '..='~' => out.push(c as u8),
        _ => {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let [high, low] = unit.to_be_bytes();
                out.extend_from_slice(b"\\u");
                out.extend([high >> 4, high, low >> 4, low].map(append::hex_digit));
            }
        }
    }
}

fn list<T>(items: impl Iterator<Item = T>, append: impl Fn(T, &mut Vec<u8>), out: &mut Vec<u8>) {
    out.push(b'[');
    let first = out.len();
    for item in items {
        if out.len() > first {
            out.push(b',');
        }
        append(item, out);
    }
    out.push(b']');
}

/// `{"bytes":4096,"data":"the first ones, escaped"}`: a byte that is no printable ASCII, and a backslash, is `\xNN`, whose own backslash JSON
/// doubles.
fn contents(bytes: &[u8], strings: usize, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"bytes\":");
    append::number(bytes.len(), out);
    out.extend_from_slice(b",\"data\":\"");
    let shown = &bytes[..bytes.len().min(strings)];
    if append::is_all(shown, |byte| append::is_printable(byte, b'"', b'"')) {
        out.extend_from_slice(shown);
    } else {
        escape(shown, out);
    }
    out.extend_from_slice(b"\"}");
}

fn escape(bytes: &[u8], out: &mut Vec<u8>) {
    for byte in bytes {
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' | ..b' ' | 0x7f.. => {
                out.extend_from_slice(&[b'\\', b'\\', b'x', append::hex_digit(byte >> 4), append::hex_digit(*byte)]);
            }
            _ => out.push(*byte),
        }
    }
}

/// `{"handle":3,"name":"/src/a","mount":"/src"}`
fn show_handle(handle: Handle<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"handle\":");
    append::number(handle.id, out);
    out.extend_from_slice(b",\"name\":");
    string(handle.name, out);
    if let Some(mount) = handle.mount {
        out.extend_from_slice(b",\"mount\":");
        string(&mount.guest_path, out);
    }
    out.push(b'}');
}

fn attributes(stat: &Stat, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"kind\":");
    quoted(kind_word(stat.kind), out);
    member("size", stat.size, out);
    member("links", stat.links, out);
    out.push(b'}');
}

fn time(time: Timestamp, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"seconds\":");
    append::number(time.seconds, out);
    member("nanoseconds", time.nanoseconds.into(), out);
    out.push(b'}');
}

/// `{"code":"no-entry","native":{"family":"errno","code":2,"name":"ENOENT"}}`
fn show_error(error: &Error, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"code\":");
    quoted(error.code.name(), out);
    if let Some(native) = error.native {
        out.extend_from_slice(b",\"native\":{\"family\":");
        quoted(family(native.family), out);
        member("code", native.code.into(), out);
        if !native.name.is_empty() {
            out.extend_from_slice(b",\"name\":");
            quoted(native.name, out);
        }
        out.push(b'}');
    }
    out.push(b'}');
}

fn family(family: Family) -> &'static str {
    match family {
        Family::Errno => "errno",
        Family::NtStatus => "ntstatus",
        Family::Winsock => "winsock",
    }
}

/// `,"refused":{"reason":"missing-rule","add":"--net connect=10.0.0.5:443"}`
fn show_refusal(refusal: &Refusal, out: &mut Vec<u8>) {
    let reason = match refusal.reason {
        Reason::MissingRight => "missing-right",
        Reason::ReadOnlyMount => "read-only-mount",
        Reason::InvalidName => "invalid-name",
        Reason::MissingRule => "missing-rule",
        Reason::Rule(_) => "rule",
        _ => "other",
    };
    out.extend_from_slice(b",\"refused\":{\"reason\":");
    quoted(reason, out);
    if let Reason::Rule(number) = refusal.reason {
        member("rule", number.into(), out);
    }
    if let Some(missing) = &refusal.missing {
        out.extend_from_slice(b",\"add\":");
        string(&format!("--net {}", missing.rule), out);
        if let Some(why) = &missing.why {
            out.extend_from_slice(b",\"why\":");
            string(why, out);
        }
    }
    out.push(b'}');
}
