//! A socket. No call waits: what cannot be done yet is `WouldBlock`, and [`crate::Waiter`] tells when to ask again.
//!
//! A stream socket goes from fresh over bound to listening, or to connecting and connected; a failed connection leaves it
//! good for nothing but to be dropped. A call that does not fit the state is `InvalidState`, and changes nothing. A
//! datagram socket is fresh or bound, and may have one peer. Calls of the other kind are `Unsupported`.

use std::any::Any;
use std::net::SocketAddr;
use std::sync::Arc;

use crate::{AddressFamily, Kind, Result};

/// The direction of a connection to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shutdown {
    /// No more receiving.
    Receive,
    /// No more sending: the peer reads the end, after all that was sent.
    Send,
    /// No more of either.
    Both,
}

/// A number that a socket keeps. An accepted socket has those of its listener.
///
/// Where nothing else is said, 0 is `Invalid`, and any other value succeeds, cut to what the system can hold, so that
/// asking may give another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SocketOption {
    /// Streams: whether an idle connection is probed. 0 or 1; anything else is `Invalid`.
    KeepAliveEnabled,
    /// Streams: how long a connection is idle before the first probe. Nanoseconds, rounded up to what the system counts
    /// in, at most seconds.
    KeepAliveIdleTime,
    /// Streams: the time between two probes. Nanoseconds, rounded up likewise.
    KeepAliveInterval,
    /// Streams: how many probes go unanswered before the connection counts as lost.
    KeepAliveCount,
    /// The number of routers that a packet may pass, 1 ..= 255; any other number is `Invalid`.
    HopLimit,
    /// Bytes that the system keeps for the guest to receive.
    ReceiveBufferSize,
    /// Bytes that the system keeps for the peer to take.
    SendBufferSize,
}

impl SocketOption {
    /// Every option, in the order of their declaration.
    pub const ALL: &'static [SocketOption] = &[
        Self::KeepAliveEnabled,
        Self::KeepAliveIdleTime,
        Self::KeepAliveInterval,
        Self::KeepAliveCount,
        Self::HopLimit,
        Self::ReceiveBufferSize,
        Self::SendBufferSize,
    ];

    /// True if only streams have this option.
    #[must_use]
    pub fn is_of_streams(self) -> bool {
        !matches!(self, Self::HopLimit | Self::ReceiveBufferSize | Self::SendBufferSize)
    }
}

/// A socket. Closed when dropped; a connection then ends as if both directions were shut down, or is reset where the
/// peer's bytes were not all received.
pub trait Socket: Any + Send + Sync {
    /// The kind of traffic it carries. Constant.
    fn kind(&self) -> Kind;

    /// Its family. Constant.
    fn family(&self) -> AddressFamily;

    /// Takes a local address; port 0 asks for a free one. An address that old connections of nobody linger on may be
    /// taken again at once.
    ///
    /// # Errors
    /// `Invalid` ([`AddressFamily::check_local`]), `InvalidState` (it has an address), `AddressInUse` (another socket
    /// listens there, or has it; where a stream socket is bound there and doesn't listen, a system may say so only at
    /// `listen`; or no port is free), `AddressNotBindable` (no address of this machine), `Access` (a port for the
    /// privileged).
    fn bind(&self, local: SocketAddr) -> Result<()>;

    /// A stream: begins to connect, binding to any free local address where it has none; it is over when
    /// [`crate::Interest::Sendable`] is met, and [`Socket::finish_connect`] tells how it went. A datagram socket: takes one
    /// peer, at once, in place of an earlier one; what had come before may still be from others, but that an earlier peer wasn't
    /// there is told no more.
    ///
    /// # Errors
    /// `Invalid` ([`AddressFamily::check_remote`]); of a stream `Already` (connecting) and `InvalidState` (connected,
    /// listening, or failed before). Errors that are known at once, as of `finish_connect`: `RemoteUnreachable`,
    /// `ConnectionRefused`, `AddressInUse` (no port is free), `Access`, `NotPermitted`. A datagram socket that failed has
    /// no peer.
    fn connect(&self, remote: SocketAddr) -> Result<()>;

    /// Reports the outcome of connecting, once.
    ///
    /// # Errors
    /// `WouldBlock` (not over), `NotInProgress` (not begun, or told already), `ConnectionRefused`, `ConnectionReset`,
    /// `ConnectionAborted`, `RemoteUnreachable`, `Timeout`, `AddressInUse`; `Unsupported` of datagrams.
    fn finish_connect(&self) -> Result<()>;

    /// A datagram socket: talks to everybody again; the local port stays, also one that the system chose. That the peer wasn't
    /// there is told no more. Nothing, where it had no peer.
    ///
    /// # Errors
    /// `AddressInUse` where the port was lost meanwhile; `Unsupported` of streams.
    fn disconnect(&self) -> Result<()>;

    /// A bound stream: lets connections come in, up to `backlog` of them waiting for `accept`, at least 1, cut to what
    /// the system allows. While listening: changes the backlog only.
    ///
    /// # Errors
    /// `InvalidState` (not bound, connecting, connected), `AddressInUse`; `Unsupported` of datagrams, and where the system
    /// cannot change a backlog.
    fn listen(&self, backlog: u32) -> Result<()>;

    /// The next connection that has come in: its socket, connected, and the peer's address.
    ///
    /// # Errors
    /// `WouldBlock`, `InvalidState` (not listening), `ConnectionAborted` (that one was gone before it was accepted; there
    /// may be others), `NewSocketLimit`, `InsufficientMemory`; `Unsupported` of datagrams.
    fn accept(&self) -> Result<(Arc<dyn Socket>, SocketAddr)>;

    /// A connected stream: receives into the spare capacity of `buffer`, appending to it; 0 only at the end or when there
    /// is no spare capacity.
    ///
    /// # Errors
    /// `WouldBlock`, `InvalidState` (never connected), `ConnectionReset`, `ConnectionAborted`, `Timeout`; after such an
    /// error, the end. `Unsupported` of datagrams.
    fn receive(&self, buffer: &mut Vec<u8>) -> Result<usize>;

    /// A connected stream: sends some of `buffer`, at least a byte of a non-empty one. A datagram socket with a peer: sends
    /// all of it as one message, which may be empty.
    ///
    /// # Errors
    /// `WouldBlock`, `InvalidState` (never connected, no peer), `Pipe` (sending was shut down, or the connection is gone),
    /// `ConnectionReset`, `ConnectionAborted`, `Timeout`; of datagrams as [`Socket::send_to`].
    fn send(&self, buffer: &[u8]) -> Result<usize>;

    /// A datagram socket: receives one message into the spare capacity of `buffer`, appending to it; its length and who
    /// sent it. With a peer, only the peer's. A message is never longer than 65,535 bytes.
    ///
    /// # Errors
    /// `WouldBlock`; `MessageSize` for one that is longer than the spare capacity, and is lost; `ConnectionRefused` with
    /// a peer, where an earlier message found nobody; `Unsupported` of streams.
    fn receive_from(&self, buffer: &mut Vec<u8>) -> Result<(usize, SocketAddr)>;

    /// A datagram socket: sends all of `buffer` to `remote` as one message, which may be empty. One without an address is
    /// first bound to a free port of every local address: a caller with rules asks them first. Without a peer, no call tells that
    /// nobody was there.
    ///
    /// # Errors
    /// `WouldBlock`, `Invalid` ([`AddressFamily::check_remote`]), `MessageSize`, `RemoteUnreachable`,
    /// `ConnectionRefused` (as `receive_from`), `Access` and `NotPermitted` (a firewall, a broadcast),
    /// `InsufficientMemory`; `Unsupported` of streams.
    fn send_to(&self, buffer: &[u8], remote: SocketAddr) -> Result<()>;

    /// The address on this side. Of a stream constant from binding or connecting on, but for an unspecified one, which
    /// connecting makes a real one.
    ///
    /// # Errors
    /// `InvalidState` where it has none.
    fn local_address(&self) -> Result<SocketAddr>;

    /// The peer's address. Of a stream constant once connected, also when the connection is gone.
    ///
    /// # Errors
    /// `InvalidState` where there is none; also before `finish_connect` has told that there is one.
    fn remote_address(&self) -> Result<SocketAddr>;

    /// The value of `option`.
    ///
    /// # Errors
    /// `Unsupported` for an option of streams on a datagram socket, and where the system has no such option.
    fn option(&self, option: SocketOption) -> Result<u64>;

    /// Sets `option`.
    ///
    /// # Errors
    /// `Invalid`, as [`SocketOption`] says; `Unsupported` as [`Socket::option`].
    fn set_option(&self, option: SocketOption, value: u64) -> Result<()>;

    /// Ends one direction of a connected stream, or both; ending it once more is nothing. Bytes that were received before can
    /// still be read.
    ///
    /// # Errors
    /// `InvalidState` (never connected); `Unsupported` of datagrams.
    fn shutdown(&self, how: Shutdown) -> Result<()>;

    /// Has a connected stream end by a reset when it is dropped: what the peer has not taken is thrown away, and the peer is
    /// told that the connection was cut off, so that it does not take a part for the whole.
    ///
    /// # Errors
    /// `InvalidState` (never connected); `Unsupported` of datagrams, and where the system knows no reset.
    fn abort(&self) -> Result<()> {
        Err(crate::Code::Unsupported.into())
    }
}
