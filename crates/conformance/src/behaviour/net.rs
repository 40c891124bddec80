//! The usual words of cases about the network. The peers (`peer.rs`) are on loopback, on ports that they are given; every
//! wait of either side is bounded far beyond what any machine needs, so nothing but a hang can exceed it.

use std::io::Read as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use callgate_system::{AddressFamily, Code, Error, Interest, Kind, Result, Socket};

use super::peer::{TcpListener, TcpStream, UdpSocket, comes};
use crate::stage::Stage;
use crate::{Check, Failure};

/// The cases of a group, each for IPv4 and for IPv6.
macro_rules! cases_of_both {
    ($group:literal; $($name:literal, $call:literal => $run:ident;)+) => {
        fn cases_of_both() -> Vec<$crate::Case> {
            use $crate::behaviour::net::{V4, V6};
            vec![$(
                $crate::Case::new($group, concat!("v4: ", $name), $call, $run::<V4>),
                $crate::Case::new($group, concat!("v6: ", $name), $call, $run::<V6>),
            )+]
        }
    };
}

/// Far beyond what any machine needs.
pub(super) const BOUND: Duration = Duration::from_secs(20);

/// One of the two families.
pub(super) trait Ip {
    const FAMILY: AddressFamily;
    /// This machine, to itself.
    const HERE: IpAddr;
    /// Every address of this machine.
    const ANY: IpAddr;
    /// An address that is nobody's (RFC 5737, RFC 3849).
    const NOBODY: IpAddr;
    /// A group's address.
    const GROUP: IpAddr;
    /// The same machine in the other family.
    const OTHER: IpAddr;
    /// The most bytes of a message.
    const MOST: usize;

    fn here(port: u16) -> SocketAddr {
        SocketAddr::new(Self::HERE, port)
    }
}

pub(super) struct V4;
pub(super) struct V6;

impl Ip for V4 {
    const FAMILY: AddressFamily = AddressFamily::Ipv4;
    const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
    const ANY: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
    const NOBODY: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
    const GROUP: IpAddr = IpAddr::V4(Ipv4Addr::new(224, 0, 0, 1));
    const OTHER: IpAddr = V6::HERE;
    const MOST: usize = 65_535 - 20 - 8;
}

impl Ip for V6 {
    const FAMILY: AddressFamily = AddressFamily::Ipv6;
    const HERE: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);
    const ANY: IpAddr = IpAddr::V6(Ipv6Addr::UNSPECIFIED);
    const NOBODY: IpAddr = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1));
    const GROUP: IpAddr = IpAddr::V6(Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1));
    const OTHER: IpAddr = V4::HERE;
    const MOST: usize = 65_535 - 8;
}

/// A fresh socket; skips where the system, or the machine, has no such family.
pub(super) fn socket<I: Ip>(stage: &Stage<'_>, kind: Kind) -> Check<Arc<dyn Socket>> {
    let socket = stage.system.network().socket(kind, I::FAMILY);
    let socket = socket.map_err(|error| Failure::in_set_up("a new socket", error))?;
    match UdpSocket::bind(stage, I::here(0)) {
        Ok(_) => Ok(socket),
        Err(_) => Err(Failure::Skip(format!("the machine has no {}", I::HERE))),
    }
}

pub(super) fn stream<I: Ip>(stage: &Stage<'_>) -> Check<Arc<dyn Socket>> {
    socket::<I>(stage, Kind::Stream)
}

/// A datagram socket with an address.
pub(super) fn datagrams<I: Ip>(stage: &Stage<'_>) -> Check<(Arc<dyn Socket>, SocketAddr)> {
    let socket = socket::<I>(stage, Kind::Datagram)?;
    fine!(socket.bind(I::here(0)));
    let local = fine!(socket.local_address());
    Ok((socket, local))
}

/// A socket that listens, and where.
pub(super) fn listener<I: Ip>(stage: &Stage<'_>) -> Check<(Arc<dyn Socket>, SocketAddr)> {
    let socket = stream::<I>(stage)?;
    fine!(socket.bind(I::here(0)));
    fine!(socket.listen(128));
    let local = fine!(socket.local_address());
    Ok((socket, local))
}

/// A socket that is connected, and the host's end of it.
pub(super) fn connected<'a, I: Ip>(stage: &Stage<'a>) -> Check<(Arc<dyn Socket>, TcpStream<'a>)> {
    let socket = stream::<I>(stage)?;
    let host = TcpListener::bind(stage, I::here(0)).map_err(of_host)?;
    connect(stage, &socket, host.local_addr().map_err(of_host)?)?;
    let peer = host.accept().map_err(of_host)?.0;
    Ok((socket, bounded(peer)?))
}

/// Connects, from the beginning to the end.
pub(super) fn connect(stage: &Stage<'_>, socket: &Arc<dyn Socket>, remote: SocketAddr) -> Check {
    fine!(socket.connect(remote));
    fine!(once(stage, &Interest::Sendable(socket.clone()), || socket.finish_connect())?);
    Ok(())
}

/// The host's end, that waits no longer than [`BOUND`].
pub(super) fn bounded(peer: TcpStream<'_>) -> Check<TcpStream<'_>> {
    peer.bound_waits().map_err(of_host)?;
    Ok(peer)
}

/// A datagram socket of the host's.
pub(super) fn host_datagrams<'a, I: Ip>(stage: &Stage<'a>) -> Check<UdpSocket<'a>> {
    UdpSocket::bind(stage, I::here(0)).map_err(of_host)
}

/// A failure of the host's own end: not the system's fault.
pub(super) fn of_host(error: std::io::Error) -> Failure {
    Failure::wrong("the host's own end to work", error.to_string())
}

/// Waits for one thing.
pub(super) fn wait(stage: &Stage<'_>, interest: &Interest) -> Check {
    if fine!(comes(stage.system, interest)) {
        Ok(())
    } else {
        Err(Failure::wrong("what is waited for to come", "nothing"))
    }
}

/// A list, as a waiter takes it.
pub(super) fn each(interests: &[Interest]) -> Vec<&Interest> {
    interests.iter().collect()
}

/// The indices of the `interests` that are met now.
pub(super) fn met(stage: &Stage<'_>, interests: &[Interest]) -> Check<Vec<usize>> {
    let mut ready = Vec::new();
    fine!(stage.system.waiter().wait(&each(interests), Some(0), &mut ready));
    Ok(ready)
}

/// The first answer of `call` that is anything but `WouldBlock`.
pub(super) fn once<T>(stage: &Stage<'_>, interest: &Interest, call: impl FnMut() -> Result<T>) -> Check<Result<T>> {
    let mut call = call;
    loop {
        match call() {
            Err(Error { code: Code::WouldBlock, .. }) => wait(stage, interest)?,
            result => return Ok(result),
        }
    }
}

/// Receives once, up to `room` bytes.
pub(super) fn receive(stage: &Stage<'_>, socket: &Arc<dyn Socket>, room: usize) -> Check<Result<Vec<u8>>> {
    let mut bytes = Vec::with_capacity(room);
    let received = once(stage, &Interest::Receivable(socket.clone()), || socket.receive(&mut bytes))?;
    Ok(received.map(|length| {
        assert_eq!(length, bytes.len(), "what it says it received");
        bytes
    }))
}

/// Receives to the end.
pub(super) fn receive_all(stage: &Stage<'_>, socket: &Arc<dyn Socket>) -> Check<Vec<u8>> {
    let mut all = Vec::new();
    loop {
        match fine!(receive(stage, socket, 65_536)?) {
            part if part.is_empty() => return Ok(all),
            part => all.extend(part),
        }
    }
}

/// Receives one message.
pub(super) fn receive_from(stage: &Stage<'_>, socket: &Arc<dyn Socket>) -> Check<(Vec<u8>, SocketAddr)> {
    let mut bytes = Vec::with_capacity(65_535);
    let (length, from) = fine!(once(stage, &Interest::Receivable(socket.clone()), || socket.receive_from(&mut bytes))?);
    same!(bytes.len(), length);
    Ok((bytes, from))
}

/// Sends all of it.
pub(super) fn send_all(stage: &Stage<'_>, socket: &Arc<dyn Socket>, bytes: &[u8]) -> Check {
    let mut sent = 0;
    while sent < bytes.len() {
        sent += fine!(once(stage, &Interest::Sendable(socket.clone()), || socket.send(&bytes[sent..]))?);
    }
    Ok(())
}

/// The bytes that the peer reads, to the end.
pub(super) fn read_all(peer: &mut TcpStream<'_>) -> Check<Vec<u8>> {
    let mut bytes = Vec::new();
    peer.read_to_end(&mut bytes).map_err(of_host)?;
    Ok(bytes)
}

/// Bytes in which a lost, doubled or swapped stretch shows.
pub(super) fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|index| (index % 251) as u8 ^ (index / 251) as u8).collect()
}
