//! One rule, as people write it: `connect=10.0.0.0/8:443`, `listen=127.0.0.1:8000-8010`, `connect=db.example@127.0.0.1:5432`,
//! `resolve=*.example.org`, `all`.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::RangeInclusive;
use std::str::FromStr;

use callgate_system::HostName;

use super::reach::Reach;

/// One permission on the network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Everything.
    All,
    /// Lookups of names.
    Resolve(NamePattern),
    /// One use of addresses.
    Address {
        /// The use.
        of: Use,
        /// The addresses.
        host: Host,
        /// The ports; all of them if the rule names none.
        ports: RangeInclusive<u16>,
    },
}

/// A use of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// TCP connections to it.
    Connect,
    /// TCP connections from others, at it.
    Listen,
    /// Datagrams, either way.
    Udp,
}

/// The addresses that a rule covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Host {
    /// Those of a network, which may be a single one.
    Network(Network),
    /// Those that a lookup of the name told, in that network; without one, those that a name may lead to by itself.
    Name {
        /// The names.
        pattern: NamePattern,
        /// The network that the addresses must lie in, if the rule gives one.
        within: Option<Network>,
    },
}

/// Addresses that share their first bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

/// A host name; starting with `*.`, all names below one; `*`, which only lookups take, all names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamePattern(String);

/// A text that is no rule; why, and what to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleError(String);

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for RuleError {}

impl fmt::Display for Use {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "connect",
            Self::Listen => "listen",
            Self::Udp => "udp",
        })
    }
}

impl Rule {
    /// The name that the rule speaks of, where it grants addresses.
    pub(super) fn name(&self) -> Option<&NamePattern> {
        match self {
            Self::Address { host: Host::Name { pattern, .. }, .. } => Some(pattern),
            _ => None,
        }
    }
}

impl FromStr for Rule {
    type Err = RuleError;

    fn from_str(text: &str) -> Result<Self, RuleError> {
        if text == "all" {
            return Ok(Self::All);
        }
        let form = || {
            RuleError("write all, connect=ADDR[:PORT], listen=ADDR[:PORT], udp=ADDR[:PORT] or resolve=NAME".to_owned())
        };
        let (kind, what) = text.split_once('=').ok_or_else(form)?;
        let of = match kind {
            "resolve" if what == "*" => return Ok(Self::Resolve(NamePattern(what.to_owned()))),
            "resolve" => return what.parse().map(Self::Resolve),
            "connect" => Use::Connect,
            "listen" => Use::Listen,
            "udp" => Use::Udp,
            _ => return Err(form()),
        };
        let (name, what) = what.split_once('@').map_or((None, what), |(name, what)| (Some(name), what));
        let (host, ports) = split_ports(what)?;
        let host = match name {
            None => host.parse()?,
            Some(name) => within(name, host)?,
        };
        Ok(Self::Address { of, host, ports })
    }
}

/// `NAME@NETWORK`
fn within(name: &str, network: &str) -> Result<Host, RuleError> {
    match network.parse()? {
        Host::Network(network) if name.parse::<IpAddr>().is_err() => {
            Ok(Host::Name { pattern: name.parse()?, within: Some(network) })
        }
        _ => Err(RuleError(format!(
            "`{name}@{network}` is no host name and the network to find it in; write NAME@ADDR or NAME@ADDR/BITS"
        ))),
    }
}

/// Takes `:PORT` or `:FROM-TO` off; an IPv6 address without brackets has none.
fn split_ports(text: &str) -> Result<(&str, RangeInclusive<u16>), RuleError> {
    let all = 0..=u16::MAX;
    let bare_v6 = !text.starts_with('[') && text.matches(':').count() > 1;
    let behind_brackets = text.rfind(']').map_or(0, |at| at + 1);
    match text[behind_brackets..].rfind(':') {
        Some(at) if !bare_v6 => {
            let (host, ports) = text.split_at(behind_brackets + at);
            Ok((host, parse_ports(&ports[1..])?))
        }
        _ => Ok((text, all)),
    }
}

fn parse_ports(text: &str) -> Result<RangeInclusive<u16>, RuleError> {
    let wrong =
        || RuleError(format!("`{text}` is no port; write a number from 0 to 65535, or a range such as 8000-8010"));
    let (from, to) = text.split_once('-').unwrap_or((text, text));
    let (from, to) = (from.parse().map_err(|_| wrong())?, to.parse().map_err(|_| wrong())?);
    if from <= to { Ok(from..=to) } else { Err(wrong()) }
}

impl FromStr for Host {
    type Err = RuleError;

    fn from_str(text: &str) -> Result<Self, RuleError> {
        let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let bare = address.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(address);
        match (bare.parse::<IpAddr>(), bits) {
            (Ok(address), None) => Ok(Self::Network(Network::new(address, width(address)))),
            (Ok(address), Some(bits)) => match bits.parse() {
                Ok(bits) if bits <= width(address) => Ok(Self::Network(Network::new(address, bits))),
                _ => Err(RuleError(format!("`/{bits}` is no prefix of {address}; write 0 to {}", width(address)))),
            },
            (Err(_), None) => Ok(Self::Name { pattern: text.parse()?, within: None }),
            (Err(_), Some(_)) => Err(RuleError(format!("`{address}` is no IP address to stand before `/`"))),
        }
    }
}

const fn width(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

impl Network {
    /// The network of the addresses that begin as `address` does, for `bits` bits.
    pub(super) const fn new(address: IpAddr, bits: u8) -> Self {
        Self { address, bits }
    }

    /// An address of the network.
    #[must_use]
    pub fn address(&self) -> IpAddr {
        self.address
    }

    /// The number of bits that its addresses share: at most 32 with an IPv4 [address](Self::address), else at most 128.
    #[must_use]
    pub fn bits(&self) -> u8 {
        self.bits
    }

    /// True if `address` is in the network. An IPv4 address in IPv6 form counts as an IPv4 address.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address.to_canonical(), address.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let bits = if self.address.is_ipv6() { self.bits.saturating_sub(96) } else { self.bits };
                same_start(bits_of_v4(own), bits_of_v4(other), bits)
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => same_start(own.to_bits(), other.to_bits(), self.bits),
            _ => false,
        }
    }
}

/// In the upper end, where prefixes begin.
fn bits_of_v4(address: Ipv4Addr) -> u128 {
    u128::from(address.to_bits()) << (Ipv6Addr::BITS - Ipv4Addr::BITS)
}

fn same_start(one: u128, other: u128, bits: u8) -> bool {
    let mask = u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0);
    one & mask == other & mask
}

impl FromStr for NamePattern {
    type Err = RuleError;

    fn from_str(text: &str) -> Result<Self, RuleError> {
        let name = text.strip_prefix("*.").unwrap_or(text);
        if matches!(HostName::parse(name), Ok(HostName::Name(_))) {
            Ok(Self(text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase()))
        } else if !text.is_ascii() {
            Err(RuleError(format!(
                "`{text}` is not ASCII; write the name as it is encoded, such as xn--bcher-kva.example"
            )))
        } else {
            Err(RuleError(format!(
                "`{text}` is neither an IP address nor a host name; `*.` can stand in front of a name only"
            )))
        }
    }
}

impl NamePattern {
    /// True if the pattern matches `name`. Case and a trailing dot mean nothing in names.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        let name = name.strip_suffix('.').unwrap_or(name).as_bytes();
        match self.0.strip_prefix('*') {
            Some(end) => {
                let start = name.len().saturating_sub(end.len());
                start > 0 && name[start..].eq_ignore_ascii_case(end.as_bytes())
            }
            None => name.eq_ignore_ascii_case(self.0.as_bytes()),
        }
    }

    /// True if an answer to it grants addresses of this reach, whoever gave the answer. `localhost` and the names below it are
    /// this machine, and nothing else (RFC 6761).
    pub(super) fn may_lead_to(&self, reach: Reach) -> bool {
        let (base, is_exact) = self.0.strip_prefix("*.").map_or((&*self.0, true), |base| (base, false));
        let is_this_machine = base == "localhost" || base.ends_with(".localhost");
        match reach {
            Reach::Global => !is_this_machine,
            Reach::Private => !is_this_machine && is_exact,
            Reach::Loopback => is_this_machine,
            Reach::Special(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_rule_is_refused_with_what_to_write() {
        for (text, word) in [
            ("", "write all"),
            ("tcp", "write all"),
            ("tcp=127.0.0.1", "write all"),
            ("connect=", "neither"),
            ("connect=127.0.0.1:", "no port"),
            ("connect=127.0.0.1:70000", "no port"),
            ("connect=127.0.0.1:9-8", "no port"),
            ("connect=127.0.0.1/33", "no prefix"),
            ("connect=name/8", "no IP address"),
            ("connect=a..b", "neither"),
            ("connect=*", "neither"),
            ("resolve=*.", "neither"),
            ("connect=127.1:80", "neither"),
            ("connect=0x7f.1:80", "neither"),
            ("connect=256.0.0.1", "neither"),
            ("connect=2130706433", "neither"),
            ("resolve=a*.b", "neither"),
            ("resolve=a b", "neither"),
            ("resolve=name@10.0.0.0/8", "neither"),
            ("connect=fe80::1%eth0", "neither"),
            ("connect=[fe80::1%eth0]:80", "neither"),
            ("connect=@10.0.0.0/8", "neither"),
            ("connect=*@10.0.0.0/8", "neither"),
            ("connect=name@", "neither"),
            ("connect=name@other", "NAME@ADDR"),
            ("connect=name@10.0.0.0/33", "no prefix"),
            ("connect=name@a@10.0.0.1", "neither"),
            ("connect=10.0.0.1@10.0.0.0/8", "NAME@ADDR"),
            ("connect=name@10.0.0.1:", "no port"),
            ("resolve=b\u{fc}cher.example", "xn--"),
            ("connect=*.b\u{fc}cher.example:80", "xn--"),
        ] {
            let error = text.parse::<Rule>().expect_err(text);
            assert!(error.to_string().contains(word), "{text}: {error}");
        }
    }

    #[test]
    fn ports_are_taken_off_the_right_end() {
        let ports = |text: &str| match text.parse::<Rule>().unwrap() {
            Rule::Address { ports, .. } => ports,
            other => panic!("{other:?}"),
        };
        assert_eq!(ports("connect=::1"), 0..=u16::MAX);
        assert_eq!(ports("connect=[::1]"), 0..=u16::MAX);
        assert_eq!(ports("connect=[::1]:80"), 80..=80);
        assert_eq!(ports("connect=[fd00::]/8:80"), 80..=80);
        assert_eq!(ports("connect=10.0.0.0/8:1-9"), 1..=9);
        assert_eq!(ports("connect=*.example.org:443"), 443..=443);
        assert_eq!(ports("connect=name@127.0.0.1:443"), 443..=443);
        assert_eq!(ports("connect=name@::1"), 0..=u16::MAX);
        assert_eq!(ports("connect=*.name.example@[fd00::]/8:1-9"), 1..=9);
    }

    #[test]
    fn names_below_a_name() {
        let pattern: NamePattern = "*.example.org".parse().unwrap();
        assert!(pattern.matches("www.Example.org."));
        assert!(pattern.matches("a.b.example.org"));
        assert!(!pattern.matches("example.org"));
        assert!(!pattern.matches("badexample.org"));
        let pattern: NamePattern = "XN--bcher-kva.example".parse().unwrap();
        assert!(pattern.matches("xn--bcher-kva.example"));
        assert!(!pattern.matches("b\u{fc}cher.example"));
    }
}
