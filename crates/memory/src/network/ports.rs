//! The table of ports and the sockets that have them. The ports of TCP and UDP, over IPv4 and IPv6, are four sets.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;

use callgate_system::{AddressFamily, Code, Kind, Result};

/// A socket's number.
pub(super) type Number = u64;

/// The ports that are given to those who ask for any, one after the other: those of Linux.
const FREE: RangeInclusive<u16> = 32_768..=60_999;

/// One of the four sets.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Space {
    is_stream: bool,
    is_v6: bool,
}

impl Space {
    pub(super) fn of(kind: Kind, family: AddressFamily) -> Self {
        Self { is_stream: kind == Kind::Stream, is_v6: family == AddressFamily::Ipv6 }
    }
}

/// The ports that are taken.
#[derive(Default)]
pub(super) struct Ports {
    users: BTreeMap<(Space, u16), BTreeSet<Number>>,
    /// The port to try next, of each set.
    next: BTreeMap<Space, u16>,
}

impl Ports {
    /// The sockets that have this port at any address.
    pub(super) fn users(&self, space: Space, port: u16) -> impl Iterator<Item = Number> {
        self.users.get(&(space, port)).into_iter().flatten().copied()
    }

    /// Notes who has a port.
    pub(super) fn take(&mut self, space: Space, port: u16, number: Number) {
        self.users.entry((space, port)).or_default().insert(number);
    }

    pub(super) fn give(&mut self, space: Space, port: u16, number: Number) {
        if let Some(users) = self.users.get_mut(&(space, port)) {
            users.remove(&number);
            if users.is_empty() {
                self.users.remove(&(space, port));
            }
        }
    }

    /// A port that nobody has.
    pub(super) fn free(&mut self, space: Space) -> Result<u16> {
        let next = self.next.entry(space).or_insert(*FREE.start());
        for _ in FREE {
            let port = *next;
            *next = if port >= *FREE.end() { *FREE.start() } else { port + 1 };
            if !self.users.contains_key(&(space, port)) {
                return Ok(port);
            }
        }
        Err(Code::AddressInUse.into())
    }
}

/// True if a socket at the one address would get what is sent to the other.
pub(super) fn overlap(one: IpAddr, other: IpAddr) -> bool {
    one == other || one.is_unspecified() || other.is_unspecified()
}

/// An address without what only IPv6 has beside.
pub(super) fn plain(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip(), address.port())
}

/// Errors unless it is an address of this machine, or all of them.
pub(super) fn require_own(address: SocketAddr) -> Result<()> {
    let ip = address.ip();
    if ip.is_loopback() || ip.is_unspecified() { Ok(()) } else { Err(Code::AddressNotBindable.into()) }
}

/// Errors unless it can be reached from here.
pub(super) fn require_reachable(address: SocketAddr) -> Result<()> {
    if address.ip().is_loopback() { Ok(()) } else { Err(Code::RemoteUnreachable.into()) }
}
