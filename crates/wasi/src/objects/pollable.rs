//! Pollables: the events that a guest can wait for.

use std::sync::Arc;

use callgate_system::{Interest, Nanoseconds};

use super::{AddressStream, IncomingDatagrams, InputStream, Named, OutgoingDatagrams, OutputStream, TcpSocket};

/// Something that may become ready.
pub(crate) enum Pollable {
    /// At a time on the monotonic clock.
    At(Nanoseconds),
    /// When there is something to read, or nothing more ever.
    Readable(Arc<InputStream>),
    /// When something may be written.
    Writable(Arc<OutputStream>),
    /// When a socket's state moves on: connected, or a connection to accept.
    Tcp(Arc<TcpSocket>),
    /// When there is a datagram.
    Incoming(Arc<IncomingDatagrams>),
    /// When a datagram may be sent.
    Outgoing(Arc<OutgoingDatagrams>),
    /// When a lookup has its answer.
    Resolved(Arc<AddressStream>),
    /// At any time; of what the name says.
    Always(&'static str),
}

/// The event that ends a wait.
#[derive(Clone, Copy)]
pub(crate) enum Wait<'a> {
    /// Nothing: it is over at once.
    Over,
    /// A time on the monotonic clock.
    Until(Nanoseconds),
    /// Something of the system's.
    For(&'a Interest),
}

impl<'a> From<Option<&'a Interest>> for Wait<'a> {
    /// Without an interest there is nothing to wait for.
    fn from(interest: Option<&'a Interest>) -> Self {
        interest.map_or(Self::Over, Self::For)
    }
}

impl Pollable {
    pub(crate) fn wait(&self) -> Wait<'_> {
        match self {
            Self::At(when) => Wait::Until(*when),
            Self::Readable(stream) => stream.readable().into(),
            Self::Writable(stream) => stream.writable().into(),
            Self::Tcp(socket) => socket.moves_on().into(),
            Self::Incoming(stream) => Wait::For(stream.receivable()),
            Self::Outgoing(stream) => Wait::For(stream.sendable()),
            Self::Resolved(lookup) => Wait::For(lookup.resolved()),
            Self::Always(_) => Wait::Over,
        }
    }
}

impl Named for Pollable {
    fn name(&self) -> &str {
        match self {
            Self::At(_) => "timer",
            Self::Readable(stream) => stream.name(),
            Self::Writable(stream) => stream.name(),
            Self::Tcp(socket) => socket.name(),
            Self::Incoming(stream) => stream.name(),
            Self::Outgoing(stream) => stream.name(),
            Self::Resolved(lookup) => lookup.name(),
            Self::Always(name) => name,
        }
    }
}
