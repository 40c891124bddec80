//! A guest's handle of a socket: each call once under the world's lock, and whoever waits looks again.

use std::net::SocketAddr;
use std::sync::Arc;

use callgate_system::{AddressFamily, Code, Kind, Nanoseconds, Result, Shutdown, Socket, SocketOption};

use super::net::Net;
use super::ports::{Number, plain};
use crate::world::World;

/// One socket. Closed when dropped.
pub(crate) struct MemorySocket {
    world: Arc<World>,
    number: Number,
    kind: Kind,
    family: AddressFamily,
}

impl MemorySocket {
    pub(super) fn new(world: &Arc<World>, kind: Kind, family: AddressFamily) -> Result<Self> {
        let number = act(world, |net, _| net.add(kind, family))?;
        Ok(Self { world: Arc::clone(world), number, kind, family })
    }

    /// Its number, where it is of this world.
    pub(crate) fn number_in(&self, world: &Arc<World>) -> Option<Number> {
        Arc::ptr_eq(&self.world, world).then_some(self.number)
    }

    /// Refuses calls of the other kind.
    fn only(&self, kind: Kind) -> Result<()> {
        if self.kind == kind { Ok(()) } else { Err(Code::Unsupported.into()) }
    }

    fn act<T>(&self, call: impl FnOnce(&mut Net, Number, Nanoseconds) -> Result<T>) -> Result<T> {
        act(&self.world, |net, now| call(net, self.number, now))
    }
}

fn act<T>(world: &World, call: impl FnOnce(&mut Net, Nanoseconds) -> Result<T>) -> Result<T> {
    let mut locked = world.lock();
    let now = world.time.now();
    let result = call(&mut locked.net, now);
    if locked.net.has_changed() {
        locked.wake();
    }
    result
}

impl Drop for MemorySocket {
    fn drop(&mut self) {
        let _ = self.act(|net, number, _| {
            net.close(number);
            Ok(())
        });
    }
}

impl Socket for MemorySocket {
    fn kind(&self) -> Kind {
        self.kind
    }

    fn family(&self) -> AddressFamily {
        self.family
    }

    fn bind(&self, local: SocketAddr) -> Result<()> {
        self.act(|net, number, _| net.bind(number, local))
    }

    fn connect(&self, remote: SocketAddr) -> Result<()> {
        self.family.check_remote(self.kind, remote)?;
        self.act(|net, number, now| match self.kind {
            Kind::Stream => net.connect_stream(number, remote, now),
            Kind::Datagram => net.connect_datagram(number, remote),
        })
    }

    fn finish_connect(&self) -> Result<()> {
        self.act(Net::finish_connect)
    }

    fn disconnect(&self) -> Result<()> {
        self.act(|net, number, _| net.disconnect(number))
    }

    fn listen(&self, backlog: u32) -> Result<()> {
        self.act(|net, number, now| net.listen(number, backlog, now))
    }

    fn accept(&self) -> Result<(Arc<dyn Socket>, SocketAddr)> {
        let (number, remote) = self.act(Net::accept)?;
        let accepted = Self { world: Arc::clone(&self.world), number, kind: self.kind, family: self.family };
        Ok((Arc::new(accepted), remote))
    }

    fn receive(&self, buffer: &mut Vec<u8>) -> Result<usize> {
        self.act(|net, number, now| net.receive_stream(number, buffer, now))
    }

    fn send(&self, buffer: &[u8]) -> Result<usize> {
        self.act(|net, number, now| match self.kind {
            Kind::Stream => net.send_stream(number, buffer, now),
            Kind::Datagram => {
                let peer = net.remote_address(number)?;
                net.send_to(number, buffer, peer, now).map(|()| buffer.len())
            }
        })
    }

    fn receive_from(&self, buffer: &mut Vec<u8>) -> Result<(usize, SocketAddr)> {
        self.act(|net, number, now| net.receive_from(number, buffer, now))
    }

    fn send_to(&self, buffer: &[u8], remote: SocketAddr) -> Result<()> {
        self.only(Kind::Datagram)?;
        self.family.check_remote(self.kind, remote)?;
        self.act(|net, number, now| net.send_to(number, buffer, plain(remote), now))
    }

    fn local_address(&self) -> Result<SocketAddr> {
        self.act(|net, number, _| net.local_address(number))
    }

    fn remote_address(&self) -> Result<SocketAddr> {
        self.act(|net, number, _| net.remote_address(number))
    }

    fn option(&self, option: SocketOption) -> Result<u64> {
        self.act(|net, number, _| net.option(number, option))
    }

    fn set_option(&self, option: SocketOption, value: u64) -> Result<()> {
        self.act(|net, number, _| net.set_option(number, option, value))
    }

    fn shutdown(&self, how: Shutdown) -> Result<()> {
        self.act(|net, number, _| net.shutdown(number, how))
    }

    fn abort(&self) -> Result<()> {
        self.act(|net, number, _| net.abort(number))
    }
}
