//! The numbers of keep-alive: the system keeps them.
//!
//! Hazard: `set_tcp_keepalive` of socket2 turns keep-alive on, too; so each number is set by itself.

use std::io;
use std::time::Duration;

use rustix::net::sockopt;
use socket2::Socket;

/// The data kept outside of the socket itself: none.
pub(crate) struct KeepAlive;

#[allow(clippy::unused_self, reason = "elsewhere the numbers are kept here")]
impl KeepAlive {
    /// Those of a new socket.
    pub(crate) fn new() -> Self {
        Self
    }

    /// The idle time of a connection before the first probe.
    pub(crate) fn time(&self, socket: &Socket) -> io::Result<Duration> {
        socket.tcp_keepalive_time()
    }

    /// The time between two probes.
    pub(crate) fn interval(&self, socket: &Socket) -> io::Result<Duration> {
        socket.tcp_keepalive_interval()
    }

    /// The number of probes that go unanswered before the connection counts as lost.
    pub(crate) fn count(&self, socket: &Socket) -> io::Result<u32> {
        socket.tcp_keepalive_retries()
    }

    pub(crate) fn set_time(&self, socket: &Socket, time: Duration) -> io::Result<()> {
        Ok(sockopt::set_tcp_keepidle(socket, time)?)
    }

    pub(crate) fn set_interval(&self, socket: &Socket, interval: Duration) -> io::Result<()> {
        Ok(sockopt::set_tcp_keepintvl(socket, interval)?)
    }

    pub(crate) fn set_count(&self, socket: &Socket, count: u32) -> io::Result<()> {
        Ok(sockopt::set_tcp_keepcnt(socket, count)?)
    }

    /// The numbers of an accepted socket, from its listener's.
    #[allow(clippy::unnecessary_wraps, reason = "elsewhere they have to be set")]
    pub(crate) fn accepted(&self, _socket: &Socket) -> io::Result<Self> {
        Ok(Self)
    }
}
