//! The network: sockets that never wait, and lookups.

use std::sync::Arc;

use callgate_system::lookup::Lookups;
use callgate_system::{AddressFamily, Kind, Lookup, Network, Result, Socket};

use super::lookup::{Sleepers, resolve};
use super::socket::NtSocket;

/// The network of this machine.
pub(crate) struct NtNetwork {
    lookups: Lookups<Sleepers>,
}

impl Default for NtNetwork {
    fn default() -> Self {
        Self { lookups: Lookups::new(resolve) }
    }
}

impl Network for NtNetwork {
    fn socket(&self, kind: Kind, family: AddressFamily) -> Result<Arc<dyn Socket>> {
        Ok(Arc::new(NtSocket::new(kind, family)?))
    }

    fn resolve(&self, name: &str) -> Result<Arc<dyn Lookup>> {
        self.lookups.resolve(name, || Ok(Sleepers::default()))
    }
}
