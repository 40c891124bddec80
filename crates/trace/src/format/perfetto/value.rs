//! Values as debug annotations.

use std::fmt::Write as _;

use callgate_gate::{Value, kind_word};
use callgate_system::{NewTimestamp, Timestamp};

use super::fields::annotation::{BOOL, INT, STRING, UINT};
use super::wire::Wire;
use super::{TEXT, is_plain, shown};

/// Room to put texts together in, used again and again.
pub(super) struct Room {
    pub(super) text: String,
    /// Bytes of contents that are shown.
    pub(super) contents: usize,
}

/// Appends the value of an annotation.
pub(super) fn show(value: Value<'_>, out: &mut Vec<u8>, room: &mut Room) {
    let text = &mut room.text;
    match value {
        Value::Unsigned(number) | Value::Duration(number) | Value::Instant(number) => out.number(UINT, number),
        Value::Signed(number) => out.number(INT, number.cast_unsigned()),
        Value::Flag(flag) => out.number(BOOL, flag.into()),
        Value::Count(count) | Value::Datagrams { count, .. } => out.number(UINT, count as u64),
        Value::Done => out.bytes(STRING, b"ok"),
        Value::Closed => out.bytes(STRING, b"closed"),
        Value::Absent => out.bytes(STRING, b"none"),
        Value::Word(word) => out.bytes(STRING, word.as_bytes()),
        Value::Text(guests) | Value::Path(guests) => out.bytes(STRING, shown(guests, TEXT, text)),
        Value::Bytes(bytes) => {
            text.clear();
            contents(bytes, room.contents, text);
            out.bytes(STRING, text.as_bytes());
        }
        value => {
            text.clear();
            put(value, text);
            out.bytes(STRING, shown(text, 2 * TEXT, &mut String::new()));
        }
    }
}

/// Puts a value together from its parts.
fn put(value: Value<'_>, text: &mut String) {
    // Writing to a string can't fail.
    let _ = match value {
        Value::Handle(handle) => write!(text, "{} {}", handle.id, start(handle.name)),
        Value::Flags(flags) => {
            let mut separator = "";
            for word in flags.words() {
                text.push_str(std::mem::replace(&mut separator, "|"));
                text.push_str(word);
            }
            Ok(())
        }
        Value::Time(time) | Value::NewTime(NewTimestamp::At(time)) => put_time(time, text),
        Value::NewTime(NewTimestamp::NoChange) => text.write_str("no-change"),
        Value::NewTime(NewTimestamp::Now) => text.write_str("now"),
        Value::Address(address) => write!(text, "{address}"),
        Value::Entry(kind, name) => write!(text, "{} {}", kind_word(kind), start(name)),
        // Programs ask for attributes all the time, so this does without the formatting machinery.
        Value::Stat(stat) => {
            let (mut size, mut links) = (itoa::Buffer::new(), itoa::Buffer::new());
            for part in [kind_word(stat.kind), ", size=", size.format(stat.size), ", links=", links.format(stat.links)]
            {
                text.push_str(part);
            }
            Ok(())
        }
        Value::Identity(identity) => write!(text, "{:x}:{:x}", identity.device, identity.file),
        _ => Ok(()),
    };
}

/// As much of a name as can be shown at all.
fn start(name: &str) -> &str {
    &name[..name.floor_char_boundary(2 * TEXT)]
}

fn put_time(time: Timestamp, text: &mut String) -> std::fmt::Result {
    write!(text, "{}.{:09}", time.seconds, time.nanoseconds)
}

/// The first bytes, as printable ASCII.
fn contents(bytes: &[u8], most: usize, text: &mut String) {
    let shown = &bytes[..bytes.len().min(most)];
    match std::str::from_utf8(shown) {
        Ok(plain) if is_plain(shown) && !plain.contains('\\') => text.push_str(plain),
        _ => text.extend(shown.escape_ascii().map(char::from)),
    }
    if bytes.len() > most {
        text.push_str("...");
    }
}
