//! The other ends of the sockets under test: the host's own, on loopback, or, where the system has a network that the host
//! is not in, sockets of the system itself. They have the names and the calls of `std::net`, and wait as those do.
//!
//! A system whose time is virtual counts its waiters as its guests, and lets time pass when all of them wait. So a case
//! with several threads makes each a guest with [`Guest`], before the first of them waits.

use std::cell::RefCell;
use std::io::{Error, ErrorKind, Read, Result, Write};
use std::net::{self, Shutdown, SocketAddr};
use std::sync::Arc;
use std::thread::{Scope, ScopedJoinHandle};

use callgate_system::{AddressFamily, Code, Interest, Kind, Socket, System, Waiter};

use super::net::BOUND;
use crate::Peers;
use crate::stage::Stage;

thread_local! {
    /// This thread's own, where it is a guest.
    static WAITER: RefCell<Option<Box<dyn Waiter>>> = const { RefCell::new(None) };
}

/// Makes this thread a guest of the system, until dropped: what it waits for, it waits for with one waiter.
pub(super) struct Guest(());

impl Guest {
    pub(super) fn enter(system: &dyn System) -> Self {
        Self::with(system.waiter())
    }

    fn with(waiter: Box<dyn Waiter>) -> Self {
        WAITER.set(Some(waiter));
        Self(())
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        WAITER.set(None);
    }
}

/// Runs `work` on a thread of its own, which is a guest from now on.
pub(super) fn spawn<'scope, T: Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    stage: &Stage<'_>,
    work: impl FnOnce() -> T + Send + 'scope,
) -> ScopedJoinHandle<'scope, T> {
    let waiter = stage.system.waiter();
    scope.spawn(|| {
        let _guest = Guest::with(waiter);
        work()
    })
}

/// Waits for one thing, no longer than [`BOUND`]; whether it came.
pub(super) fn comes(system: &dyn System, interest: &Interest) -> callgate_system::Result<bool> {
    let until = system.clock().monotonic() + BOUND.as_nanos() as u64;
    let mut ready = Vec::new();
    WAITER.with_borrow_mut(|own| match own {
        Some(waiter) => waiter.wait(&[interest], Some(until), &mut ready),
        None => system.waiter().wait(&[interest], Some(until), &mut ready),
    })?;
    Ok(!ready.is_empty())
}

/// A socket of the system.
pub(super) struct Own<'a> {
    system: &'a dyn System,
    socket: Arc<dyn Socket>,
}

impl<'a> Own<'a> {
    fn new(system: &'a dyn System, kind: Kind, address: SocketAddr) -> Result<Self> {
        let socket = system.network().socket(kind, AddressFamily::of(address.ip())).map_err(Error::other)?;
        Ok(Self { system, socket })
    }

    fn bound(system: &'a dyn System, kind: Kind, address: SocketAddr) -> Result<Self> {
        let own = Self::new(system, kind, address)?;
        own.socket.bind(address).map_err(Error::other)?;
        Ok(own)
    }

    fn local_addr(&self) -> Result<SocketAddr> {
        self.socket.local_address().map_err(Error::other)
    }

    /// The first answer of `call` that is anything but `WouldBlock`.
    fn once<T>(&self, is_sending: bool, mut call: impl FnMut() -> callgate_system::Result<T>) -> Result<T> {
        let interest = if is_sending { Interest::Sendable } else { Interest::Receivable };
        loop {
            match call() {
                Err(error) if error.code == Code::WouldBlock => {}
                result => return result.map_err(as_the_host),
            }
            if !comes(self.system, &interest(self.socket.clone())).map_err(Error::other)? {
                return Err(Error::other("nothing came"));
            }
        }
    }
}

pub(super) enum TcpListener<'a> {
    Host(net::TcpListener),
    Own(Own<'a>),
}

impl<'a> TcpListener<'a> {
    pub(super) fn bind(stage: &Stage<'a>, address: SocketAddr) -> Result<Self> {
        match stage.peers {
            Peers::Host => net::TcpListener::bind(address).map(Self::Host),
            Peers::System => {
                let own = Own::bound(stage.system, Kind::Stream, address)?;
                own.socket.listen(128).map_err(Error::other)?;
                Ok(Self::Own(own))
            }
        }
    }

    pub(super) fn local_addr(&self) -> Result<SocketAddr> {
        match self {
            Self::Host(listener) => listener.local_addr(),
            Self::Own(own) => own.local_addr(),
        }
    }

    pub(super) fn accept(&self) -> Result<(TcpStream<'a>, SocketAddr)> {
        match self {
            Self::Host(listener) => listener.accept().map(|(stream, from)| (TcpStream::Host(stream), from)),
            Self::Own(own) => {
                let (socket, from) = own.once(false, || own.socket.accept())?;
                Ok((TcpStream::Own(Own { system: own.system, socket }), from))
            }
        }
    }
}

pub(super) enum TcpStream<'a> {
    Host(net::TcpStream),
    Own(Own<'a>),
}

impl<'a> TcpStream<'a> {
    pub(super) fn connect(stage: &Stage<'a>, address: SocketAddr) -> Result<Self> {
        match stage.peers {
            Peers::Host => net::TcpStream::connect(address).map(Self::Host),
            Peers::System => {
                let own = Own::new(stage.system, Kind::Stream, address)?;
                own.socket.connect(address).map_err(Error::other)?;
                own.once(true, || own.socket.finish_connect())?;
                Ok(Self::Own(own))
            }
        }
    }

    /// Waits no longer than [`BOUND`]; one of the system's never does.
    pub(super) fn bound_waits(&self) -> Result<()> {
        match self {
            Self::Host(stream) => {
                stream.set_read_timeout(Some(BOUND)).and_then(|()| stream.set_write_timeout(Some(BOUND)))
            }
            Self::Own(_) => Ok(()),
        }
    }

    pub(super) fn local_addr(&self) -> Result<SocketAddr> {
        match self {
            Self::Host(stream) => stream.local_addr(),
            Self::Own(own) => own.local_addr(),
        }
    }

    pub(super) fn peer_addr(&self) -> Result<SocketAddr> {
        match self {
            Self::Host(stream) => stream.peer_addr(),
            Self::Own(own) => own.socket.remote_address().map_err(Error::other),
        }
    }

    /// Waits until there is something to read, and leaves it there.
    pub(super) fn peek(&self) -> Result<()> {
        match self {
            Self::Host(stream) => stream.peek(&mut [0]).map(drop),
            Self::Own(own) => {
                match comes(own.system, &Interest::Receivable(own.socket.clone())).map_err(Error::other)? {
                    true => Ok(()),
                    false => Err(Error::other("nothing came")),
                }
            }
        }
    }

    /// Ends sending.
    pub(super) fn shutdown_write(&self) -> Result<()> {
        match self {
            Self::Host(stream) => stream.shutdown(Shutdown::Write),
            Self::Own(own) => own.socket.shutdown(callgate_system::Shutdown::Send).map_err(Error::other),
        }
    }
}

impl Read for TcpStream<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        match self {
            Self::Host(stream) => stream.read(buffer),
            Self::Own(own) => {
                let mut bytes = Vec::with_capacity(buffer.len());
                let length = own.once(false, || own.socket.receive(&mut bytes))?.min(buffer.len());
                buffer[..length].copy_from_slice(&bytes[..length]);
                Ok(length)
            }
        }
    }
}

impl Write for TcpStream<'_> {
    fn write(&mut self, buffer: &[u8]) -> Result<usize> {
        match self {
            Self::Host(stream) => stream.write(buffer),
            Self::Own(own) => own.once(true, || own.socket.send(buffer)),
        }
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}

pub(super) enum UdpSocket<'a> {
    Host(net::UdpSocket),
    Own(Own<'a>),
}

impl<'a> UdpSocket<'a> {
    pub(super) fn bind(stage: &Stage<'a>, address: SocketAddr) -> Result<Self> {
        match stage.peers {
            Peers::Host => {
                let socket = net::UdpSocket::bind(address)?;
                socket.set_read_timeout(Some(BOUND))?;
                Ok(Self::Host(socket))
            }
            Peers::System => Own::bound(stage.system, Kind::Datagram, address).map(Self::Own),
        }
    }

    pub(super) fn local_addr(&self) -> Result<SocketAddr> {
        match self {
            Self::Host(socket) => socket.local_addr(),
            Self::Own(own) => own.local_addr(),
        }
    }

    pub(super) fn connect(&self, address: SocketAddr) -> Result<()> {
        match self {
            Self::Host(socket) => socket.connect(address),
            Self::Own(own) => own.socket.connect(address).map_err(Error::other),
        }
    }

    pub(super) fn send_to(&self, bytes: &[u8], address: SocketAddr) -> Result<usize> {
        match self {
            Self::Host(socket) => socket.send_to(bytes, address),
            Self::Own(own) => own.once(true, || own.socket.send_to(bytes, address)).map(|()| bytes.len()),
        }
    }

    /// The next message, and from whom.
    pub(super) fn receive(&self) -> Result<(Vec<u8>, SocketAddr)> {
        let mut bytes = vec![0; 65_536];
        let (length, from) = match self {
            Self::Host(socket) => socket.recv_from(&mut bytes)?,
            Self::Own(own) => own.once(false, || {
                bytes.clear();
                own.socket.receive_from(&mut bytes)
            })?,
        };
        bytes.truncate(length);
        Ok((bytes, from))
    }
}

/// An error in the words of the host's sockets, as far as a case asks for them.
fn as_the_host(error: callgate_system::Error) -> Error {
    match error.code {
        Code::ConnectionReset => Error::new(ErrorKind::ConnectionReset, error),
        _ => Error::other(error),
    }
}
