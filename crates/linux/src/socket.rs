//! Sockets, non-blocking from birth, of IPv4 or of IPv6 alone.
//!
//! The kernel keeps the state; beside it stands only what it would not tell, or tell later: whether a connection was
//! begun, and how it went.
//!
//! A stream socket is bound with `SO_REUSEADDR`, as the standard library does for listeners: else a server could not
//! start again while old connections linger in TIME_WAIT. On Linux this lets nobody take the port of a listener (socket(7));
//! two sockets that are bound and don't listen may share it, and the second to `listen` fails. Datagram sockets
//! are bound without, because there it would let them share.

mod options;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use callgate_system::{AddressFamily, Code, Error, Kind, Result, Shutdown, Socket, SocketOption};
use rustix::buffer::spare_capacity;
use rustix::fd::{AsFd as _, BorrowedFd, OwnedFd};
use rustix::io::Errno;
use rustix::net::{self, RecvFlags, SendFlags, SocketAddrAny, SocketFlags, SocketType};

use crate::descriptor::Descriptor;
use crate::error::{Portable as _, coded, portable};

/// One socket.
pub(crate) struct LinuxSocket {
    descriptor: Descriptor,
    kind: Kind,
    family: AddressFamily,
    stage: AtomicU8,
    /// The address that a datagram socket was bound to: its source address changes with a peer.
    bound: OnceLock<IpAddr>,
    /// The peer of a connected stream: the kernel forgets it with the connection.
    remote: OnceLock<SocketAddr>,
}

/// The progress of connecting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Stage {
    /// Nothing was begun.
    Apart,
    /// A stream under way.
    Connecting,
    /// A stream with a connection, or that had one; a datagram socket with a peer.
    Connected,
    /// A stream that found nobody.
    Failed,
}

const FLAGS: SocketFlags = SocketFlags::CLOEXEC.union(SocketFlags::NONBLOCK);

impl LinuxSocket {
    /// Makes one.
    pub(crate) fn new(kind: Kind, family: AddressFamily) -> Result<Self> {
        let domain = match family {
            AddressFamily::Ipv4 => net::AddressFamily::INET,
            AddressFamily::Ipv6 => net::AddressFamily::INET6,
        };
        let (carries, protocol) = match kind {
            Kind::Stream => (SocketType::STREAM, net::ipproto::TCP),
            Kind::Datagram => (SocketType::DGRAM, net::ipproto::UDP),
        };
        let fd = net::socket_with(domain, carries, FLAGS, Some(protocol)).map_err(no_socket)?;
        if family == AddressFamily::Ipv6 {
            net::sockopt::set_ipv6_v6only(&fd, true).portable()?;
        }
        Ok(Self::of(fd, kind, family))
    }

    fn of(fd: OwnedFd, kind: Kind, family: AddressFamily) -> Self {
        Self {
            descriptor: Descriptor::own(fd),
            kind,
            family,
            stage: AtomicU8::new(Stage::Apart as u8),
            bound: OnceLock::new(),
            remote: OnceLock::new(),
        }
    }

    /// The descriptor to wait for.
    pub(crate) fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    fn fd(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }

    /// Refuses calls of the other kind.
    fn only(&self, kind: Kind) -> Result<()> {
        if self.kind == kind { Ok(()) } else { Err(Code::Unsupported.into()) }
    }

    fn stage(&self) -> Stage {
        match self.stage.load(Ordering::Acquire) {
            0 => Stage::Apart,
            1 => Stage::Connecting,
            2 => Stage::Connected,
            _ => Stage::Failed,
        }
    }

    fn enter(&self, stage: Stage) {
        self.stage.store(stage as u8, Ordering::Release);
    }

    fn in_stage(&self, stage: Stage) -> Result<()> {
        if self.stage() == stage { Ok(()) } else { Err(Code::InvalidState.into()) }
    }

    /// The address on this side; that of a fresh socket has port 0.
    fn name(&self) -> Result<SocketAddr> {
        address(net::getsockname(self.fd()).portable()?)
    }

    fn connect_stream(&self, remote: SocketAddr) -> Result<()> {
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
        let (stage, result) = match net::connect(self.fd(), &remote) {
            // An interrupted connect goes on by itself (connect(2)).
            Ok(()) | Err(Errno::INPROGRESS | Errno::INTR) => return Ok(()),
            // It listens.
            Err(Errno::ISCONN) => (Stage::Apart, portable(Errno::ISCONN)),
            Err(errno) => (Stage::Failed, not_connected(errno)),
        };
        self.enter(stage);
        Err(result)
    }

    /// A second peer takes the place of the first only by way of none: the kernel would keep the source address, which
    /// may not fit.
    fn connect_datagram(&self, remote: SocketAddr) -> Result<()> {
        if self.stage() == Stage::Connected {
            self.disconnect()?;
        }
        match net::connect(self.fd(), &remote) {
            Ok(()) => {
                self.enter(Stage::Connected);
                Ok(())
            }
            Err(errno) => Err(not_connected(errno)),
        }
    }
}

impl Socket for LinuxSocket {
    fn kind(&self) -> Kind {
        self.kind
    }

    fn family(&self) -> AddressFamily {
        self.family
    }

    fn bind(&self, local: SocketAddr) -> Result<()> {
        self.family.check_local(self.kind, local)?;
        if self.kind == Kind::Stream {
            net::sockopt::set_socket_reuseaddr(self.fd(), true).portable()?;
        }
        match net::bind(self.fd(), &local) {
            Ok(()) => {
                let _ = self.bound.set(local.ip());
                Ok(())
            }
            // It has an address; or an address of one link came without the link.
            Err(Errno::INVAL) => {
                let code = if self.name()?.port() == 0 { Code::Invalid } else { Code::InvalidState };
                Err(coded(code, Errno::INVAL))
            }
            // No such link.
            Err(Errno::NODEV) => Err(coded(Code::AddressNotBindable, Errno::NODEV)),
            Err(errno) => Err(portable(errno)),
        }
    }

    fn connect(&self, remote: SocketAddr) -> Result<()> {
        self.family.check_remote(self.kind, remote)?;
        match self.kind {
            Kind::Stream => self.connect_stream(remote),
            Kind::Datagram => self.connect_datagram(remote),
        }
    }

    fn finish_connect(&self) -> Result<()> {
        self.only(Kind::Stream)?;
        if self.stage() != Stage::Connecting {
            return Err(Code::NotInProgress.into());
        }
        if let Err(errno) = net::sockopt::socket_error(self.fd()).portable()? {
            self.enter(Stage::Failed);
            return Err(not_connected(errno));
        }
        match net::getpeername(self.fd()) {
            Ok(Some(peer)) => {
                let _ = self.remote.set(address(peer)?);
                self.enter(Stage::Connected);
                Ok(())
            }
            // Also where it has just failed; then its error comes next.
            Ok(None) | Err(Errno::NOTCONN) => Err(Code::WouldBlock.into()),
            Err(errno) => Err(portable(errno)),
        }
    }

    fn disconnect(&self) -> Result<()> {
        self.only(Kind::Datagram)?;
        if self.stage() != Stage::Connected {
            return Ok(());
        }
        let port = self.name()?.port();
        net::connect_unspec(self.fd()).portable()?;
        // That nobody was there stays with the socket; it would be told as the next peer's refusal.
        let _ = net::sockopt::socket_error(self.fd()).portable()?;
        self.enter(Stage::Apart);
        if self.name()?.port() == port {
            return Ok(());
        }
        // A port that the kernel chose may go with the peer (`__udp_disconnect` keeps only one that was asked for by
        // number): take it again.
        let unspecified = match self.family {
            AddressFamily::Ipv4 => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            AddressFamily::Ipv6 => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
        };
        let bound = *self.bound.get().unwrap_or(&unspecified);
        net::bind(self.fd(), &SocketAddr::new(bound, port)).portable()
    }

    fn listen(&self, backlog: u32) -> Result<()> {
        self.only(Kind::Stream)?;
        self.in_stage(Stage::Apart)?;
        // The kernel would choose a port.
        self.local_address()?;
        match net::listen(self.fd(), i32::try_from(backlog.max(1)).unwrap_or(i32::MAX)) {
            Err(Errno::INVAL) => Err(coded(Code::InvalidState, Errno::INVAL)),
            result => result.portable(),
        }
    }

    fn accept(&self) -> Result<(Arc<dyn Socket>, SocketAddr)> {
        self.only(Kind::Stream)?;
        let (fd, peer) = again(|| net::acceptfrom_with(self.fd(), FLAGS)).map_err(not_accepted)?;
        let peer = address(peer.ok_or(Code::ConnectionAborted)?)?;
        let accepted = Self::of(fd, Kind::Stream, self.family);
        accepted.enter(Stage::Connected);
        let _ = accepted.remote.set(peer);
        Ok((Arc::new(accepted), peer))
    }

    fn receive(&self, buffer: &mut Vec<u8>) -> Result<usize> {
        self.only(Kind::Stream)?;
        self.in_stage(Stage::Connected)?;
        if buffer.len() == buffer.capacity() {
            return Ok(0);
        }
        let received = again(|| net::recv(self.fd(), spare_capacity(buffer), RecvFlags::empty()));
        received.map(|(length, _)| length).portable()
    }

    fn send(&self, buffer: &[u8]) -> Result<usize> {
        self.in_stage(Stage::Connected)?;
        if buffer.is_empty() && self.kind == Kind::Stream {
            return Ok(0);
        }
        again(|| net::send(self.fd(), buffer, SendFlags::NOSIGNAL)).portable()
    }

    fn receive_from(&self, buffer: &mut Vec<u8>) -> Result<(usize, SocketAddr)> {
        self.only(Kind::Datagram)?;
        let before = buffer.len();
        let room = buffer.capacity() - before;
        let received = if room == 0 {
            let mut none = [0; 1];
            again(|| net::recvfrom(self.fd(), &mut none[..], RecvFlags::TRUNC)).map(|(_, length, from)| (length, from))
        } else {
            let fill = || net::recvfrom(self.fd(), spare_capacity(buffer), RecvFlags::TRUNC);
            again(fill).map(|(_, length, from)| (length, from))
        };
        let (length, from) = received.portable()?;
        if length > room {
            buffer.truncate(before);
            return Err(Code::MessageSize.into());
        }
        Ok((length, address(from.ok_or(Code::Io)?)?))
    }

    fn send_to(&self, buffer: &[u8], remote: SocketAddr) -> Result<()> {
        self.only(Kind::Datagram)?;
        self.family.check_remote(self.kind, remote)?;
        // A message goes as a whole or not at all.
        again(|| net::sendto(self.fd(), buffer, SendFlags::NOSIGNAL, &remote)).map(drop).portable()
    }

    fn local_address(&self) -> Result<SocketAddr> {
        let name = self.name()?;
        if name.port() == 0 { Err(Code::InvalidState.into()) } else { Ok(name) }
    }

    fn remote_address(&self) -> Result<SocketAddr> {
        self.in_stage(Stage::Connected)?;
        match (self.kind, self.remote.get()) {
            (Kind::Stream, Some(remote)) => Ok(*remote),
            _ => address(net::getpeername(self.fd()).portable()?.ok_or(Code::InvalidState)?),
        }
    }

    fn option(&self, option: SocketOption) -> Result<u64> {
        self.has(option)?;
        options::get(self.fd(), self.family, option)
    }

    fn set_option(&self, option: SocketOption, value: u64) -> Result<()> {
        self.has(option)?;
        options::set(self.fd(), self.family, option, value)
    }

    fn shutdown(&self, how: Shutdown) -> Result<()> {
        self.only(Kind::Stream)?;
        self.in_stage(Stage::Connected)?;
        let how = match how {
            Shutdown::Receive => net::Shutdown::Read,
            Shutdown::Send => net::Shutdown::Write,
            Shutdown::Both => net::Shutdown::Both,
        };
        match net::shutdown(self.fd(), how) {
            // The connection is gone, and both directions with it.
            Err(Errno::NOTCONN) => Ok(()),
            result => result.portable(),
        }
    }

    fn abort(&self) -> Result<()> {
        self.only(Kind::Stream)?;
        self.in_stage(Stage::Connected)?;
        // socket(7): with no time to linger, closing is a reset.
        net::sockopt::set_socket_linger(self.fd(), Some(Duration::ZERO)).portable()
    }
}

impl LinuxSocket {
    fn has(&self, option: SocketOption) -> Result<()> {
        if option.is_of_streams() { self.only(Kind::Stream) } else { Ok(()) }
    }
}

/// Repeats what a signal interrupts.
#[inline]
fn again<T>(mut call: impl FnMut() -> rustix::io::Result<T>) -> rustix::io::Result<T> {
    loop {
        match call() {
            Err(Errno::INTR) => {}
            result => return result,
        }
    }
}

/// An address of the two families there are here.
fn address(any: SocketAddrAny) -> Result<SocketAddr> {
    SocketAddr::try_from(any).portable()
}

/// No descriptor left is no socket left, to this interface.
fn no_socket(errno: Errno) -> Error {
    match errno {
        Errno::MFILE | Errno::NFILE => coded(Code::NewSocketLimit, errno),
        _ => portable(errno),
    }
}

/// Translates an error of connect(2), which says `EADDRNOTAVAIL` when no port is free.
fn not_connected(errno: Errno) -> Error {
    match errno {
        Errno::ADDRNOTAVAIL | Errno::AGAIN => coded(Code::AddressInUse, errno),
        _ => portable(errno),
    }
}

/// Translates an error of accept(2). Two kinds have a meaning of their own there: the socket doesn't listen, or the connection is
/// gone. In the second case accept(2) asks for a retry.
fn not_accepted(errno: Errno) -> Error {
    match errno {
        Errno::INVAL => coded(Code::InvalidState, errno),
        Errno::PROTO
        | Errno::NETDOWN
        | Errno::NOPROTOOPT
        | Errno::HOSTDOWN
        | Errno::NONET
        | Errno::HOSTUNREACH
        | Errno::OPNOTSUPP
        | Errno::NETUNREACH
        | Errno::CONNRESET
        | Errno::TIMEDOUT => coded(Code::ConnectionAborted, errno),
        _ => no_socket(errno),
    }
}

#[cfg(test)]
mod tests;
