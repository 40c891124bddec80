//! Addresses as Winsock lays them out in memory (`SOCKADDR_IN`, `SOCKADDR_IN6`), in plain bytes: no union, and tested
//! everywhere.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

use callgate_system::AddressFamily;

/// `AF_INET`
const INET: u16 = 2;
/// `AF_INET6`
const INET6: u16 = 23;

/// Bytes of a `SOCKADDR_IN`.
const LENGTH4: usize = 16;
/// Bytes of a `SOCKADDR_IN6`.
const LENGTH6: usize = 28;

/// One address, or room for one: family (2 bytes), port (2, big-endian), then of IPv4 the address (4) and zeros (8), of IPv6 the
/// flow (4), the address (16) and the scope (4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C, align(8))]
pub(crate) struct Address {
    bytes: [u8; LENGTH6],
    length: usize,
}

impl Address {
    /// Room for any address.
    pub(crate) const ROOM: Self = Self { bytes: [0; LENGTH6], length: LENGTH6 };

    /// Port 0 of the unspecified address; connecting a datagram socket to it takes its peer away, and leaves it its port ("connect
    /// function (winsock2.h)"). No family at all would do so, too, but under Wine the port goes with the peer: Linux takes back
    /// one that it chose, and Wine binds no socket twice. (There, a socket without its peer hears this machine alone: Linux takes
    /// zeros for it.)
    pub(crate) fn nobody(family: AddressFamily) -> Self {
        match family {
            AddressFamily::Ipv4 => SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)).into(),
            AddressFamily::Ipv6 => SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)).into(),
        }
    }

    /// The bytes to pass: the whole address.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }

    /// The bytes to fill.
    pub(crate) fn room(&mut self) -> &mut [u8; LENGTH6] {
        &mut self.bytes
    }

    fn put(&mut self, at: usize, bytes: &[u8]) {
        self.bytes[at..at + bytes.len()].copy_from_slice(bytes);
    }

    fn get<const N: usize>(&self, at: usize) -> [u8; N] {
        std::array::from_fn(|index| self.bytes[at + index])
    }

    /// The address that a call has left here; `None` of another family.
    pub(crate) fn socket_address(&self) -> Option<SocketAddr> {
        let port = u16::from_be_bytes(self.get(2));
        match u16::from_ne_bytes(self.get(0)) {
            INET => Some(SocketAddrV4::new(self.get::<4>(4).into(), port).into()),
            INET6 => {
                let [flow, scope] = [self.get(4), self.get(24)].map(u32::from_ne_bytes);
                Some(SocketAddrV6::new(self.get::<16>(8).into(), port, flow, scope).into())
            }
            _ => None,
        }
    }
}

impl From<SocketAddr> for Address {
    fn from(address: SocketAddr) -> Self {
        let mut to = Self::ROOM;
        to.put(2, &address.port().to_be_bytes());
        match address {
            SocketAddr::V4(v4) => {
                to.length = LENGTH4;
                to.put(0, &INET.to_ne_bytes());
                to.put(4, &v4.ip().octets());
            }
            SocketAddr::V6(v6) => {
                to.put(0, &INET6.to_ne_bytes());
                to.put(4, &v6.flowinfo().to_ne_bytes());
                to.put(8, &v6.ip().octets());
                to.put(24, &v6.scope_id().to_ne_bytes());
            }
        }
        to
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_comes_back_as_it_went() {
        for text in
            ["127.0.0.1:80", "0.0.0.0:0", "255.254.253.252:65535", "[::1]:443", "[2001:db8::17]:1", "[fe80::1%9]:5"]
        {
            let address: SocketAddr = text.parse().unwrap();
            assert_eq!(Address::from(address).socket_address(), Some(address), "{text}");
        }
        let flowing = SocketAddrV6::new(Ipv6Addr::LOCALHOST, 7, 0x1234, 5).into();
        assert_eq!(Address::from(flowing).socket_address(), Some(flowing));
    }

    #[test]
    fn the_bytes_are_winsocks() {
        let v4 = Address::from("1.2.3.4:258".parse::<SocketAddr>().unwrap());
        assert_eq!(v4.bytes(), [2, 0, 1, 2, 1, 2, 3, 4, 0, 0, 0, 0, 0, 0, 0, 0]);
        let v6 = Address::from("[::9]:258".parse::<SocketAddr>().unwrap());
        assert_eq!(v6.bytes().len(), 28);
        assert_eq!((&v6.bytes()[..4], v6.bytes()[23]), (&[23, 0, 1, 2][..], 9));
    }

    #[test]
    fn nobody_is_zeros() {
        for (family, length) in [(AddressFamily::Ipv4, 16), (AddressFamily::Ipv6, 28)] {
            assert_eq!(Address::nobody(family).bytes()[2..], vec![0; length - 2]);
        }
        assert_eq!(Address::ROOM.socket_address(), None);
    }
}
