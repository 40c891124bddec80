//! The numbers of keep-alive: the system keeps them.

use std::io;
use std::time::Duration;

use socket2::{Socket, TcpKeepalive};

/// What isn't kept in the socket itself: nothing.
pub(crate) struct KeepAlive;

#[allow(clippy::unused_self, reason = "elsewhere the numbers are kept here")]
impl KeepAlive {
    /// Those of a new socket.
    pub(crate) fn new() -> Self {
        Self
    }

    /// How long a connection is idle before the first probe.
    pub(crate) fn time(&self, socket: &Socket) -> io::Result<Duration> {
        socket.tcp_keepalive_time()
    }

    /// The time between two probes.
    pub(crate) fn interval(&self, socket: &Socket) -> io::Result<Duration> {
        socket.tcp_keepalive_interval()
    }

    /// How many probes go unanswered.
    pub(crate) fn count(&self, socket: &Socket) -> io::Result<u32> {
        socket.tcp_keepalive_retries()
    }

    pub(crate) fn set_time(&self, socket: &Socket, time: Duration) -> io::Result<()> {
        socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(time))
    }

    pub(crate) fn set_interval(&self, socket: &Socket, interval: Duration) -> io::Result<()> {
        socket.set_tcp_keepalive(&TcpKeepalive::new().with_interval(interval))
    }

    pub(crate) fn set_count(&self, socket: &Socket, count: u32) -> io::Result<()> {
        socket.set_tcp_keepalive(&TcpKeepalive::new().with_retries(count))
    }

    /// The numbers of an accepted socket, from its listener's.
    #[allow(clippy::unnecessary_wraps, reason = "elsewhere they have to be set")]
    pub(crate) fn accepted(&self, _socket: &Socket) -> io::Result<Self> {
        Ok(Self)
    }
}
