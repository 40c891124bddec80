//! The network: where sockets come from, and addresses of names.
//!
//! The network rules of a guest are not checked here. The caller checks them first, also for the addresses that the system
//! would choose by itself.

use std::any::Any;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use crate::{Code, Result, Socket};

/// The kind of traffic that a socket carries. Constant for a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A stream of bytes between two ends: TCP.
    Stream,
    /// Single messages: UDP.
    Datagram,
}

/// The address family of a socket. Constant for a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AddressFamily {
    /// IPv4.
    Ipv4,
    /// IPv6 alone: no IPv4 comes in through it, or goes out.
    Ipv6,
}

/// The way to other machines, and to this one.
pub trait Network: Send + Sync {
    /// Makes a socket without an address.
    ///
    /// # Errors
    /// `NewSocketLimit`, `InsufficientMemory`; `Unsupported` where the system has no such family.
    fn socket(&self, kind: Kind, family: AddressFamily) -> Result<Arc<dyn Socket>>;

    /// Begins to look up `name`, and returns at once. An IP address as text ([`HostName`](crate::HostName)) is its own
    /// answer, without a lookup. Other waits go on meanwhile, and dropping the lookup never waits for it.
    ///
    /// # Errors
    /// `Invalid` for what is no [`HostName`](crate::HostName), `InsufficientMemory`; `TemporaryResolverFailure` where more
    /// lookups are waiting than the system is ready to remember, at least a thousand.
    fn resolve(&self, name: &str) -> Result<Arc<dyn Lookup>>;
}

/// One lookup of a name. See [`crate::Interest::Resolved`] for its end.
pub trait Lookup: Any + Send + Sync {
    /// The addresses, the one to try first being first, each once; at least one, and at most [`MOST`](crate::lookup::MOST). IPv4 addresses never come written as
    /// IPv6. Once there, the answer stays the same, an error too.
    ///
    /// # Errors
    /// `WouldBlock` while there is no answer; `NameUnresolvable` where the name has no address;
    /// `TemporaryResolverFailure` where nobody answers just now; `PermanentResolverFailure` where nobody can answer.
    fn addresses(&self) -> Result<Vec<IpAddr>>;
}

impl AddressFamily {
    /// The family of `address`.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        if address.is_ipv4() { Self::Ipv4 } else { Self::Ipv6 }
    }

    /// Checks, for every backend alike, what a socket of `kind` and this family may be bound to.
    ///
    /// # Errors
    /// `Invalid` for another family, for an IPv4 address written as IPv6, and, on a stream, for a multicast or broadcast
    /// address.
    pub fn check_local(self, kind: Kind, address: SocketAddr) -> Result<()> {
        self.check(kind, address)
    }

    /// Checks, for every backend alike, what a socket of `kind` and this family may talk to.
    ///
    /// # Errors
    /// As [`AddressFamily::check_local`]; also for the unspecified address and for port 0, which systems take for all
    /// kinds of things.
    pub fn check_remote(self, kind: Kind, address: SocketAddr) -> Result<()> {
        if address.ip().is_unspecified() || address.port() == 0 {
            return Err(Code::Invalid.into());
        }
        self.check(kind, address)
    }

    fn check(self, kind: Kind, address: SocketAddr) -> Result<()> {
        let (mapped, broadcast) = match address.ip() {
            IpAddr::V4(ip) => (false, ip.is_broadcast()),
            IpAddr::V6(ip) => (ip.to_ipv4_mapped().is_some(), false),
        };
        let unicast = !broadcast && !address.ip().is_multicast();
        let fits = Self::of(address.ip()) == self && !mapped && (unicast || kind == Kind::Datagram);
        if fits { Ok(()) } else { Err(Code::Invalid.into()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_checked_the_same_way_everywhere() {
        let (v4, v6) = (AddressFamily::Ipv4, AddressFamily::Ipv6);
        // Address; its family; bound: stream, datagram; talked to: stream, datagram.
        let rows = [
            ("127.0.0.1:80", v4, [true, true, true, true]),
            ("0.0.0.0:80", v4, [true, true, false, false]),
            ("127.0.0.1:0", v4, [true, true, false, false]),
            ("224.0.0.1:80", v4, [false, true, false, true]),
            ("255.255.255.255:80", v4, [false, true, false, true]),
            ("[::1]:80", v6, [true, true, true, true]),
            ("[::]:80", v6, [true, true, false, false]),
            ("[::1]:0", v6, [true, true, false, false]),
            ("[ff02::1]:80", v6, [false, true, false, true]),
            ("[::ffff:127.0.0.1]:80", v6, [false, false, false, false]),
        ];
        for (text, family, expected) in rows {
            let address = text.parse().expect("an address");
            let answers = |family: AddressFamily| {
                [
                    family.check_local(Kind::Stream, address).is_ok(),
                    family.check_local(Kind::Datagram, address).is_ok(),
                    family.check_remote(Kind::Stream, address).is_ok(),
                    family.check_remote(Kind::Datagram, address).is_ok(),
                ]
            };
            assert_eq!(answers(family), expected, "{text}");
            let other = if family == v4 { v6 } else { v4 };
            assert_eq!(answers(other), [false; 4], "{text} in the other family");
        }
    }
}
