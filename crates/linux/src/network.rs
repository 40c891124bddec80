//! The network: sockets that never wait, and lookups.

use std::net::IpAddr;
use std::sync::Arc;

use callgate_system::{AddressFamily, HostName, Kind, Lookup, Network, Result, Socket};

use crate::lookup::{LinuxLookup, Lookups};
use crate::socket::LinuxSocket;

/// This machine's network.
#[derive(Default)]
pub(crate) struct LinuxNetwork {
    lookups: Lookups,
}

impl Network for LinuxNetwork {
    fn socket(&self, kind: Kind, family: AddressFamily) -> Result<Arc<dyn Socket>> {
        Ok(Arc::new(LinuxSocket::new(kind, family)?))
    }

    fn resolve(&self, name: &str) -> Result<Arc<dyn Lookup>> {
        match HostName::parse(name)? {
            HostName::Address(address) => Ok(Arc::new(LinuxLookup::answered(address))),
            HostName::Name(name) => Ok(self.lookups.begin(name)?),
        }
    }
}

/// Each address once, none of IPv4 written as IPv6, in the order given.
pub(crate) fn distinct(addresses: impl Iterator<Item = IpAddr>) -> Vec<IpAddr> {
    let mut seen = std::collections::HashSet::new();
    addresses.map(|address| address.to_canonical()).filter(|address| seen.insert(*address)).collect()
}
