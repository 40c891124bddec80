//! The channel of a waker: a datagram socket that talks to itself, because only sockets can be polled.

use std::io;
use std::net::{Ipv4Addr, UdpSocket};

use rustix::fd::{AsFd as _, BorrowedFd};

/// Both ends.
pub(crate) struct Channel {
    socket: UdpSocket,
}

impl Channel {
    pub(crate) fn new() -> io::Result<Self> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        // From nobody else.
        socket.connect(socket.local_addr()?)?;
        socket.set_nonblocking(true)?;
        Ok(Self { socket })
    }

    /// Puts a message in, where there is none.
    pub(crate) fn put(&self) {
        let _ = self.socket.send(&[0]);
    }

    /// Takes the message out, where there is one.
    pub(crate) fn take(&self) {
        let _ = self.socket.recv(&mut [0; 1]);
    }

    pub(crate) fn fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}
