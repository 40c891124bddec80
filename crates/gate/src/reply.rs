//! What a call yielded, in few kinds: enough to print, to record and to send.

use std::net::{IpAddr, SocketAddr};

use callgate_system::{FileType, Identity, Stat, Timestamp};

use crate::Handle;

/// The result of a call that succeeded.
#[derive(Clone, Copy, Debug)]
pub enum Reply<'a> {
    /// Nothing but success.
    Done,
    /// A stream that has come to its end, or whose other side is closed.
    Closed,
    /// Nothing, where something could have been: no next entry, no terminal.
    Absent,
    /// A number: bytes moved, nanoseconds, an exit code.
    Number(u64),
    /// Yes or no.
    Flag(bool),
    /// Bytes that went to the guest.
    Bytes(&'a [u8]),
    /// Text that went to the guest.
    Text(&'a str),
    /// Several things, by their number.
    List(usize),
    /// A new handle.
    Handle(Handle<'a>),
    /// A directory entry.
    Entry(FileType, &'a str),
    /// The kind of a file.
    Kind(FileType),
    /// Attributes.
    Stat(&'a Stat),
    /// Which file it is.
    Identity(Identity),
    /// A point in wall time.
    Time(Timestamp),
    /// An address, with port 0 where it has none.
    Address(SocketAddr),
}

/// What can be shown as a [`Reply`].
pub trait AsReply {
    /// The reply, borrowed.
    fn as_reply(&self) -> Reply<'_>;
}

macro_rules! replies {
    ($($type:ty: |$value:ident| $reply:expr;)*) => {
        $(impl AsReply for $type {
            fn as_reply(&self) -> Reply<'_> {
                let $value = self;
                $reply
            }
        })*
    };
}

replies! {
    (): |_done| Reply::Done;
    u32: |number| Reply::Number(u64::from(*number));
    u64: |number| Reply::Number(*number);
    bool: |flag| Reply::Flag(*flag);
    str: |text| Reply::Text(text);
    [u8]: |bytes| Reply::Bytes(bytes);
    String: |text| Reply::Text(text);
    Vec<u8>: |bytes| Reply::Bytes(bytes);
    Vec<u32>: |list| Reply::List(list.len());
    Vec<String>: |list| Reply::List(list.len());
    FileType: |kind| Reply::Kind(*kind);
    Stat: |stat| Reply::Stat(stat);
    Identity: |identity| Reply::Identity(*identity);
    Timestamp: |time| Reply::Time(*time);
    SocketAddr: |address| Reply::Address(*address);
    IpAddr: |address| Reply::Address(SocketAddr::new(*address, 0));
    callgate_system::Entry: |entry| Reply::Entry(entry.kind, &entry.name);
    (u64, u64): |pair| Reply::Number(pair.0);
}

impl AsReply for Vec<(String, String)> {
    fn as_reply(&self) -> Reply<'_> {
        Reply::List(self.len())
    }
}

impl<T: AsReply + ?Sized> AsReply for &T {
    fn as_reply(&self) -> Reply<'_> {
        (**self).as_reply()
    }
}

impl<T: AsReply> AsReply for Option<T> {
    fn as_reply(&self) -> Reply<'_> {
        self.as_ref().map_or(Reply::Absent, AsReply::as_reply)
    }
}
