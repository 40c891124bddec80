//! The network: sockets that never wait, and lookups.

use std::sync::Arc;

use callgate_system::{AddressFamily, HostName, Kind, Lookup, Network, Result, Socket};

use super::lookup::{Lookups, NtLookup};
use super::socket::NtSocket;

/// The network of this machine.
#[derive(Default)]
pub(crate) struct NtNetwork {
    lookups: Lookups,
}

impl Network for NtNetwork {
    fn socket(&self, kind: Kind, family: AddressFamily) -> Result<Arc<dyn Socket>> {
        Ok(Arc::new(NtSocket::new(kind, family)?))
    }

    fn resolve(&self, name: &str) -> Result<Arc<dyn Lookup>> {
        match HostName::parse(name)? {
            HostName::Address(address) => Ok(Arc::new(NtLookup::answered(address))),
            HostName::Name(name) => Ok(self.lookups.begin(name)?),
        }
    }
}
