//! The trust that an address deserves when the owner of a host name answers with it.
//!
//! An address that the user wrote needs no such judgement. A name is different: its owner decides what a lookup answers, and may
//! answer with the machine itself or with the service that hands out its credentials. The ranges are those of the IANA registries
//! of special-purpose addresses, each with its RFC, and the metadata services of the large clouds.
//!
//! Hazard: an IPv6 address can carry an IPv4 address that a translator or a tunnel sends to. It is judged as what it carries.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::rule::Network;

/// The purpose of an address. The order is that of trust: of two readings of one address, the less trusted one counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reach {
    /// Nothing that a name should lead to by itself; the word says why.
    Special(&'static str),
    /// This machine.
    Loopback,
    /// A network of one's own.
    Private,
    /// Everybody.
    Global,
}

use Reach::{Global, Loopback, Private, Special};

impl fmt::Display for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Special(word) => word,
            Loopback => "loopback",
            Private => "private",
            Global => "global",
        })
    }
}

const METADATA: Reach = Special("metadata service");
const DOCUMENTATION: Reach = Special("documentation");
const RESERVED: Reach = Special("reserved");

/// The first that an address lies in counts; one in none of them is global.
const V4: &[(Network, Reach)] = &[
    (v4(168, 63, 129, 16, 32), METADATA),               // Azure
    (v4(100, 100, 100, 200, 32), METADATA),             // Alibaba
    (v4(0, 0, 0, 0, 8), Special("unspecified")),        // RFC 791: this network
    (v4(10, 0, 0, 0, 8), Private),                      // RFC 1918
    (v4(100, 64, 0, 0, 10), Private),                   // RFC 6598: shared with the carrier
    (v4(127, 0, 0, 0, 8), Loopback),                    // RFC 1122
    (v4(169, 254, 0, 0, 16), Special("link-local")),    // RFC 3927; most metadata services
    (v4(172, 16, 0, 0, 12), Private),                   // RFC 1918
    (v4(192, 0, 0, 0, 24), RESERVED),                   // RFC 6890: protocol assignments
    (v4(192, 0, 2, 0, 24), DOCUMENTATION),              // RFC 5737
    (v4(192, 88, 99, 0, 24), RESERVED),                 // RFC 7526: once relays of 6to4
    (v4(192, 168, 0, 0, 16), Private),                  // RFC 1918
    (v4(198, 18, 0, 0, 15), Special("benchmark")),      // RFC 2544
    (v4(198, 51, 100, 0, 24), DOCUMENTATION),           // RFC 5737
    (v4(203, 0, 113, 0, 24), DOCUMENTATION),            // RFC 5737
    (v4(224, 0, 0, 0, 4), Special("multicast")),        // RFC 5771
    (v4(255, 255, 255, 255, 32), Special("broadcast")), // RFC 919
    (v4(240, 0, 0, 0, 4), RESERVED),                    // RFC 1112
];

/// The first that an address lies in counts; one in none of them was given to nobody yet.
const V6: &[(Network, Reach)] = &[
    (v6([0; 8], 128), Special("unspecified")),                       // RFC 4291
    (v6([0, 0, 0, 0, 0, 0, 0, 1], 128), Loopback),                   // RFC 4291
    (v6([0xfd00, 0xec2, 0, 0, 0, 0, 0, 0], 32), METADATA),           // Amazon, with its other services
    (v6([0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254], 128), METADATA),       // Google
    (v6([0xfd00, 0xc1, 0, 0, 0, 0, 0xa9fe, 0xa9fe], 128), METADATA), // Oracle
    (v6([0xfd00, 0xa9fe, 0xa9fe, 0, 0, 0, 0, 1], 128), METADATA),    // Akamai
    (v6([0xfd00, 0x100, 0, 0, 0, 0, 0x100, 0x200], 128), METADATA),  // Alibaba
    (v6([0xfd00, 0x42, 0, 0, 0, 0, 0, 0x42], 128), METADATA),        // Scaleway
    (v6([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7), Private),                 // RFC 4193
    (v6([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10), Special("link-local")),  // RFC 4291
    (v6([0xff00, 0, 0, 0, 0, 0, 0, 0], 8), Special("multicast")),    // RFC 4291
    (v6([0x2001, 2, 0, 0, 0, 0, 0, 0], 48), Special("benchmark")),   // RFC 5180
    (v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 23), RESERVED),               // RFC 2928: protocol assignments
    (v6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32), DOCUMENTATION),      // RFC 3849
    (v6([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20), DOCUMENTATION),          // RFC 9637
    (v6([0x2000, 0, 0, 0, 0, 0, 0, 0], 3), Global),                  // RFC 4291, and the registry of unicast
];

const COMPATIBLE: Network = v6([0; 8], 96); // RFC 4291, as `::10.0.0.1`
const SIX_TO_FOUR: Network = v6([0x2002, 0, 0, 0, 0, 0, 0, 0], 16); // RFC 3056
const TEREDO: Network = v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 32); // RFC 4380
const NAT64: Network = v6([0x64, 0xff9b, 0, 0, 0, 0, 0, 0], 96); // RFC 6052
const OWN_NAT64: Network = v6([0x64, 0xff9b, 1, 0, 0, 0, 0, 0], 48); // RFC 8215

const fn v4(a: u8, b: u8, c: u8, d: u8, bits: u8) -> Network {
    Network::new(IpAddr::V4(Ipv4Addr::new(a, b, c, d)), bits)
}

const fn v6([a, b, c, d, e, f, g, h]: [u16; 8], bits: u8) -> Network {
    Network::new(IpAddr::V6(Ipv6Addr::new(a, b, c, d, e, f, g, h)), bits)
}

impl Reach {
    /// That of an address.
    pub(super) fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::of_v4(address),
            IpAddr::V6(address) => Self::of_v6(address),
        }
    }

    fn of_v4(address: Ipv4Addr) -> Self {
        look_up(V4, address.into()).unwrap_or(Global)
    }

    fn of_v6(address: Ipv6Addr) -> Self {
        let carried = carried(address).into_iter().map(Self::of_v4).min();
        carried.or_else(|| look_up(V6, address.into())).unwrap_or(RESERVED)
    }
}

fn look_up(table: &[(Network, Reach)], address: IpAddr) -> Option<Reach> {
    table.iter().find(|(network, _)| network.contains(address)).map(|(_, reach)| *reach)
}

/// The IPv4 addresses that an IPv6 address may stand for; none, where it is of no form that carries one.
fn carried(address: Ipv6Addr) -> Vec<Ipv4Addr> {
    let octets = address.octets();
    let at = |places: [usize; 4]| Ipv4Addr::from(places.map(|place| octets[place]));
    let is_in = |network: Network| network.contains(address.into());
    if is_in(SIX_TO_FOUR) {
        vec![at([2, 3, 4, 5])]
    } else if is_in(TEREDO) {
        // The server, and the client, whose address is written with every bit turned over.
        vec![at([4, 5, 6, 7]), Ipv4Addr::from_bits(!at([12, 13, 14, 15]).to_bits())]
    } else if is_in(NAT64) || (is_in(COMPATIBLE) && address.to_bits() > 1) {
        vec![at([12, 13, 14, 15])]
    } else if is_in(OWN_NAT64) {
        // Only the network knows how long the prefix of its translator is: 48, 56, 64 or 96 bits; the octet behind 64 bits is
        // left out. A reading that begins with 0 comes of the padding of another.
        let places = [[6, 7, 9, 10], [7, 9, 10, 11], [9, 10, 11, 12], [12, 13, 14, 15]];
        places.map(at).into_iter().filter(|address| address.octets()[0] != 0).collect()
    } else {
        Vec::new()
    }
}

#[cfg(test)]
mod tests;
