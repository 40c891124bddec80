//! The objects that a guest's handles stand for, and the one table of handles. They are below every interface: no engine, no
//! WIT, no gate's verdict. `calls/` acts on them, `bind/` hands them to guests.

mod descriptor;
mod handles;
mod input;
mod lookup;
mod name;
mod outbox;
mod output;
mod pollable;
mod recent;
mod shared;
mod tcp_socket;
mod tokens;
mod udp_socket;
mod unsent;

pub(crate) use descriptor::{Descriptor, DirectoryEntries, Flags};
pub(crate) use handles::{Closing, Handles, Held, Keep};
pub(crate) use input::InputStream;
pub(crate) use lookup::AddressStream;
pub(crate) use name::Name;
pub(crate) use outbox::Outbox;
pub(crate) use output::OutputStream;
pub(crate) use pollable::{Pollable, Wait};
pub(crate) use recent::{At, Course, Moment, Recent};
pub(crate) use shared::{Number, lock};
pub(crate) use tcp_socket::TcpSocket;
pub(crate) use tokens::{Failure, Network, TerminalInput, TerminalOutput};
pub(crate) use udp_socket::{BATCH, IncomingDatagrams, OutgoingDatagrams, UdpSocket};
pub(crate) use unsent::Unsent;

use callgate_gate::{Mount, Reply, Value};
use callgate_system::{Directory, Names};

/// An object, as the trace names it.
pub(crate) trait Named {
    /// Its name.
    fn name(&self) -> &str;
    /// The mount that it came from.
    fn mount(&self) -> Option<&Mount> {
        None
    }
}

/// Where a call that names a path acts.
#[derive(Clone, Copy)]
pub(crate) struct Spot<'a> {
    pub(crate) directory: &'a dyn Directory,
    pub(crate) path: &'a str,
    /// The place beneath the mount, and the way in which names are told apart there, where somebody has rules about paths.
    pub(crate) place: Option<(&'a str, Names)>,
    /// True if `path` is the text that the guest gave, and is relative to the directory that it named.
    pub(crate) is_text: bool,
}

/// The outcome of a stream's operation: a value, or the end of the stream.
pub(crate) enum Flow<T> {
    Open(T),
    Closed,
}

impl<T: Reply> Reply for Flow<T> {
    fn value(&self) -> Value<'_> {
        match self {
            Self::Open(inner) => inner.value(),
            Self::Closed => Value::Closed,
        }
    }
}
