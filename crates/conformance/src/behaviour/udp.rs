//! Datagrams: with everybody and with one peer, of every size.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use callgate_system::{Interest, Kind, Shutdown, Socket, SocketOption};

use super::net::{Ip, datagrams, host_datagrams, of_host, once, pattern, receive_from, socket, wait};
use super::peer::UdpSocket;
use crate::stage::Stage;
use crate::{Case, Check};

cases_of_both! { "udp";
    "messages go both ways, with addresses", "Socket::send_to" => talk;
    "messages stay apart, and in order on loopback", "Socket::receive_from" => apart;
    "an empty message is a message", "Socket::receive_from" => empty;
    "the largest message goes both ways", "Socket::send_to" => largest;
    "a larger one is too large", "Socket::send_to" => too_large;
    "one without room is lost, and the next is whole", "Socket::receive_from" => no_room;
    "receives behind what is in the buffer", "Socket::receive_from" => appends;
    "nothing there yet would block", "Socket::receive_from" => nothing_yet;
    "with a peer, only the peer", "Socket::connect" => peer;
    "another peer takes its place", "Socket::connect" => another_peer;
    "without a peer, everybody again", "Socket::disconnect" => disconnect;
    "no peer to send to, none to name", "Socket::send" => no_peer;
    "a peer that isn't there is told", "Socket::receive_from" => nobody;
    "sending to a peer that isn't there is refused, or nothing", "Socket::send" => nobody_again;
    "without a peer, a message to nobody is no error", "Socket::send_to" => nobody_at_all;
    "what a peer left untold is no error of the next", "Socket::connect" => nobody_before;
    "sending gives it an address", "Socket::send_to" => implicit;
    "two that were never bound have a port each, and keep it", "Socket::disconnect" => implicit_twice;
    "a fresh one has no address, a bound one has one", "Socket::bind" => states;
    "calls of streams are not its own", "Socket::listen" => other_kind;
    "an address that somebody has is in use", "Socket::bind" => in_use;
    "nobody's address is not bindable", "Socket::bind" => not_bindable;
    "an address that cannot be bound is invalid", "Socket::bind" => invalid_local;
    "an address that cannot be sent to is invalid", "Socket::send_to" => invalid_remote;
    "its options", "Socket::set_option" => options;
}

pub(super) fn cases() -> Vec<Case> {
    cases_of_both()
}

fn host_address(socket: &UdpSocket<'_>) -> Check<SocketAddr> {
    socket.local_addr().map_err(of_host)
}

/// The next message of the host's, and from whom.
fn host_receives(socket: &UdpSocket<'_>) -> Check<(Vec<u8>, SocketAddr)> {
    socket.receive().map_err(of_host)
}

fn host_sends(socket: &UdpSocket<'_>, bytes: &[u8], to: SocketAddr) -> Check {
    same!(socket.send_to(bytes, to).map_err(of_host)?, bytes.len());
    Ok(())
}

fn talk<I: Ip>(stage: &Stage<'_>) -> Check {
    let ((socket, local), host) = (datagrams::<I>(stage)?, host_datagrams::<I>(stage)?);
    same!((socket.kind(), socket.family()), (Kind::Datagram, I::FAMILY));
    fine!(once(stage, &Interest::Sendable(socket.clone()), || socket
        .send_to(b"hello", host.local_addr().expect("bound")))?);
    same!(host_receives(&host)?, (b"hello".to_vec(), local));
    host_sends(&host, b"you too", local)?;
    same!(receive_from(stage, &socket)?, (b"you too".to_vec(), host_address(&host)?));
    Ok(())
}

fn apart<I: Ip>(stage: &Stage<'_>) -> Check {
    let ((socket, local), host) = (datagrams::<I>(stage)?, host_datagrams::<I>(stage)?);
    for round in 0..3_u8 {
        for number in 0..50 {
            host_sends(&host, &[round, number], local)?;
        }
        for number in 0..50 {
            same!(receive_from(stage, &socket)?.0, [round, number]);
        }
    }
    Ok(())
}

fn empty<I: Ip>(stage: &Stage<'_>) -> Check {
    let ((socket, local), host) = (datagrams::<I>(stage)?, host_datagrams::<I>(stage)?);
    fine!(socket.send_to(b"", host_address(&host)?));
    same!(host_receives(&host)?, (Vec::new(), local));
    host_sends(&host, b"", local)?;
    host_sends(&host, b"", local)?;
    same!(receive_from(stage, &socket)?, (Vec::new(), host_address(&host)?));
    // It needs no room.
    let received = once(stage, &Interest::Receivable(socket.clone()), || socket.receive_from(&mut Vec::new()))?;
    same!(fine!(received), (0, host_address(&host)?));
    fine!(socket.connect(host_address(&host)?));
    same!(fine!(socket.send(b"")), 0);
    same!(host_receives(&host)?.0, b"");
    Ok(())
}

fn largest<I: Ip>(stage: &Stage<'_>) -> Check {
    let ((socket, local), host) = (datagrams::<I>(stage)?, host_datagrams::<I>(stage)?);
    let bytes = pattern(I::MOST);
    fine!(
        once(stage, &Interest::Sendable(socket.clone()), || socket.send_to(&bytes, host.local_addr().expect("bound")))?
    );
    holds!(host_receives(&host)? == (bytes.clone(), local));
    host_sends(&host, &bytes, local)?;
    holds!(receive_from(stage, &socket)? == (bytes, host_address(&host)?));
    Ok(())
}

fn too_large<I: Ip>(stage: &Stage<'_>) -> Check {
    let ((socket, _), host) = (datagrams::<I>(stage)?, host_datagrams::<I>(stage)?);
    let to = host_address(&host)?;
    for length in [I::MOST + 1, 65_536, 70_000, 1 << 20] {
        refused!(socket.send_to(&vec![0; length], to), MessageSize);
    }
    fine!(socket.connect(to));
    refused!(socket.send(&vec![0; 70_000]).map(drop), MessageSize);
    fine!(socket.send(b"fits"));
    same!(host_receives(&host)?.0, b"fits");
    Ok(())
}

fn no_room<I: Ip>(stage: &Stage<'_>) -> Check {
    let ((socket, local), host) = (datagrams::<I>(stage)?, host_datagrams::<I>(stage)?);
    for text in [&b"too long for four"[..], b"and for none", b"fits"] {
        host_sends(&host, text, local)?;
    }
    let mut bytes = Vec::with_capacity(4);
    let room = bytes.capacity();
    holds!(room < 17);
    refused!(
        once(stage, &Interest::Receivable(socket.clone()), || socket.receive_from(&mut bytes).map(drop))?,
        MessageSize
    );
    same!((bytes.len(), bytes.capacity()), (0, room));
    let mut none = Vec::new();
    refused!(
        once(stage, &Interest::Receivable(socket.clone()), || socket.receive_from(&mut none).map(drop))?,
        MessageSize
    );
    same!(none.capacity(), 0);
    let received = once(stage, &Interest::Receivable(socket.clone()), || socket.receive_from(&mut bytes))?;
    same!((fine!(received).0, &bytes[..]), (4, &b"fits"[..]));
    Ok(())
}

fn appends<I: Ip>(stage: &Stage<'_>) -> Check {
    let ((socket, local), host) = (datagrams::<I>(stage)?, host_datagrams::<I>(stage)?);
    let mut bytes = Vec::with_capacity(64);
    for text in ["one ", "after ", "the other"] {
        host_sends(&host, text.as_bytes(), local)?;
        let received = once(stage, &Interest::Receivable(socket.clone()), || socket.receive_from(&mut bytes))?;
        same!(fine!(received).0, text.len());
    }
    same!(bytes, b"one after the other");
    Ok(())
}

fn nothing_yet<I: Ip>(stage: &Stage<'_>) -> Check {
    let (socket, _) = datagrams::<I>(stage)?;
    refused!(socket.receive_from(&mut Vec::with_capacity(8)).map(drop), WouldBlock);
    refused!(socket.receive_from(&mut Vec::new()).map(drop), WouldBlock);
    Ok(())
}

fn peer<I: Ip>(stage: &Stage<'_>) -> Check {
    let ((socket, local), host, other) =
        (datagrams::<I>(stage)?, host_datagrams::<I>(stage)?, host_datagrams::<I>(stage)?);
    fine!(socket.connect(host_address(&host)?));
    same!(fine!(socket.remote_address()), host_address(&host)?);
    same!(fine!(socket.local_address()), local);
    host_sends(&other, b"not from the peer", local)?;
    host_sends(&host, b"from the peer", local)?;
    same!(receive_from(stage, &socket)?, (b"from the peer".to_vec(), host_address(&host)?));
    same!(fine!(socket.send(b"to the peer")), 11);
    same!(host_receives(&host)?, (b"to the peer".to_vec(), local));
    Ok(())
}

fn another_peer<I: Ip>(stage: &Stage<'_>) -> Check {
    let ((socket, local), host, other) =
        (datagrams::<I>(stage)?, host_datagrams::<I>(stage)?, host_datagrams::<I>(stage)?);
    for peer in [&host, &other, &host] {
        fine!(socket.connect(host_address(peer)?));
        same!(fine!(socket.remote_address()), host_address(peer)?);
        same!(fine!(socket.local_address()), local);
        same!(fine!(socket.send(b"x")), 1);
        same!(host_receives(peer)?.1, local);
    }
    Ok(())
}

fn disconnect<I: Ip>(stage: &Stage<'_>) -> Check {
    let ((socket, local), host, other) =
        (datagrams::<I>(stage)?, host_datagrams::<I>(stage)?, host_datagrams::<I>(stage)?);
    fine!(socket.disconnect());
    fine!(socket.connect(host_address(&host)?));
    for _ in 0..2 {
        fine!(socket.disconnect());
        no_one(&*socket)?;
        same!(fine!(socket.local_address()), local);
    }
    host_sends(&other, b"from another", local)?;
    same!(receive_from(stage, &socket)?, (b"from another".to_vec(), host_address(&other)?));
    Ok(())
}

fn no_one(socket: &dyn Socket) -> Check {
    refused!(socket.send(b"x").map(drop), InvalidState);
    refused!(socket.send(b"").map(drop), InvalidState);
    refused!(socket.remote_address().map(drop), InvalidState);
    Ok(())
}

fn no_peer<I: Ip>(stage: &Stage<'_>) -> Check {
    no_one(&*socket::<I>(stage, Kind::Datagram)?)?;
    let (socket, _) = datagrams::<I>(stage)?;
    no_one(&*socket)?;
    refused!(socket.connect(I::here(0)), Invalid);
    no_one(&*socket)
}

/// A socket of the host's with a peer of its own: to everybody else, nobody is there, and nobody else can get its port.
fn deaf<'a, I: Ip>(stage: &Stage<'a>) -> Check<UdpSocket<'a>> {
    let (deaf, other) = (host_datagrams::<I>(stage)?, host_datagrams::<I>(stage)?);
    deaf.connect(host_address(&other)?).map_err(of_host)?;
    Ok(deaf)
}

fn nobody<I: Ip>(stage: &Stage<'_>) -> Check {
    let ((socket, local), deaf) = (datagrams::<I>(stage)?, deaf::<I>(stage)?);
    fine!(socket.connect(host_address(&deaf)?));
    fine!(socket.send(b"anybody?"));
    wait(stage, &Interest::Receivable(socket.clone()))?;
    refused!(socket.receive_from(&mut Vec::with_capacity(8)).map(drop), ConnectionRefused);
    refused!(socket.receive_from(&mut Vec::with_capacity(8)).map(drop), WouldBlock);
    // It goes on.
    let host = host_datagrams::<I>(stage)?;
    fine!(socket.connect(host_address(&host)?));
    host_sends(&host, b"I am", local)?;
    same!(receive_from(stage, &socket)?.0, b"I am");
    Ok(())
}

fn nobody_again<I: Ip>(stage: &Stage<'_>) -> Check {
    let ((socket, _), deaf) = (datagrams::<I>(stage)?, deaf::<I>(stage)?);
    fine!(socket.connect(host_address(&deaf)?));
    fine!(socket.send(b"anybody?"));
    for _ in 0..4 {
        fine_or_refused!(socket.send(b"nobody?"), ConnectionRefused);
        fine_or_refused!(socket.send_to(b"nobody?", host_address(&deaf)?), ConnectionRefused);
    }
    Ok(())
}

fn nobody_at_all<I: Ip>(stage: &Stage<'_>) -> Check {
    let ((socket, local), host, deaf) = (datagrams::<I>(stage)?, host_datagrams::<I>(stage)?, deaf::<I>(stage)?);
    for round in 0..3_u8 {
        fine!(socket.send_to(b"anybody?", host_address(&deaf)?));
        refused!(socket.receive_from(&mut Vec::with_capacity(8)).map(drop), WouldBlock);
        fine!(socket.send_to(b"anybody?", host_address(&deaf)?));
        fine!(socket.send_to(&[round], host_address(&host)?));
        same!(host_receives(&host)?, (vec![round], local));
        host_sends(&host, &[round], local)?;
        same!(receive_from(stage, &socket)?, (vec![round], host_address(&host)?));
    }
    Ok(())
}

fn nobody_before<I: Ip>(stage: &Stage<'_>) -> Check {
    let ((socket, local), host, deaf) = (datagrams::<I>(stage)?, host_datagrams::<I>(stage)?, deaf::<I>(stage)?);
    // One peer in place of the other.
    fine!(socket.connect(host_address(&deaf)?));
    fine!(socket.send(b"anybody?"));
    fine!(socket.connect(host_address(&host)?));
    refused!(socket.receive_from(&mut Vec::with_capacity(8)).map(drop), WouldBlock);
    same!(fine!(socket.send(b"you?")), 4);
    same!(host_receives(&host)?, (b"you?".to_vec(), local));
    // No peer in place of the other.
    fine!(socket.connect(host_address(&deaf)?));
    fine!(socket.send(b"anybody?"));
    fine!(socket.disconnect());
    fine!(socket.send_to(b"or you?", host_address(&host)?));
    same!(host_receives(&host)?, (b"or you?".to_vec(), local));
    refused!(socket.receive_from(&mut Vec::with_capacity(8)).map(drop), WouldBlock);
    host_sends(&host, b"me", local)?;
    same!(receive_from(stage, &socket)?.0, b"me");
    Ok(())
}

fn implicit<I: Ip>(stage: &Stage<'_>) -> Check {
    let (socket, host) = (socket::<I>(stage, Kind::Datagram)?, host_datagrams::<I>(stage)?);
    fine!(socket.send_to(b"x", host_address(&host)?));
    let local = fine!(socket.local_address());
    same!(host_receives(&host)?.1.port(), local.port());
    refused!(socket.bind(I::here(0)), InvalidState);
    Ok(())
}

fn implicit_twice<I: Ip>(stage: &Stage<'_>) -> Check {
    let host = host_datagrams::<I>(stage)?;
    let to = host_address(&host)?;
    let all = [(); 4].map(|()| socket::<I>(stage, Kind::Datagram)).into_iter().collect::<Check<Vec<_>>>()?;
    let ports = || all.iter().map(|socket| Ok(fine!(socket.local_address()).port())).collect::<Check<Vec<_>>>();
    for socket in &all[..2] {
        fine!(socket.connect(to));
    }
    // The same by asking for a free one.
    fine!(all[2].bind(SocketAddr::new(I::ANY, 0)));
    fine!(all[2].connect(to));
    fine!(all[3].send_to(b"x", to));
    host_receives(&host)?;
    let given = ports()?;
    same!(given.iter().collect::<BTreeSet<_>>().len(), all.len());
    for socket in &all {
        fine!(socket.disconnect());
    }
    same!(ports()?, given);
    for (socket, port) in all.iter().zip(given) {
        refused!(socket.bind(I::here(0)), InvalidState);
        fine!(socket.send_to(b"from", to));
        same!(host_receives(&host)?, (b"from".to_vec(), I::here(port)));
        host_sends(&host, b"back", I::here(port))?;
        same!(receive_from(stage, socket)?, (b"back".to_vec(), to));
    }
    Ok(())
}

fn states<I: Ip>(stage: &Stage<'_>) -> Check {
    let socket = socket::<I>(stage, Kind::Datagram)?;
    refused!(socket.local_address().map(drop), InvalidState);
    refused!(socket.receive_from(&mut Vec::with_capacity(8)).map(drop), WouldBlock);
    fine!(socket.bind(SocketAddr::new(I::ANY, 0)));
    let local = fine!(socket.local_address());
    same!(local.ip(), I::ANY);
    holds!(local.port() != 0);
    refused!(socket.bind(I::here(0)), InvalidState);
    refused!(socket.bind(local), InvalidState);
    same!(fine!(socket.local_address()), local);
    Ok(())
}

fn other_kind<I: Ip>(stage: &Stage<'_>) -> Check {
    let ((bound, _), host) = (datagrams::<I>(stage)?, host_datagrams::<I>(stage)?);
    let (with_peer, _) = datagrams::<I>(stage)?;
    fine!(with_peer.connect(host_address(&host)?));
    for socket in [socket::<I>(stage, Kind::Datagram)?, bound, with_peer] {
        refused!(socket.listen(8), Unsupported);
        refused!(socket.accept().map(drop), Unsupported);
        refused!(socket.finish_connect(), Unsupported);
        refused!(socket.abort(), Unsupported);
        refused!(socket.receive(&mut Vec::with_capacity(8)).map(drop), Unsupported);
        for how in [Shutdown::Receive, Shutdown::Send, Shutdown::Both] {
            refused!(socket.shutdown(how), Unsupported);
        }
    }
    Ok(())
}

fn in_use<I: Ip>(stage: &Stage<'_>) -> Check {
    let ((_bound, local), host) = (datagrams::<I>(stage)?, host_datagrams::<I>(stage)?);
    for taken in [local, host_address(&host)?] {
        let socket = socket::<I>(stage, Kind::Datagram)?;
        refused!(socket.bind(taken), AddressInUse);
        refused!(socket.bind(SocketAddr::new(I::ANY, taken.port())), AddressInUse);
        fine!(socket.bind(I::here(0)));
    }
    Ok(())
}

fn not_bindable<I: Ip>(stage: &Stage<'_>) -> Check {
    let socket = socket::<I>(stage, Kind::Datagram)?;
    refused!(socket.bind(SocketAddr::new(I::NOBODY, 0)), AddressNotBindable);
    fine!(socket.bind(I::here(0)));
    Ok(())
}

const MAPPED: IpAddr = IpAddr::V6(Ipv4Addr::LOCALHOST.to_ipv6_mapped());

fn invalid_local<I: Ip>(stage: &Stage<'_>) -> Check {
    let socket = socket::<I>(stage, Kind::Datagram)?;
    for ip in [I::OTHER, MAPPED] {
        refused!(socket.bind(SocketAddr::new(ip, 0)), Invalid);
    }
    Ok(())
}

fn invalid_remote<I: Ip>(stage: &Stage<'_>) -> Check {
    let (socket, local) = datagrams::<I>(stage)?;
    for ip in [I::OTHER, I::ANY, MAPPED] {
        let remote = SocketAddr::new(ip, local.port());
        refused!(socket.send_to(b"x", remote), Invalid);
        refused!(socket.connect(remote), Invalid);
    }
    refused!(socket.send_to(b"x", I::here(0)), Invalid);
    refused!(socket.connect(I::here(0)), Invalid);
    Ok(())
}

fn options<I: Ip>(stage: &Stage<'_>) -> Check {
    let socket = socket::<I>(stage, Kind::Datagram)?;
    for &option in SocketOption::ALL {
        if option.is_of_streams() {
            refused!(socket.option(option).map(drop), Unsupported);
            refused!(socket.set_option(option, 1), Unsupported);
        } else {
            holds!(fine!(socket.option(option)) > 0);
            refused!(socket.set_option(option, 0), Invalid);
        }
    }
    for (option, value) in
        [(SocketOption::HopLimit, 7), (SocketOption::ReceiveBufferSize, 32_768), (SocketOption::SendBufferSize, 32_768)]
    {
        fine!(socket.set_option(option, value));
        same!((option, fine!(socket.option(option))), (option, value));
    }
    refused!(socket.set_option(SocketOption::HopLimit, 256), Invalid);
    for option in [SocketOption::ReceiveBufferSize, SocketOption::SendBufferSize] {
        for value in [1, u64::MAX] {
            fine!(socket.set_option(option, value));
            holds!(fine!(socket.option(option)) > 0);
        }
    }
    Ok(())
}
