//! Arguments and results.

use std::fmt;

use callgate_system::{Nanoseconds, Timestamp};
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::Text;

/// An argument of a call, or what it yielded.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Value<'a> {
    /// Nothing, where something could have been.
    Absent,
    /// Yes or no.
    Flag(bool),
    /// A number.
    Unsigned(u64),
    /// A number below 0.
    Signed(i64),
    /// A word of a fixed set: `follow`; `done` and `closed`; `now` and `no-change` as the new time of a file.
    Word(Text<'a>),
    /// Some words of a fixed set: `read`, `create`.
    Words(Vec<Text<'a>>),
    /// Contents of files and messages.
    Contents {
        /// Their length.
        bytes: u64,
        /// The first ones, a byte that is no printable ASCII as `\xNN`.
        data: Text<'a>,
    },
    /// Text that is no path.
    Text(Text<'a>),
    /// A path below the call's directory.
    Path(Text<'a>),
    /// A handle.
    Handle {
        /// Its number.
        id: u64,
        /// The path that it was opened as, or what it stands for.
        name: Text<'a>,
        /// The mount that it is below.
        mount: Option<Text<'a>>,
    },
    /// A length of time.
    Duration(Nanoseconds),
    /// A point on the guest's monotonic clock.
    Instant(Nanoseconds),
    /// A point in wall time.
    Time(Timestamp),
    /// An address.
    Address(Text<'a>),
    /// A list, by the number of its elements.
    Count(u64),
    /// Datagrams: their number, and their bytes together.
    Datagrams {
        /// Their number.
        count: u64,
        /// Bytes of all of them.
        bytes: u64,
    },
    /// A directory entry.
    Entry {
        /// Its name.
        name: Text<'a>,
        /// Its kind: `regular-file`.
        kind: Text<'a>,
    },
    /// Attributes of a file.
    Attributes {
        /// Its kind.
        kind: Text<'a>,
        /// Its size in bytes.
        size: u64,
        /// The number of its names.
        links: u64,
    },
    /// The identity of a file, in hexadecimal digits.
    Identity {
        /// The device.
        device: Text<'a>,
        /// The file on it.
        file: Text<'a>,
    },
    /// A value of a kind that this reader doesn't know.
    Unknown,
}

impl<'de: 'a, 'a> Deserialize<'de> for Value<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Value<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Value::Absent)
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<Self::Value, E> {
        Ok(Value::Flag(flag))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Value::Unsigned(number))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Value::Signed(number))
    }

    /// Fractions, and numbers beyond those of any call.
    fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Value::Unknown)
    }

    fn visit_borrowed_str<E: Error>(self, word: &'de str) -> Result<Self::Value, E> {
        Ok(Value::Word(word.into()))
    }

    fn visit_str<E: Error>(self, word: &str) -> Result<Self::Value, E> {
        Ok(Value::Word(Text::from(word.to_owned())))
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut list: S) -> Result<Self::Value, S::Error> {
        let mut words = Vec::new();
        while let Some(word) = list.next_element()? {
            words.push(word);
        }
        Ok(Value::Words(words))
    }

    fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<Self::Value, M::Error> {
        Members::read(map).map(Members::value)
    }
}

/// The members of all kinds of values.
#[derive(Default)]
struct Members<'a> {
    bytes: Option<u64>,
    count: Option<u64>,
    duration: Option<u64>,
    handle: Option<u64>,
    instant: Option<u64>,
    links: Option<u64>,
    nanoseconds: Option<u32>,
    seconds: Option<i64>,
    size: Option<u64>,
    address: Option<Text<'a>>,
    data: Option<Text<'a>>,
    device: Option<Text<'a>>,
    entry: Option<Text<'a>>,
    file: Option<Text<'a>>,
    kind: Option<Text<'a>>,
    mount: Option<Text<'a>>,
    name: Option<Text<'a>>,
    path: Option<Text<'a>>,
    text: Option<Text<'a>>,
}

impl<'a> Members<'a> {
    fn read<'de: 'a, M: MapAccess<'de>>(mut map: M) -> Result<Self, M::Error> {
        let mut members = Self::default();
        while let Some(name) = map.next_key::<Text<'de>>()? {
            match &*name {
                "bytes" => members.bytes = map.next_value()?,
                "count" => members.count = map.next_value()?,
                "duration" => members.duration = map.next_value()?,
                "handle" => members.handle = map.next_value()?,
                "instant" => members.instant = map.next_value()?,
                "links" => members.links = map.next_value()?,
                "nanoseconds" => members.nanoseconds = map.next_value()?,
                "seconds" => members.seconds = map.next_value()?,
                "size" => members.size = map.next_value()?,
                "address" => members.address = map.next_value()?,
                "data" => members.data = map.next_value()?,
                "device" => members.device = map.next_value()?,
                "entry" => members.entry = map.next_value()?,
                "file" => members.file = map.next_value()?,
                "kind" => members.kind = map.next_value()?,
                "mount" => members.mount = map.next_value()?,
                "name" => members.name = map.next_value()?,
                "path" => members.path = map.next_value()?,
                "text" => members.text = map.next_value()?,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(members)
    }

    /// The value that they make.
    fn value(self) -> Value<'a> {
        match self {
            Self { handle: Some(id), name: Some(name), mount, .. } => Value::Handle { id, name, mount },
            Self { path: Some(path), .. } => Value::Path(path),
            Self { text: Some(text), .. } => Value::Text(text),
            Self { bytes: Some(bytes), data: Some(data), .. } => Value::Contents { bytes, data },
            Self { count: Some(count), bytes: Some(bytes), .. } => Value::Datagrams { count, bytes },
            Self { count: Some(count), .. } => Value::Count(count),
            Self { duration: Some(time), .. } => Value::Duration(time),
            Self { instant: Some(time), .. } => Value::Instant(time),
            Self { seconds: Some(seconds), nanoseconds: Some(nanoseconds), .. } => {
                Value::Time(Timestamp { seconds, nanoseconds })
            }
            Self { address: Some(address), .. } => Value::Address(address),
            Self { entry: Some(name), kind: Some(kind), .. } => Value::Entry { name, kind },
            Self { kind: Some(kind), size: Some(size), links: Some(links), .. } => {
                Value::Attributes { kind, size, links }
            }
            Self { device: Some(device), file: Some(file), .. } => Value::Identity { device, file },
            _ => Value::Unknown,
        }
    }
}
