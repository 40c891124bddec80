//! A network of one machine: loopback, between the guests of one system.
//!
//! Its addresses are 127.0.0.0/8 and ::1; binding to any other is `AddressNotBindable`, and every other one is
//! `RemoteUnreachable`. Free ports are given one after the other, so two runs get the same. There are no ports for the
//! privileged, and none lingers after its last socket.
//!
//! Where things are: `net` is the table of sockets, `ports` who has which, `tcp` and `udp` what a socket does, `inbox` the
//! bytes on a stream, `socket` the guests' handles, `faults` what goes wrong where somebody asks for it.

mod faults;
mod inbox;
mod lookup;
mod net;
mod options;
mod ports;
mod socket;
mod tcp;
mod udp;

use std::sync::Arc;

use callgate_system::{AddressFamily, Kind, Lookup, Network, Result, Socket};

pub use self::faults::Faults;
pub(crate) use self::net::Net;
pub(crate) use self::socket::MemorySocket;
use crate::tree::Tree;
use crate::world::World;

/// The network as guests see it.
pub(crate) struct MemoryNetwork {
    world: Arc<World>,
    /// Of the names.
    files: Tree,
}

impl MemoryNetwork {
    pub(crate) fn new(world: Arc<World>, files: Tree) -> Self {
        Self { world, files }
    }
}

/// A network without sockets.
pub(crate) fn net(faults: Faults, seed: u64) -> Net {
    Net::new(faults::Fate::new(faults, seed))
}

impl Network for MemoryNetwork {
    fn socket(&self, kind: Kind, family: AddressFamily) -> Result<Arc<dyn Socket>> {
        Ok(Arc::new(MemorySocket::new(&self.world, kind, family)?))
    }

    fn resolve(&self, name: &str) -> Result<Arc<dyn Lookup>> {
        Ok(Arc::new(lookup::answered(name, &*self.files.root())?))
    }
}
