//! Short words for the tests.

#![allow(dead_code, reason = "each test uses some of them")]

use std::net::SocketAddr;
use std::sync::Arc;

use callgate_memory::{Memory, Options};
use callgate_system::{
    AddressFamily, Code, Directory, Error, File, Interest, Kind, Nanoseconds, OpenHow, Opened, Result, Socket, System,
    Waiter,
};

pub(crate) const READ: OpenHow = OpenHow {
    read: true,
    write: false,
    follow: callgate_system::Follow::Yes,
    create: false,
    exclusive: false,
    truncate: false,
    directory: false,
    sync: false,
    sync_data: false,
};
pub(crate) const CREATE: OpenHow = OpenHow { write: true, create: true, ..READ };

pub(crate) fn file(at: &dyn Directory, path: &str, how: OpenHow) -> Result<Arc<dyn File>> {
    match at.open(path, how)? {
        Opened::File(file) => Ok(file),
        Opened::Directory(_) => Err(Code::IsDirectory.into()),
    }
}

pub(crate) fn directory(at: &dyn Directory, path: &str) -> Result<Arc<dyn Directory>> {
    match at.open(path, OpenHow { directory: true, ..READ })? {
        Opened::Directory(directory) => Ok(directory),
        Opened::File(_) => Err(Code::NotDirectory.into()),
    }
}

pub(crate) fn content(at: &dyn Directory, path: &str) -> Result<Vec<u8>> {
    let file = file(at, path, READ)?;
    let mut all = Vec::with_capacity(file.stat()?.size as usize + 1);
    file.read_at(&mut all, 0)?;
    Ok(all)
}

pub(crate) fn code<T>(result: Result<T>) -> Option<Code> {
    result.err().map(|error: Error| error.code)
}

pub(crate) fn memory(seed: u64) -> Memory {
    Memory::new(Options { seed, ..Options::default() })
}

pub(crate) fn bound(memory: &Memory, kind: Kind, address: &str) -> (Arc<dyn Socket>, SocketAddr) {
    let address: SocketAddr = address.parse().unwrap();
    let socket = memory.network().socket(kind, AddressFamily::of(address.ip())).unwrap();
    socket.bind(address).unwrap();
    let local = socket.local_address().unwrap();
    (socket, local)
}

pub(crate) fn stream(memory: &Memory) -> Arc<dyn Socket> {
    memory.network().socket(Kind::Stream, AddressFamily::Ipv4).unwrap()
}

/// Both ends of a connection, the one that connected first.
pub(crate) fn connected(memory: &Memory, waiter: &mut dyn Waiter) -> (Arc<dyn Socket>, Arc<dyn Socket>) {
    let (listener, local) = bound(memory, Kind::Stream, "127.0.0.1:0");
    listener.listen(8).unwrap();
    let client = stream(memory);
    client.connect(local).unwrap();
    wait(waiter, Interest::Sendable(client.clone()), None).unwrap();
    client.finish_connect().unwrap();
    wait(waiter, Interest::Receivable(listener.clone()), None).unwrap();
    (client, listener.accept().unwrap().0)
}

/// Waits for one thing; whether it came.
pub(crate) fn wait(waiter: &mut dyn Waiter, interest: Interest, until: Option<Nanoseconds>) -> Result<bool> {
    let mut ready = Vec::new();
    waiter.wait(&[&interest], until, &mut ready).map(|()| !ready.is_empty())
}

pub(crate) fn receive(socket: &dyn Socket, room: usize) -> Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(room);
    socket.receive(&mut bytes).map(|_| bytes)
}
