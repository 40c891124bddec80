//! The arguments and the replies of calls, as values: each format of a trace, and each rule, reads them as it needs.

use std::net::{IpAddr, SocketAddr};

use callgate_system::{
    AddressFamily, Advice, FileType, Follow, Identity, Nanoseconds, NewTimestamp, OpenHow, Shutdown, Stat, Timestamp,
};

use crate::Handle;

/// An argument of a call, or what it yielded. Borrowed from the guest's memory or from the host; nothing is allocated for it.
///
/// Text, paths and names are the guest's, of any length and with any character: a format has to escape and to cut them. A new kind of value
/// must get its form in every format, so matches are meant to be exhaustive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// Nothing but success.
    Done,
    /// The end of a stream, or its other side is closed.
    Closed,
    /// Nothing, where something could have been: no next entry, no address, no terminal.
    Absent,
    /// A number: bytes moved, a position, an exit code.
    Unsigned(u64),
    /// A number that may be negative.
    Signed(i64),
    /// Yes or no.
    Flag(bool),
    /// Contents of files and messages.
    Bytes(&'a [u8]),
    /// Text that is no path.
    Text(&'a str),
    /// A path below the call's directory, as the guest wrote it.
    Path(&'a str),
    /// A handle: what a call acts on, or one that it made.
    Handle(Handle<'a>),
    /// One of a fixed set of words, as the interface spells it: `follow`, `ipv6`, `regular-file`.
    Word(&'static str),
    /// Some of a fixed set of words.
    Flags(Flags),
    /// A length of time.
    Duration(Nanoseconds),
    /// A point on the guest's monotonic clock.
    Instant(Nanoseconds),
    /// A point in wall time.
    Time(Timestamp),
    /// The new value of a time of a file.
    NewTime(NewTimestamp),
    /// An address, with port 0 where it has none.
    Address(SocketAddr),
    /// A list, by the number of its elements.
    Count(usize),
    /// Datagrams that came: their number, and their bytes together.
    Datagrams {
        /// Their number.
        count: usize,
        /// Bytes of all of them.
        bytes: u64,
    },
    /// A directory entry: its kind, and its name.
    Entry(FileType, &'a str),
    /// Attributes.
    Stat(&'a Stat),
    /// Identifies a file.
    Identity(Identity),
}

/// The ways in which a file is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flags(OpenHow);

impl Flags {
    /// The words, in a fixed order; at least one.
    pub fn words(self) -> impl Iterator<Item = &'static str> {
        let how = self.0;
        let words = [
            (how.read, "read"),
            (how.write, "write"),
            (how.create, "create"),
            (how.exclusive, "exclusive"),
            (how.truncate, "truncate"),
            (how.directory, "directory"),
            (how.sync, "sync"),
            (how.sync_data, "sync-data"),
            (how.follow == Follow::No, "nofollow"),
        ];
        let none = !words.iter().any(|(set, _)| *set);
        words.into_iter().chain([(none, "attributes")]).filter(|(set, _)| *set).map(|(_, word)| word)
    }
}

/// The word for the kind of a file.
#[must_use]
pub fn kind_word(kind: FileType) -> &'static str {
    match kind {
        FileType::Unknown => "unknown",
        FileType::BlockDevice => "block-device",
        FileType::CharacterDevice => "character-device",
        FileType::Directory => "directory",
        FileType::Fifo => "fifo",
        FileType::SymbolicLink => "symbolic-link",
        FileType::RegularFile => "regular-file",
        FileType::Socket => "socket",
    }
}

macro_rules! values {
    ($($type:ty: |$value:pat_param| $reply:expr;)*) => {
        $(impl<'a> From<$type> for Value<'a> {
            #[inline(always)]
            fn from($value: $type) -> Self {
                $reply
            }
        })*
    };
}

values! {
    Handle<'a>: |handle| Value::Handle(handle);
    &'a str: |text| Value::Text(text);
    &'a [u8]: |bytes| Value::Bytes(bytes);
    u8: |number| Value::Unsigned(number.into());
    u32: |number| Value::Unsigned(number.into());
    u64: |number| Value::Unsigned(number);
    usize: |number| Value::Unsigned(number as u64);
    i64: |number| Value::Signed(number);
    bool: |flag| Value::Flag(flag);
    SocketAddr: |address| Value::Address(address);
    Option<SocketAddr>: |address| address.map_or(Value::Absent, Value::Address);
    NewTimestamp: |time| Value::NewTime(time);
    OpenHow: |how| Value::Flags(Flags(how));
    FileType: |kind| Value::Word(kind_word(kind));
    AddressFamily: |family| Value::Word(match family {
        AddressFamily::Ipv4 => "ipv4",
        AddressFamily::Ipv6 => "ipv6",
    });
    Shutdown: |how| Value::Word(match how {
        Shutdown::Receive => "receive",
        Shutdown::Send => "send",
        Shutdown::Both => "both",
    });
    Follow: |follow| Value::Word(match follow {
        Follow::No => "nofollow",
        Follow::Yes => "follow",
    });
    Advice: |advice| Value::Word(match advice {
        Advice::Normal => "normal",
        Advice::Sequential => "sequential",
        Advice::Random => "random",
        Advice::WillNeed => "will-need",
        Advice::DontNeed => "dont-need",
        Advice::NoReuse => "no-reuse",
    });
}

/// A result that can be shown as a value: what the act of a call yields.
pub trait Reply {
    /// The value, borrowed.
    fn value(&self) -> Value<'_>;

    /// The streams of a socket, where that is what it is.
    fn made_streams(&self) -> Option<Streams> {
        None
    }
}

/// The two streams of a socket that a call made, by the numbers of their handles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Streams {
    /// The socket, where the call made it too.
    pub socket: Option<u32>,
    /// What comes in.
    pub input: u32,
    /// What goes out.
    pub output: u32,
}

macro_rules! replies {
    ($($type:ty: |$reply:pat_param| $value:expr;)*) => {
        $(impl Reply for $type {
            fn value(&self) -> Value<'_> {
                let $reply = self;
                $value
            }
        })*
    };
}

replies! {
    (): |()| Value::Done;
    u32: |number| (*number).into();
    u64: |number| (*number).into();
    bool: |flag| (*flag).into();
    str: |text| text.into();
    [u8]: |bytes| bytes.into();
    String: |text| text.as_str().into();
    Vec<u8>: |bytes| bytes.as_slice().into();
    Vec<u32>: |list| Value::Count(list.len());
    Vec<String>: |list| Value::Count(list.len());
    Vec<(String, String)>: |list| Value::Count(list.len());
    FileType: |kind| (*kind).into();
    Stat: |stat| Value::Stat(stat);
    Identity: |identity| Value::Identity(*identity);
    Timestamp: |time| Value::Time(*time);
    SocketAddr: |address| (*address).into();
    IpAddr: |address| SocketAddr::new(*address, 0).into();
    callgate_system::Entry: |entry| Value::Entry(entry.kind, &entry.name);
    (u64, u64): |(first, _)| (*first).into();
}

impl<T: Reply + ?Sized> Reply for &T {
    fn value(&self) -> Value<'_> {
        (**self).value()
    }
}

impl<T: Reply> Reply for Option<T> {
    fn value(&self) -> Value<'_> {
        self.as_ref().map_or(Value::Absent, Reply::value)
    }
}
