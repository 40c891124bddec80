//! Streams: each call in each state that it doesn't fit, addresses that don't fit either, and the numbers that a socket
//! keeps. A refused call changes nothing.

use std::net::{IpAddr, SocketAddr};

use callgate_system::{Interest, Shutdown, Socket, SocketOption};

use super::net::{Ip, V4, V6, connect, connected, listener, of_host, once, receive_all, stream};
use super::peer::{TcpListener, TcpStream};
use crate::stage::Stage;
use crate::{Case, Check};

cases_of_both! { "tcp";
    "a fresh one has nothing", "Socket::local_address" => fresh;
    "a bound one has an address", "Socket::bind" => bound;
    "a connecting one connects", "Socket::connect" => connecting;
    "a listening one accepts", "Socket::listen" => listening;
    "a connected one talks", "Socket::finish_connect" => talking;
    "calls of datagrams are not its own", "Socket::disconnect" => other_kind;
    "an address that cannot be bound is invalid", "Socket::bind" => invalid_local;
    "an address that cannot be connected to is invalid", "Socket::connect" => invalid_remote;
    "an address where somebody listens is in use", "Socket::bind" => in_use;
    "two on one address do not both listen", "Socket::listen" => in_use_late;
    "nobody's address is not bindable", "Socket::bind" => not_bindable;
    "what an option holds is what was set, or cut", "Socket::set_option" => options;
    "what an option cannot be is invalid", "Socket::set_option" => invalid_options;
    "options have values from the start, and keep them", "Socket::option" => options_stay;
    "an accepted one has its listener's options, and keeps them", "Socket::option" => inherited;
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = cases_of_both();
    cases.push(Case::new("tcp", "v6: every address is every address of IPv6 alone", "Socket::bind", v6_only));
    cases
}

/// Everything that only a connection can do.
fn no_talk(socket: &dyn Socket) -> Check {
    refused!(socket.send(b"x").map(drop), InvalidState);
    refused!(socket.send(b"").map(drop), InvalidState);
    refused!(socket.receive(&mut Vec::with_capacity(8)).map(drop), InvalidState);
    refused!(socket.receive(&mut Vec::new()).map(drop), InvalidState);
    refused!(socket.remote_address().map(drop), InvalidState);
    for how in [Shutdown::Receive, Shutdown::Send, Shutdown::Both] {
        refused!(socket.shutdown(how), InvalidState);
    }
    refused!(socket.abort(), InvalidState | Unsupported);
    Ok(())
}

fn fresh<I: Ip>(stage: &Stage<'_>) -> Check {
    let socket = stream::<I>(stage)?;
    no_talk(&*socket)?;
    refused!(socket.local_address().map(drop), InvalidState);
    // Listening without an address would choose one that nobody was asked about.
    refused!(socket.listen(8), InvalidState);
    refused!(socket.local_address().map(drop), InvalidState);
    refused!(socket.accept().map(drop), InvalidState);
    refused!(socket.finish_connect(), NotInProgress);
    fine!(socket.bind(I::here(0)));
    Ok(())
}

fn bound<I: Ip>(stage: &Stage<'_>) -> Check {
    let socket = stream::<I>(stage)?;
    fine!(socket.bind(I::here(0)));
    let local = fine!(socket.local_address());
    no_talk(&*socket)?;
    refused!(socket.bind(I::here(0)), InvalidState);
    refused!(socket.bind(local), InvalidState);
    refused!(socket.accept().map(drop), InvalidState);
    refused!(socket.finish_connect(), NotInProgress);
    same!(fine!(socket.local_address()), local);
    fine!(socket.listen(8));
    Ok(())
}

fn connecting<I: Ip>(stage: &Stage<'_>) -> Check {
    let host = TcpListener::bind(stage, I::here(0)).map_err(of_host)?;
    let remote = host.local_addr().map_err(of_host)?;
    let socket = stream::<I>(stage)?;
    fine!(socket.connect(remote));
    // It may well be connected by now; until that was told, it is connecting.
    no_talk(&*socket)?;
    refused!(socket.connect(remote), Already);
    refused!(socket.bind(I::here(0)), InvalidState);
    refused!(socket.listen(8), InvalidState);
    refused!(socket.accept().map(drop), InvalidState);
    fine!(once(stage, &Interest::Sendable(socket.clone()), || socket.finish_connect())?);
    same!(fine!(socket.remote_address()), remote);
    Ok(())
}

fn listening<I: Ip>(stage: &Stage<'_>) -> Check {
    let (socket, local) = listener::<I>(stage)?;
    let host = TcpListener::bind(stage, I::here(0)).map_err(of_host)?;
    no_talk(&*socket)?;
    refused!(socket.bind(I::here(0)), InvalidState);
    refused!(socket.connect(host.local_addr().map_err(of_host)?), InvalidState);
    refused!(socket.finish_connect(), NotInProgress);
    refused!(socket.accept().map(drop), WouldBlock);
    let peer = TcpStream::connect(stage, local).map_err(of_host)?;
    let (accepted, _) = fine!(once(stage, &Interest::Receivable(socket.clone()), || socket.accept())?);
    drop(peer);
    same!(receive_all(stage, &accepted)?, b"");
    Ok(())
}

fn talking<I: Ip>(stage: &Stage<'_>) -> Check {
    let (listener, local) = listener::<I>(stage)?;
    let (ours, peer) = connected::<I>(stage)?;
    let host = TcpStream::connect(stage, local).map_err(of_host)?;
    let (accepted, _) = fine!(once(stage, &Interest::Receivable(listener.clone()), || listener.accept())?);
    for socket in [ours, accepted] {
        let (local, remote) = (fine!(socket.local_address()), fine!(socket.remote_address()));
        refused!(socket.bind(I::here(0)), InvalidState);
        refused!(socket.connect(remote), InvalidState);
        refused!(socket.finish_connect(), NotInProgress);
        refused!(socket.listen(8), InvalidState);
        refused!(socket.accept().map(drop), InvalidState);
        same!((fine!(socket.local_address()), fine!(socket.remote_address())), (local, remote));
        same!(fine!(socket.send(b"x")), 1);
    }
    drop((peer, host));
    Ok(())
}

fn other_kind<I: Ip>(stage: &Stage<'_>) -> Check {
    let (socket, peer) = connected::<I>(stage)?;
    let remote = peer.local_addr().map_err(of_host)?;
    for socket in [socket, stream::<I>(stage)?] {
        refused!(socket.send_to(b"x", remote), Unsupported);
        refused!(socket.receive_from(&mut Vec::with_capacity(8)).map(drop), Unsupported);
        refused!(socket.disconnect(), Unsupported);
    }
    Ok(())
}

/// `ip`, an IPv4 address, written as IPv6.
fn mapped(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(ip) => ip.to_ipv6_mapped().into(),
        IpAddr::V6(_) => V4::HERE.to_canonical(),
    }
}

fn invalid_local<I: Ip>(stage: &Stage<'_>) -> Check {
    let socket = stream::<I>(stage)?;
    for ip in [I::OTHER, I::GROUP, mapped(V4::HERE)] {
        refused!(socket.bind(SocketAddr::new(ip, 0)), Invalid);
    }
    fine!(socket.bind(I::here(0)));
    Ok(())
}

fn invalid_remote<I: Ip>(stage: &Stage<'_>) -> Check {
    let host = TcpListener::bind(stage, I::here(0)).map_err(of_host)?;
    let remote = host.local_addr().map_err(of_host)?;
    let socket = stream::<I>(stage)?;
    for ip in [I::OTHER, I::ANY, I::GROUP, mapped(V4::HERE)] {
        refused!(socket.connect(SocketAddr::new(ip, remote.port())), Invalid);
    }
    refused!(socket.connect(I::here(0)), Invalid);
    refused!(socket.finish_connect(), NotInProgress);
    connect(stage, &socket, remote)
}

fn in_use<I: Ip>(stage: &Stage<'_>) -> Check {
    let host = TcpListener::bind(stage, I::here(0)).map_err(of_host)?;
    let (_listener, local) = listener::<I>(stage)?;
    for taken in [host.local_addr().map_err(of_host)?, local] {
        let socket = stream::<I>(stage)?;
        refused!(socket.bind(taken), AddressInUse);
        refused!(socket.bind(SocketAddr::new(I::ANY, taken.port())), AddressInUse);
        refused!(socket.local_address().map(drop), InvalidState);
        fine!(socket.bind(I::here(0)));
    }
    Ok(())
}

fn in_use_late<I: Ip>(stage: &Stage<'_>) -> Check {
    let (first, second) = (stream::<I>(stage)?, stream::<I>(stage)?);
    fine!(first.bind(I::here(0)));
    let local = fine!(first.local_address());
    if fine_or_refused!(second.bind(local), AddressInUse).is_some() {
        fine!(first.listen(8));
        refused!(second.listen(8), AddressInUse);
    }
    Ok(())
}

fn not_bindable<I: Ip>(stage: &Stage<'_>) -> Check {
    let socket = stream::<I>(stage)?;
    refused!(socket.bind(SocketAddr::new(I::NOBODY, 0)), AddressNotBindable);
    fine!(socket.bind(I::here(0)));
    Ok(())
}

const SECOND: u64 = 1_000_000_000;

fn options<I: Ip>(stage: &Stage<'_>) -> Check {
    let socket = stream::<I>(stage)?;
    for (option, value) in [
        (SocketOption::KeepAliveEnabled, 1),
        (SocketOption::KeepAliveEnabled, 0),
        (SocketOption::KeepAliveIdleTime, 7 * SECOND),
        (SocketOption::KeepAliveInterval, 9 * SECOND),
        (SocketOption::KeepAliveCount, 5),
        (SocketOption::KeepAliveCount, 42),
        (SocketOption::HopLimit, 1),
        (SocketOption::HopLimit, 42),
        (SocketOption::HopLimit, 255),
        (SocketOption::ReceiveBufferSize, 65_536),
        (SocketOption::SendBufferSize, 65_536),
    ] {
        fine!(socket.set_option(option, value));
        same!((option, fine!(socket.option(option))), (option, value));
    }
    for option in [SocketOption::KeepAliveIdleTime, SocketOption::KeepAliveInterval] {
        fine!(socket.set_option(option, 1));
        holds!((1..=SECOND).contains(&fine!(socket.option(option))));
        fine!(socket.set_option(option, 2 * SECOND + 1));
        holds!((2 * SECOND + 1..=3 * SECOND).contains(&fine!(socket.option(option))));
    }
    for &option in SocketOption::ALL {
        if !matches!(option, SocketOption::KeepAliveEnabled | SocketOption::HopLimit) {
            for value in [1, u64::MAX, u64::from(u32::MAX), i64::MAX as u64] {
                fine!(socket.set_option(option, value));
                holds!(fine!(socket.option(option)) > 0);
            }
        }
    }
    Ok(())
}

fn invalid_options<I: Ip>(stage: &Stage<'_>) -> Check {
    let socket = stream::<I>(stage)?;
    for &option in SocketOption::ALL {
        let before = fine!(socket.option(option));
        let invalid: &[u64] = match option {
            SocketOption::KeepAliveEnabled => &[2, u64::MAX],
            SocketOption::HopLimit => &[0, 256, 257, 1 << 32, u64::MAX],
            _ => &[0],
        };
        for &value in invalid {
            refused!(socket.set_option(option, value), Invalid);
        }
        same!((option, fine!(socket.option(option))), (option, before));
    }
    Ok(())
}

/// Options of which each value is kept as it is.
fn values(keep_alive: u64, number: u64) -> [(SocketOption, u64); 5] {
    [
        (SocketOption::KeepAliveEnabled, keep_alive),
        (SocketOption::KeepAliveIdleTime, number * SECOND),
        (SocketOption::KeepAliveInterval, (number + 1) * SECOND),
        (SocketOption::KeepAliveCount, number + 2),
        (SocketOption::HopLimit, number + 3),
    ]
}

fn set(socket: &dyn Socket, values: [(SocketOption, u64); 5]) -> Check {
    for (option, value) in values {
        fine!(socket.set_option(option, value));
    }
    holds_all(socket, values)
}

fn holds_all(socket: &dyn Socket, values: [(SocketOption, u64); 5]) -> Check {
    for (option, value) in values {
        same!((option, fine!(socket.option(option))), (option, value));
    }
    Ok(())
}

fn options_stay<I: Ip>(stage: &Stage<'_>) -> Check {
    let socket = stream::<I>(stage)?;
    same!(fine!(socket.option(SocketOption::KeepAliveEnabled)), 0);
    for &option in &SocketOption::ALL[1..] {
        holds!(fine!(socket.option(option)) > 0);
    }
    set(&*socket, values(1, 42))?;
    fine!(socket.bind(I::here(0)));
    holds_all(&*socket, values(1, 42))?;
    let host = TcpListener::bind(stage, I::here(0)).map_err(of_host)?;
    connect(stage, &socket, host.local_addr().map_err(of_host)?)?;
    holds_all(&*socket, values(1, 42))?;
    set(&*socket, values(0, 43))?;
    set(&*socket, values(1, 44))
}

fn inherited<I: Ip>(stage: &Stage<'_>) -> Check {
    let (listener, local) = listener::<I>(stage)?;
    set(&*listener, values(1, 42))?;
    let _peer = TcpStream::connect(stage, local).map_err(of_host)?;
    let (socket, _) = fine!(once(stage, &Interest::Receivable(listener.clone()), || listener.accept())?);
    holds_all(&*socket, values(1, 42))?;
    set(&*listener, values(0, 50))?;
    holds_all(&*socket, values(1, 42))?;
    set(&*socket, values(0, 60))?;
    holds_all(&*listener, values(0, 50))
}

fn v6_only(stage: &Stage<'_>) -> Check {
    let (six, four) = (stream::<V6>(stage)?, stream::<V4>(stage)?);
    fine!(six.bind(SocketAddr::new(V6::ANY, 0)));
    fine!(six.listen(8));
    let port = fine!(six.local_address()).port();
    // Another test's socket may have this port of IPv4; then there is nothing to be seen.
    if fine_or_refused!(four.bind(V4::here(port)), AddressInUse).is_some() {
        fine!(four.listen(8));
        let _peer = TcpStream::connect(stage, V4::here(port)).map_err(of_host)?;
        fine!(once(stage, &Interest::Receivable(four.clone()), || four.accept())?);
        refused!(six.accept().map(drop), WouldBlock);
    }
    let peer = TcpStream::connect(stage, V6::here(port)).map_err(of_host)?;
    let (_, remote) = fine!(once(stage, &Interest::Receivable(six.clone()), || six.accept())?);
    same!(remote, peer.local_addr().map_err(of_host)?);
    Ok(())
}
