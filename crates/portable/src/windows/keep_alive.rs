//! The numbers of keep-alive: they can be set, and not asked for; so they are kept here. The number of probes is the system's
//! own before Windows 10 1703, which knows no `TCP_KEEPCNT`; what was set is kept all the same.
//!
//! Hazard: setting them turns keep-alive on (`SIO_KEEPALIVE_VALS`), so it is turned back to what it was.

use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use socket2::{Socket, TcpKeepalive};

/// There is no such option.
const WSAENOPROTOOPT: i32 = 10_042;

/// The numbers of one socket.
pub(crate) struct KeepAlive {
    numbers: Mutex<Numbers>,
}

#[derive(Clone, Copy, PartialEq)]
struct Numbers {
    time: Duration,
    interval: Duration,
    count: u32,
}

/// The numbers that Windows begins with ("SIO_KEEPALIVE_VALS control code").
impl Default for Numbers {
    fn default() -> Self {
        Self { time: Duration::from_secs(7_200), interval: Duration::from_secs(1), count: 10 }
    }
}

impl KeepAlive {
    /// Those of a new socket.
    pub(crate) fn new() -> Self {
        Self { numbers: Mutex::default() }
    }

    /// The idle time of a connection before the first probe.
    #[allow(clippy::unnecessary_wraps, reason = "elsewhere the system is asked")]
    pub(crate) fn time(&self, _socket: &Socket) -> io::Result<Duration> {
        Ok(self.numbers().time)
    }

    /// The time between two probes.
    #[allow(clippy::unnecessary_wraps, reason = "elsewhere the system is asked")]
    pub(crate) fn interval(&self, _socket: &Socket) -> io::Result<Duration> {
        Ok(self.numbers().interval)
    }

    /// The number of probes that go unanswered before the connection counts as lost.
    #[allow(clippy::unnecessary_wraps, reason = "elsewhere the system is asked")]
    pub(crate) fn count(&self, _socket: &Socket) -> io::Result<u32> {
        Ok(self.numbers().count)
    }

    pub(crate) fn set_time(&self, socket: &Socket, time: Duration) -> io::Result<()> {
        self.set(socket, |numbers| numbers.time = time)
    }

    pub(crate) fn set_interval(&self, socket: &Socket, interval: Duration) -> io::Result<()> {
        self.set(socket, |numbers| numbers.interval = interval)
    }

    pub(crate) fn set_count(&self, socket: &Socket, count: u32) -> io::Result<()> {
        self.set(socket, |numbers| numbers.count = count)
    }

    /// The numbers of an accepted socket, from its listener's.
    pub(crate) fn accepted(&self, socket: &Socket) -> io::Result<Self> {
        let (own, numbers) = (Self::new(), *self.numbers());
        if numbers != Numbers::default() {
            own.set(socket, |own| *own = numbers)?;
        }
        Ok(own)
    }

    fn numbers(&self) -> MutexGuard<'_, Numbers> {
        self.numbers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, socket: &Socket, change: impl FnOnce(&mut Numbers)) -> io::Result<()> {
        let mut numbers = self.numbers();
        let mut new = *numbers;
        change(&mut new);
        let all = TcpKeepalive::new().with_time(new.time).with_interval(new.interval).with_retries(new.count);
        let enabled = socket.keepalive()?;
        // The times come first, the number of probes last.
        let set = socket.set_tcp_keepalive(&all);
        socket.set_keepalive(enabled)?;
        match set {
            Err(error) if error.raw_os_error() != Some(WSAENOPROTOOPT) => return Err(error),
            _ => *numbers = new,
        }
        Ok(())
    }
}
