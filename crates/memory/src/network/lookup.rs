//! Names: `localhost` is this machine, and there is no other.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use callgate_system::{Code, HostName, Lookup, Result};

/// A lookup, answered from the beginning.
pub(super) struct MemoryLookup(Result<Vec<IpAddr>>);

impl MemoryLookup {
    pub(super) fn begin(name: &str) -> Result<Self> {
        let localhost = || vec![IpAddr::V6(Ipv6Addr::LOCALHOST), IpAddr::V4(Ipv4Addr::LOCALHOST)];
        Ok(Self(match HostName::parse(name)? {
            HostName::Address(address) => Ok(vec![address]),
            HostName::Name(name) if name.trim_end_matches('.').eq_ignore_ascii_case("localhost") => Ok(localhost()),
            HostName::Name(_) => Err(Code::NameUnresolvable.into()),
        }))
    }
}

impl Lookup for MemoryLookup {
    fn addresses(&self) -> Result<Vec<IpAddr>> {
        self.0.clone()
    }
}
