//! Handles of another system, which no backend can have made.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use callgate_system::{
    AddressFamily, Code, Directory, Entries, Follow, Kind, Lookup, Names, NewTimestamp, OpenHow, Opened, Result,
    Shutdown, Sink, Socket, SocketOption, Source, Stat,
};

/// A directory, a stream both ways, a socket and a lookup of a system that has nothing: every call on files and sockets is
/// `Unsupported`, reading is at the end, and what is written is gone.
pub struct Stranger;

fn nothing<T>() -> Result<T> {
    Err(Code::Unsupported.into())
}

impl Directory for Stranger {
    fn open(&self, _: &str, _: OpenHow) -> Result<Opened> {
        nothing()
    }
    fn stat(&self, _: &str, _: Follow) -> Result<Stat> {
        nothing()
    }
    fn metadata(&self) -> Result<Stat> {
        nothing()
    }
    fn read_entries(&self) -> Result<Box<dyn Entries>> {
        nothing()
    }
    fn create_directory(&self, _: &str) -> Result<()> {
        nothing()
    }
    fn remove_directory(&self, _: &str) -> Result<()> {
        nothing()
    }
    fn unlink_file(&self, _: &str) -> Result<()> {
        nothing()
    }
    fn symlink(&self, _: &str, _: &str) -> Result<()> {
        nothing()
    }
    fn read_link(&self, _: &str) -> Result<String> {
        nothing()
    }
    fn link(&self, _: &str, _: Follow, _: &dyn Directory, _: &str) -> Result<()> {
        nothing()
    }
    fn rename(&self, _: &str, _: &dyn Directory, _: &str) -> Result<()> {
        nothing()
    }
    fn set_times(&self, _: &str, _: Follow, _: NewTimestamp, _: NewTimestamp) -> Result<()> {
        nothing()
    }
    fn set_own_times(&self, _: NewTimestamp, _: NewTimestamp) -> Result<()> {
        nothing()
    }
    fn sync(&self) -> Result<()> {
        nothing()
    }
    fn lies_within(&self, _: &dyn Directory) -> Result<bool> {
        nothing()
    }
    fn strict(&self) -> Result<Arc<dyn Directory>> {
        nothing()
    }
    fn names(&self) -> Names {
        Names::Exact
    }
}

impl Source for Stranger {
    fn read(&self, _: &mut Vec<u8>) -> Result<usize> {
        Ok(0)
    }
    fn is_terminal(&self) -> bool {
        false
    }
}

impl Sink for Stranger {
    fn write(&self, buffer: &[u8]) -> Result<usize> {
        Ok(buffer.len())
    }
    fn is_terminal(&self) -> bool {
        false
    }
}

impl Lookup for Stranger {
    fn addresses(&self) -> Result<Vec<IpAddr>> {
        nothing()
    }
}

impl Socket for Stranger {
    fn kind(&self) -> Kind {
        Kind::Stream
    }
    fn family(&self) -> AddressFamily {
        AddressFamily::Ipv4
    }
    fn bind(&self, _: SocketAddr) -> Result<()> {
        nothing()
    }
    fn connect(&self, _: SocketAddr) -> Result<()> {
        nothing()
    }
    fn finish_connect(&self) -> Result<()> {
        nothing()
    }
    fn disconnect(&self) -> Result<()> {
        nothing()
    }
    fn listen(&self, _: u32) -> Result<()> {
        nothing()
    }
    fn accept(&self) -> Result<(Arc<dyn Socket>, SocketAddr)> {
        nothing()
    }
    fn receive(&self, _: &mut Vec<u8>) -> Result<usize> {
        nothing()
    }
    fn send(&self, _: &[u8]) -> Result<usize> {
        nothing()
    }
    fn receive_from(&self, _: &mut Vec<u8>) -> Result<(usize, SocketAddr)> {
        nothing()
    }
    fn send_to(&self, _: &[u8], _: SocketAddr) -> Result<()> {
        nothing()
    }
    fn local_address(&self) -> Result<SocketAddr> {
        nothing()
    }
    fn remote_address(&self) -> Result<SocketAddr> {
        nothing()
    }
    fn option(&self, _: SocketOption) -> Result<u64> {
        nothing()
    }
    fn set_option(&self, _: SocketOption, _: u64) -> Result<()> {
        nothing()
    }
    fn shutdown(&self, _: Shutdown) -> Result<()> {
        nothing()
    }
}
