//! Sockets and lookups, counted.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use callgate_system::{AddressFamily, Kind, Lookup, Network, Result, Shutdown, Socket, SocketOption, System};

use super::counted::{Counted, counted};

impl Network for Counted<dyn System> {
    fn socket(&self, kind: Kind, family: AddressFamily) -> Result<Arc<dyn Socket>> {
        self.tally.count("network.socket");
        Ok(self.sibling(self.inner.network().socket(kind, family)?))
    }

    fn resolve(&self, name: &str) -> Result<Arc<dyn Lookup>> {
        self.tally.count("network.resolve");
        Ok(self.sibling(self.inner.network().resolve(name)?))
    }
}

impl Lookup for Counted<dyn Lookup> {
    fn addresses(&self) -> Result<Vec<IpAddr>> {
        counted!(self, "lookup.addresses", addresses())
    }
}

#[deny(clippy::missing_trait_methods, reason = "what is not forwarded is not counted")]
impl Socket for Counted<dyn Socket> {
    fn kind(&self) -> Kind {
        counted!(self, "socket.kind", kind())
    }

    fn family(&self) -> AddressFamily {
        counted!(self, "socket.family", family())
    }

    fn bind(&self, local: SocketAddr) -> Result<()> {
        counted!(self, "socket.bind", bind(local))
    }

    fn connect(&self, remote: SocketAddr) -> Result<()> {
        counted!(self, "socket.connect", connect(remote))
    }

    fn finish_connect(&self) -> Result<()> {
        counted!(self, "socket.finish_connect", finish_connect())
    }

    fn disconnect(&self) -> Result<()> {
        counted!(self, "socket.disconnect", disconnect())
    }

    fn listen(&self, backlog: u32) -> Result<()> {
        counted!(self, "socket.listen", listen(backlog))
    }

    fn accept(&self) -> Result<(Arc<dyn Socket>, SocketAddr)> {
        let (accepted, peer) = counted!(self, "socket.accept", accept())?;
        Ok((self.sibling(accepted), peer))
    }

    fn receive(&self, buffer: &mut Vec<u8>) -> Result<usize> {
        counted!(self, "socket.receive", receive(buffer))
    }

    fn send(&self, buffer: &[u8]) -> Result<usize> {
        counted!(self, "socket.send", send(buffer))
    }

    fn receive_from(&self, buffer: &mut Vec<u8>) -> Result<(usize, SocketAddr)> {
        counted!(self, "socket.receive_from", receive_from(buffer))
    }

    fn send_to(&self, buffer: &[u8], remote: SocketAddr) -> Result<()> {
        counted!(self, "socket.send_to", send_to(buffer, remote))
    }

    fn local_address(&self) -> Result<SocketAddr> {
        counted!(self, "socket.local_address", local_address())
    }

    fn remote_address(&self) -> Result<SocketAddr> {
        counted!(self, "socket.remote_address", remote_address())
    }

    fn option(&self, option: SocketOption) -> Result<u64> {
        counted!(self, "socket.option", option(option))
    }

    fn set_option(&self, option: SocketOption, value: u64) -> Result<()> {
        counted!(self, "socket.set_option", set_option(option, value))
    }

    fn shutdown(&self, how: Shutdown) -> Result<()> {
        counted!(self, "socket.shutdown", shutdown(how))
    }

    fn abort(&self) -> Result<()> {
        counted!(self, "socket.abort", abort())
    }
}
