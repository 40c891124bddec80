//! The network: sockets that never wait, through one pool of addresses, and lookups.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use callgate_system::lookup::{Lookups, Resolver};
use callgate_system::{AddressFamily, Kind, Lookup, Network, Result, Socket};
use cap_std::ambient_authority;
use cap_std::net::Pool;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::bell::Bell;
use crate::lookup::resolve;
use crate::socket::PortableSocket;

/// This machine's network.
pub(crate) struct PortableNetwork {
    pool: Arc<Pool>,
    lookups: Lookups<Arc<Bell>>,
    bell: Arc<Bell>,
}

impl PortableNetwork {
    pub(crate) fn new(pool: Pool, bell: &Arc<Bell>) -> Self {
        Self { pool: Arc::new(pool), lookups: Lookups::new(resolve), bell: Arc::clone(bell) }
    }

    /// The same, whose names `resolve` looks up.
    pub(crate) fn resolving_by(self, resolve: Resolver) -> Self {
        Self { lookups: Lookups::new(resolve), ..self }
    }
}

impl Network for PortableNetwork {
    fn socket(&self, kind: Kind, family: AddressFamily) -> Result<Arc<dyn Socket>> {
        Ok(Arc::new(PortableSocket::new(&self.pool, kind, family)?))
    }

    fn resolve(&self, name: &str) -> Result<Arc<dyn Lookup>> {
        self.lookups.resolve(name, || Ok(Arc::clone(&self.bell)))
    }
}

/// A pool of all there is.
pub(crate) fn everything() -> Pool {
    let mut pool = Pool::new();
    let all = [
        Ipv4Net::new(Ipv4Addr::UNSPECIFIED, 0).map(IpNet::from),
        Ipv6Net::new(Ipv6Addr::UNSPECIFIED, 0).map(IpNet::from),
    ];
    for net in all.into_iter().flatten() {
        pool.insert_ip_net_port_any(net, ambient_authority());
    }
    pool
}
