//! The lines of a trace.

use std::fmt;

use callgate_system::{Nanoseconds, Timestamp};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_derive::Deserialize;

use super::error::NO_TRACE;
use super::lines::Line;
use super::{ReadError, Text, VERSION, Value, broken};

/// The first line: the facts about the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The version of `callgate` that recorded it.
    pub callgate: String,
    /// The guest, as its process numbered it.
    pub guest: u64,
    /// The program's file, as the user wrote it.
    pub program: String,
    /// The arguments that the program saw, its own name first.
    pub arguments: Vec<String>,
    /// The terms of the filter that calls had to pass; empty where every call is in the trace.
    pub filter: Vec<String>,
    /// The name of the system: `linux`.
    pub backend: String,
    /// The wall time from which [`Call::at`] counts.
    pub started: Timestamp,
}

/// A line after the first.
#[allow(clippy::large_enum_variant, reason = "nearly all are calls, and none is kept")]
#[derive(Clone, Debug, PartialEq)]
pub enum Record<'a> {
    /// A call.
    Call(Call<'a>),
    /// So many calls are missing here.
    Lost(u64),
    /// The last line.
    End(Ending<'a>),
}

/// A call that has ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Call<'a> {
    /// Its number among those of the guest, from 1. Numbers are missing where calls were lost or filtered out.
    pub seq: u64,
    /// Nanoseconds from [`Header::started`] to its begin.
    pub at: Nanoseconds,
    /// Nanoseconds that it took, waits included.
    pub took: Nanoseconds,
    /// The interface: `wasi:filesystem/types`.
    pub interface: Text<'a>,
    /// The function: `descriptor.open-at`.
    pub call: Text<'a>,
    /// The arguments.
    pub args: Arguments<'a>,
    /// The way it ended.
    pub outcome: Outcome<'a>,
    /// Why it was refused, if it was.
    pub refused: Option<Refused<'a>>,
    /// Bytes of contents that it moved.
    pub bytes: u64,
    /// How it ended the run, if it did.
    pub ended: Option<Text<'a>>,
}

/// The end of a call.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome<'a> {
    /// It succeeded, with this value.
    Ok(Value<'a>),
    /// It failed, or was refused.
    Failed(Failure<'a>),
}

/// An error.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
pub struct Failure<'a> {
    /// The portable code: `no-entry`.
    #[serde(borrow)]
    pub code: Text<'a>,
    /// The operating system's own code, where one is behind it.
    pub native: Option<Native<'a>>,
}

/// An error code of an operating system.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
pub struct Native<'a> {
    /// The numbering: `errno`, `ntstatus`, `winsock`.
    #[serde(borrow)]
    pub family: Text<'a>,
    /// The number.
    pub code: u64,
    /// Its name, `ENOENT`, where it is known.
    pub name: Option<Text<'a>>,
}

/// The refusal of a call.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Refused<'a> {
    /// The reason: `missing-rule`.
    #[serde(borrow)]
    pub reason: Text<'a>,
    /// What would permit it, if that is an option of the command line: `--net connect=…`.
    pub add: Option<Text<'a>>,
    /// Why that takes a rule of its own, where that is not plain.
    pub why: Option<Text<'a>>,
    /// The number of the rule that refused it.
    pub rule: Option<u64>,
}

/// The last line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending<'a> {
    /// How the run ended: `exited with code 0`.
    pub how: Text<'a>,
    /// The number of calls, those included that are missing or filtered out.
    pub calls: u64,
    /// The number of those that passed the filter, where there is one.
    pub recorded: Option<u64>,
    /// Nanoseconds from [`Header::started`] to the end.
    pub at: Nanoseconds,
    /// The number of calls that are missing.
    pub lost: u64,
}

/// The arguments of a call, in the order of the WIT function.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Arguments<'a>(Vec<(Text<'a>, Value<'a>)>);

impl<'a> Arguments<'a> {
    /// Each with its name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value<'a>)> {
        self.0.iter().map(|(name, value)| (&**name, value))
    }

    /// The first one of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value<'a>> {
        self.iter().find(|(other, _)| *other == name).map(|(_, value)| value)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Arguments<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Arguments<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("arguments")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
                let mut all = Vec::new();
                while let Some(argument) = map.next_entry()? {
                    all.push(argument);
                }
                Ok(Arguments(all))
            }
        }

        deserializer.deserialize_map(Members)
    }
}

/// The members of a header, with those that tell a trace from other files first.
#[derive(Deserialize)]
struct HeaderMembers {
    callgate: String,
    guest: u64,
    program: String,
    arguments: Vec<String>,
    #[serde(default)]
    filter: Vec<String>,
    backend: String,
    started: Moment,
}

#[derive(Deserialize)]
struct Moment {
    seconds: i64,
    nanoseconds: u32,
}

/// The members by which a trace is known, of whatever version.
#[derive(Deserialize)]
struct Known<'a> {
    #[serde(borrow)]
    trace: Text<'a>,
    version: u64,
}

impl Header {
    pub(super) fn read(line: &Line<'_>) -> Result<Self, ReadError> {
        let known = serde_json::from_slice::<Known<'_>>(line.bytes).ok().filter(|known| &*known.trace == "callgate");
        match known {
            None => return Err(ReadError::Foreign(guess(line))),
            Some(known) if known.version != VERSION => return Err(ReadError::Version(known.version)),
            Some(_) => {}
        }
        let members: HeaderMembers = serde_json::from_slice(line.bytes).map_err(|error| broken(line, &error))?;
        let HeaderMembers { callgate, guest, program, arguments, filter, backend, started } = members;
        let started = Timestamp { seconds: started.seconds, nanoseconds: started.nanoseconds };
        Ok(Self { callgate, guest, program, arguments, filter, backend, started })
    }
}

/// What a file with this first line is, instead of a trace.
fn guess(line: &Line<'_>) -> &'static str {
    match line.bytes {
        [b'{', rest @ ..] if rest.starts_with(b"\"trace\":\"callgate\"") => "is cut off within its first line",
        // `12:34:56.123456 descriptor.open-at(`
        [_, _, b':', _, _, b':', _, _, b'.', ..] => "is a trace in text, which can't be read back",
        // The tag of the first packet of a trace of Perfetto's is the end of a line here.
        [] => "is a trace for Perfetto, or no trace",
        _ => NO_TRACE,
    }
}

/// The members of any line after the first.
#[derive(Deserialize)]
struct Members<'a> {
    seq: Option<u64>,
    at: Option<u64>,
    took: Option<u64>,
    #[serde(borrow)]
    interface: Option<Text<'a>>,
    call: Option<Text<'a>>,
    args: Option<Arguments<'a>>,
    // `null` is a value here.
    #[serde(default, deserialize_with = "present")]
    ok: Option<Value<'a>>,
    error: Option<Failure<'a>>,
    refused: Option<Refused<'a>>,
    bytes: Option<u64>,
    ended: Option<Text<'a>>,
    lost: Option<u64>,
    end: Option<Text<'a>>,
    calls: Option<u64>,
    recorded: Option<u64>,
}

fn present<'de: 'a, 'a, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value<'a>>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

impl<'a> Record<'a> {
    pub(super) fn read(line: &Line<'a>) -> Result<Self, ReadError> {
        let members: Members<'a> = serde_json::from_slice(line.bytes).map_err(|error| broken(line, &error))?;
        members.record().map_err(|missing| ReadError::Broken { line: line.number, why: format!("no `{missing}`") })
    }
}

impl<'a> Members<'a> {
    /// The record that they make, or the member that is missing.
    fn record(self) -> Result<Record<'a>, &'static str> {
        if let Some(how) = self.end {
            let (calls, at) = (self.calls.ok_or("calls")?, self.at.ok_or("at")?);
            let (recorded, lost) = (self.recorded, self.lost.unwrap_or(0));
            return Ok(Record::End(Ending { how, calls, recorded, at, lost }));
        }
        match (self.seq, self.lost) {
            (None, Some(lost)) => Ok(Record::Lost(lost)),
            (None, None) => Err("seq"),
            (Some(seq), _) => self.call(seq).map(Record::Call),
        }
    }

    fn call(self, seq: u64) -> Result<Call<'a>, &'static str> {
        Ok(Call {
            seq,
            at: self.at.ok_or("at")?,
            took: self.took.ok_or("took")?,
            interface: self.interface.ok_or("interface")?,
            call: self.call.ok_or("call")?,
            args: self.args.unwrap_or_default(),
            outcome: match (self.ok, self.error) {
                (Some(value), None) => Outcome::Ok(value),
                (_, Some(failure)) => Outcome::Failed(failure),
                (None, None) => return Err("ok"),
            },
            refused: self.refused,
            bytes: self.bytes.unwrap_or(0),
            ended: self.ended,
        })
    }
}
