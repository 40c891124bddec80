//! The network: sockets that never wait, and lookups.

use std::sync::Arc;

use callgate_system::lookup::{Lookups, Resolver};
use callgate_system::{AddressFamily, Kind, Lookup, Network, Result, Socket};

use crate::lookup::{Eventfd, resolve};
use crate::socket::LinuxSocket;

/// This machine's network.
pub(crate) struct LinuxNetwork {
    lookups: Lookups<Eventfd>,
}

impl Default for LinuxNetwork {
    fn default() -> Self {
        Self { lookups: Lookups::new(resolve) }
    }
}

impl LinuxNetwork {
    /// This machine's, whose names `resolve` looks up.
    pub(crate) fn resolving_by(resolve: Resolver) -> Self {
        Self { lookups: Lookups::new(resolve) }
    }
}

impl Network for LinuxNetwork {
    fn socket(&self, kind: Kind, family: AddressFamily) -> Result<Arc<dyn Socket>> {
        Ok(Arc::new(LinuxSocket::new(kind, family)?))
    }

    fn resolve(&self, name: &str) -> Result<Arc<dyn Lookup>> {
        self.lookups.resolve(name, Eventfd::new)
    }
}
