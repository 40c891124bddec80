//! Sockets, non-blocking from birth, of IPv4 or of IPv6 alone: made by socket2, given their addresses through the pool.
//!
//! The state of a socket is kept here, because systems answer a call that doesn't fit the state each in its own way. The system
//! keeps what it alone knows: addresses, connections, errors.
//!
//! A stream socket is bound with `SO_REUSEADDR` on Unix, as the standard library does for listeners: else a server could
//! not start again while old connections linger in TIME_WAIT. Datagram sockets are bound without, because there it would let
//! them share.

mod options;

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use callgate_system::{AddressFamily, Code, Error, Kind, Result, Shutdown, Socket, SocketOption};
use cap_net_ext::{PoolExt as _, TcpListenerExt as _};
use cap_std::net::{Pool, TcpListener, UdpSocket};
use rustix::buffer::spare_capacity;
use rustix::fd::{AsFd as _, BorrowedFd};
use rustix::net::RecvFlags;
use socket2::{Domain, Protocol, SockRef, Type};

use crate::error::{Portable as _, again, coded, portable};
use crate::os;

/// One socket.
pub(crate) struct PortableSocket {
    handle: Handle,
    family: AddressFamily,
    pool: Arc<Pool>,
    stage: AtomicU8,
    /// The address that a datagram socket was bound to: its source address changes with a peer.
    bound: OnceLock<IpAddr>,
    /// The peer of a connected stream: the system forgets it with the connection.
    remote: OnceLock<SocketAddr>,
    /// True once receiving was ended on this side.
    ended: AtomicBool,
    keep_alive: os::KeepAlive,
}

/// A socket as cap-std has it; a `TcpListener` is any stream.
enum Handle {
    Stream(TcpListener),
    Datagram(UdpSocket),
}

/// The stage of a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Stage {
    /// Nothing was begun.
    Apart,
    /// A stream that accepts.
    Listening,
    /// A stream under way.
    Connecting,
    /// A stream with a connection, or that had one; a datagram socket with a peer.
    Connected,
    /// A stream that found nobody.
    Failed,
}

/// The longest message there is.
const LONGEST_MESSAGE: usize = 65_535;

impl PortableSocket {
    /// Makes one.
    pub(crate) fn new(pool: &Arc<Pool>, kind: Kind, family: AddressFamily) -> Result<Self> {
        let domain = match family {
            AddressFamily::Ipv4 => Domain::IPV4,
            AddressFamily::Ipv6 => Domain::IPV6,
        };
        let (carries, protocol) = match kind {
            Kind::Stream => (Type::STREAM, Protocol::TCP),
            Kind::Datagram => (Type::DGRAM, Protocol::UDP),
        };
        let socket = socket2::Socket::new(domain, carries, Some(protocol)).map_err(no_socket)?;
        if family == AddressFamily::Ipv6 {
            socket.set_only_v6(true).portable()?;
        }
        Self::of(socket, kind, family, pool)
    }

    fn of(socket: socket2::Socket, kind: Kind, family: AddressFamily, pool: &Arc<Pool>) -> Result<Self> {
        socket.set_nonblocking(true).portable()?;
        let handle = match kind {
            Kind::Stream => Handle::Stream(TcpListener::from_std(socket.into())),
            Kind::Datagram => Handle::Datagram(UdpSocket::from_std(socket.into())),
        };
        Ok(Self {
            handle,
            family,
            pool: Arc::clone(pool),
            stage: AtomicU8::new(Stage::Apart as u8),
            bound: OnceLock::new(),
            remote: OnceLock::new(),
            ended: AtomicBool::new(false),
            keep_alive: os::KeepAlive::new(),
        })
    }

    /// The descriptor to poll; `None` where a wait is over at once, as for a stream that has nothing to wait for.
    pub(crate) fn pollable(&self) -> Option<BorrowedFd<'_>> {
        let idle = matches!(self.stage(), Stage::Apart | Stage::Failed) && self.kind() == Kind::Stream;
        if idle { None } else { Some(self.fd()) }
    }

    /// The same, to receive.
    pub(crate) fn pollable_to_receive(&self) -> Option<BorrowedFd<'_>> {
        if self.ended.load(Ordering::Acquire) { None } else { self.pollable() }
    }

    fn fd(&self) -> BorrowedFd<'_> {
        match &self.handle {
            Handle::Stream(stream) => stream.as_fd(),
            Handle::Datagram(socket) => socket.as_fd(),
        }
    }

    fn socket(&self) -> SockRef<'_> {
        match &self.handle {
            Handle::Stream(stream) => SockRef::from(stream),
            Handle::Datagram(socket) => SockRef::from(socket),
        }
    }

    /// Refuses datagram sockets.
    fn stream(&self) -> Result<&TcpListener> {
        match &self.handle {
            Handle::Stream(stream) => Ok(stream),
            Handle::Datagram(_) => Err(Code::Unsupported.into()),
        }
    }

    /// Refuses streams.
    fn datagram(&self) -> Result<&UdpSocket> {
        match &self.handle {
            Handle::Datagram(socket) => Ok(socket),
            Handle::Stream(_) => Err(Code::Unsupported.into()),
        }
    }

    fn stage(&self) -> Stage {
        match self.stage.load(Ordering::Acquire) {
            0 => Stage::Apart,
            1 => Stage::Listening,
            2 => Stage::Connecting,
            3 => Stage::Connected,
            _ => Stage::Failed,
        }
    }

    fn enter(&self, stage: Stage) {
        self.stage.store(stage as u8, Ordering::Release);
    }

    fn in_stage(&self, stage: Stage) -> Result<()> {
        if self.stage() == stage { Ok(()) } else { Err(Code::InvalidState.into()) }
    }

    /// The address on this side; `None` where there is none.
    fn name(&self) -> Result<Option<SocketAddr>> {
        match self.socket().local_addr().portable() {
            Ok(name) => Ok(name.as_socket().filter(|name| name.port() != 0)),
            // So says Windows of a fresh one.
            Err(error) if error.code == Code::Invalid => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn bind_to(&self, local: SocketAddr) -> Result<()> {
        match &self.handle {
            Handle::Stream(stream) => self.pool.bind_existing_tcp_listener(stream, local).portable(),
            Handle::Datagram(socket) => self.pool.bind_existing_udp_socket(socket, local).portable(),
        }
    }

    fn connect_stream(&self, stream: &TcpListener, remote: SocketAddr) -> Result<()> {
        // Of two threads that try, one begins.
        let begun = self.stage.compare_exchange(
            Stage::Apart as u8,
            Stage::Connecting as u8,
            Ordering::AcqRel,
            Ordering::Acquire,
        );
        match begun {
            Ok(_) => {}
            Err(stage) if stage == Stage::Connecting as u8 => return Err(Code::Already.into()),
            Err(_) => return Err(Code::InvalidState.into()),
        }
        match self.pool.connect_existing_tcp_listener(stream, remote).portable() {
            Ok(()) => Ok(()),
            Err(error) if os::UNDER_WAY.contains(&error.code) => Ok(()),
            Err(error) => {
                self.enter(Stage::Failed);
                Err(not_connected(error))
            }
        }
    }

    /// A second peer takes the place of the first only by way of none: the system would keep the source address, which may
    /// not fit.
    fn connect_datagram(&self, socket: &UdpSocket, remote: SocketAddr) -> Result<()> {
        if self.stage() == Stage::Connected {
            self.disconnect()?;
        }
        self.pool.connect_existing_udp_socket(socket, remote).portable().map_err(not_connected)?;
        self.enter(Stage::Connected);
        Ok(())
    }

    /// The result of `call`, which receives or sends a message. Windows resets a datagram socket by an earlier message that found
    /// nobody, even on a socket without a peer. There the reset is passed over: the message may have been anybody's, and the call that
    /// reported the reset has taken it away.
    fn passed<T>(&self, mut call: impl FnMut() -> io::Result<T>) -> Result<T> {
        loop {
            match again(&mut call).portable() {
                Err(error) if error.code != Code::ConnectionReset => return Err(error),
                Err(error) if self.stage() == Stage::Connected => return Err(coded(Code::ConnectionRefused, error)),
                Err(_) => {}
                Ok(value) => return Ok(value),
            }
        }
    }

    fn has(&self, option: SocketOption) -> Result<()> {
        if option.is_of_streams() { self.stream().map(drop) } else { Ok(()) }
    }
}

impl Socket for PortableSocket {
    fn kind(&self) -> Kind {
        match self.handle {
            Handle::Stream(_) => Kind::Stream,
            Handle::Datagram(_) => Kind::Datagram,
        }
    }

    fn family(&self) -> AddressFamily {
        self.family
    }

    fn bind(&self, local: SocketAddr) -> Result<()> {
        self.family.check_local(self.kind(), local)?;
        if self.name()?.is_some() {
            return Err(Code::InvalidState.into());
        }
        match self.bind_to(local) {
            Ok(()) => {
                let _ = self.bound.set(local.ip());
                Ok(())
            }
            // It got an address meanwhile; or an address of one link came without the link.
            Err(error) if error.code == Code::Invalid && self.name()?.is_some() => {
                Err(coded(Code::InvalidState, error))
            }
            // No such link.
            Err(error) if error.code == Code::NoDevice => Err(coded(Code::AddressNotBindable, error)),
            Err(error) => Err(error),
        }
    }

    fn connect(&self, remote: SocketAddr) -> Result<()> {
        self.family.check_remote(self.kind(), remote)?;
        match &self.handle {
            Handle::Stream(stream) => self.connect_stream(stream, remote),
            Handle::Datagram(socket) => self.connect_datagram(socket, remote),
        }
    }

    fn finish_connect(&self) -> Result<()> {
        self.stream()?;
        if self.stage() != Stage::Connecting {
            return Err(Code::NotInProgress.into());
        }
        if let Some(error) = self.socket().take_error().portable()? {
            self.enter(Stage::Failed);
            return Err(not_connected(portable(error)));
        }
        match self.socket().peer_addr().portable() {
            Ok(peer) => {
                let _ = self.remote.set(peer.as_socket().ok_or(Code::Io)?);
                self.enter(Stage::Connected);
                Ok(())
            }
            // Also where it has just failed; then its error comes next.
            Err(error) if error.code == Code::InvalidState => Err(coded(Code::WouldBlock, error)),
            Err(error) => Err(error),
        }
    }

    fn disconnect(&self) -> Result<()> {
        self.datagram()?;
        if self.stage() != Stage::Connected {
            return Ok(());
        }
        let port = self.name()?.map_or(0, |name| name.port());
        os::disconnect(&self.socket(), self.family).portable()?;
        // That nobody was there stays with the socket; it would be told as the next peer's refusal.
        self.socket().take_error().portable()?;
        self.enter(Stage::Apart);
        if self.name()?.is_some_and(|name| name.port() == port) {
            return Ok(());
        }
        // A port that the system chose may go with the peer: take it again.
        let unspecified = match self.family {
            AddressFamily::Ipv4 => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            AddressFamily::Ipv6 => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
        };
        self.bind_to(SocketAddr::new(*self.bound.get().unwrap_or(&unspecified), port))
    }

    fn listen(&self, backlog: u32) -> Result<()> {
        let stream = self.stream()?;
        if !matches!(self.stage(), Stage::Apart | Stage::Listening) {
            return Err(Code::InvalidState.into());
        }
        // The system would choose a port.
        self.local_address()?;
        stream.listen(Some(i32::try_from(backlog.max(1)).unwrap_or(i32::MAX))).portable()?;
        self.enter(Stage::Listening);
        Ok(())
    }

    fn accept(&self) -> Result<(Arc<dyn Socket>, SocketAddr)> {
        self.stream()?;
        self.in_stage(Stage::Listening)?;
        let (socket, peer) = again(|| self.socket().accept()).map_err(not_accepted)?;
        // Without an address, it was gone before.
        let peer = peer.as_socket().ok_or(Code::ConnectionAborted)?;
        let keep_alive = self.keep_alive.accepted(&socket).portable()?;
        let accepted = Self { keep_alive, ..Self::of(socket, Kind::Stream, self.family, &self.pool)? };
        accepted.enter(Stage::Connected);
        let _ = accepted.remote.set(peer);
        Ok((Arc::new(accepted), peer))
    }

    fn receive(&self, buffer: &mut Vec<u8>) -> Result<usize> {
        self.stream()?;
        self.in_stage(Stage::Connected)?;
        if buffer.len() == buffer.capacity() {
            return Ok(0);
        }
        let receive = || Ok(rustix::net::recv(self.fd(), spare_capacity(buffer), RecvFlags::empty())?);
        match again(receive).map(|(length, _)| length).portable() {
            Err(error) if error.code == Code::WouldBlock && self.ended.load(Ordering::Acquire) => Ok(0),
            result => result,
        }
    }

    fn send(&self, buffer: &[u8]) -> Result<usize> {
        self.in_stage(Stage::Connected)?;
        if buffer.is_empty() && self.kind() == Kind::Stream {
            return Ok(0);
        }
        let send = || Ok(rustix::net::send(self.fd(), buffer, os::SEND)?);
        if self.kind() == Kind::Datagram { self.passed(send) } else { again(send).portable() }
    }

    fn receive_from(&self, buffer: &mut Vec<u8>) -> Result<(usize, SocketAddr)> {
        self.datagram()?;
        let room = buffer.capacity() - buffer.len();
        // One byte more than there is room for tells a message that is too long.
        let mut message = Vec::with_capacity(room.min(LONGEST_MESSAGE) + 1);
        let receive = || Ok(rustix::net::recvfrom(self.fd(), spare_capacity(&mut message), RecvFlags::empty())?);
        let (_, length, from) = match self.passed(receive) {
            // Without an address nothing can come.
            Err(error) if error.code == Code::Invalid && self.name()?.is_none() => {
                return Err(coded(Code::WouldBlock, error));
            }
            received => received?,
        };
        if length > room {
            return Err(Code::MessageSize.into());
        }
        buffer.extend_from_slice(&message);
        let from = SocketAddr::try_from(from.ok_or(Code::Io)?).portable()?;
        Ok((message.len(), from))
    }

    fn send_to(&self, buffer: &[u8], remote: SocketAddr) -> Result<()> {
        let socket = self.datagram()?;
        self.family.check_remote(Kind::Datagram, remote)?;
        // A message goes as a whole or not at all.
        self.passed(|| self.pool.send_to_udp_socket_addr(socket, buffer, remote)).map(drop)
    }

    fn local_address(&self) -> Result<SocketAddr> {
        Ok(self.name()?.ok_or(Code::InvalidState)?)
    }

    fn remote_address(&self) -> Result<SocketAddr> {
        self.in_stage(Stage::Connected)?;
        match (&self.handle, self.remote.get()) {
            (Handle::Stream(_), Some(remote)) => Ok(*remote),
            _ => Ok(self.socket().peer_addr().portable()?.as_socket().ok_or(Code::InvalidState)?),
        }
    }

    fn option(&self, option: SocketOption) -> Result<u64> {
        self.has(option)?;
        options::get(self, option)
    }

    fn set_option(&self, option: SocketOption, value: u64) -> Result<()> {
        self.has(option)?;
        options::set(self, option, value)
    }

    fn shutdown(&self, how: Shutdown) -> Result<()> {
        self.stream()?;
        self.in_stage(Stage::Connected)?;
        let how = match how {
            Shutdown::Receive => std::net::Shutdown::Read,
            Shutdown::Send => std::net::Shutdown::Write,
            Shutdown::Both => std::net::Shutdown::Both,
        };
        if how != std::net::Shutdown::Write {
            self.ended.store(true, Ordering::Release);
        }
        match os::shutdown(&self.socket(), how).portable() {
            // The connection is gone, and both directions with it.
            Err(error) if error.code == Code::InvalidState => Ok(()),
            result => result,
        }
    }

    fn abort(&self) -> Result<()> {
        self.stream()?;
        self.in_stage(Stage::Connected)?;
        // With no time to linger, closing is a reset.
        self.socket().set_linger(Some(Duration::ZERO)).portable()
    }
}

/// No descriptor left is no socket left, to this interface.
fn no_socket(error: io::Error) -> Error {
    match portable(error) {
        error if os::is_handle_limit(error) => coded(Code::NewSocketLimit, error),
        error => error,
    }
}

/// Translates an error of connecting. Without a free port, the system says that the address is not available (connect(2)).
fn not_connected(error: Error) -> Error {
    match error.code {
        Code::AddressNotBindable | Code::WouldBlock => coded(Code::AddressInUse, error),
        _ => error,
    }
}

/// Translates an error of accepting. Two kinds have a meaning of their own there: the socket doesn't listen, or the connection is
/// gone. In the second case accept(2) asks for a retry.
fn not_accepted(error: io::Error) -> Error {
    let error = no_socket(error);
    match error.code {
        Code::Invalid => coded(Code::InvalidState, error),
        Code::RemoteUnreachable | Code::Unsupported | Code::ConnectionReset | Code::Timeout => {
            coded(Code::ConnectionAborted, error)
        }
        _ => error,
    }
}
