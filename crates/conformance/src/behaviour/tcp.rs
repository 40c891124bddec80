//! Streams: connecting, listening, talking, ending.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::SocketAddr;
use std::sync::Arc;

use callgate_system::{Interest, Kind, Shutdown, Socket};

use super::net::{
    Ip, bounded, connect, connected, listener, of_host, once, pattern, read_all, receive, receive_all, send_all,
    stream, wait,
};
use super::peer::{Guest, TcpListener, TcpStream, spawn};
use crate::stage::Stage;
use crate::{Case, Check, Failure};

cases_of_both! { "tcp";
    "a socket tells what it is", "Network::socket" => identity;
    "connects, and both talk", "Socket::connect" => talk;
    "accepts, and both talk", "Socket::accept" => accept;
    "its addresses are the peer's, crosswise", "Socket::remote_address" => addresses;
    "connects from where it is bound", "Socket::connect" => from_bound;
    "nobody listening is refused", "Socket::finish_connect" => refused;
    "listens on a free port, and again on the same at once", "Socket::bind" => again;
    "listening once more changes the backlog only", "Socket::listen" => relisten;
    "a connection that is gone is accepted as ended", "Socket::accept" => gone;
    "many wait, and are accepted one by one", "Socket::accept" => many;
    "nothing there yet would block", "Socket::receive" => nothing_yet;
    "no room and nothing to send are no end", "Socket::receive" => no_room;
    "receives behind what is in the buffer", "Socket::receive" => appends;
    "sends until it would block, and then goes on", "Socket::send" => full;
    "megabytes go both ways", "Socket::send" => megabytes;
    "one byte at a time", "Socket::receive" => single_bytes;
    "ending to send leaves receiving", "Socket::shutdown" => half_close;
    "the peer's end leaves sending", "Socket::receive" => peer_half_close;
    "ending to receive is the end", "Socket::shutdown" => no_receive;
    "ending both, and once more", "Socket::shutdown" => both;
    "a reset is told, and then the end", "Socket::receive" => reset;
    "dropping is an end to the peer", "Socket::connect" => dropped;
    "dropping an aborted one is a reset to the peer", "Socket::abort" => aborted;
}

pub(super) fn cases() -> Vec<Case> {
    cases_of_both()
}

fn identity<I: Ip>(stage: &Stage<'_>) -> Check {
    let socket = stream::<I>(stage)?;
    same!((socket.kind(), socket.family()), (Kind::Stream, I::FAMILY));
    Ok(())
}

fn talk<I: Ip>(stage: &Stage<'_>) -> Check {
    let (socket, mut peer) = connected::<I>(stage)?;
    send_all(stage, &socket, b"from the guest")?;
    let mut bytes = [0; 14];
    peer.read_exact(&mut bytes).map_err(of_host)?;
    same!(&bytes, b"from the guest");
    peer.write_all(b"from the host").map_err(of_host)?;
    drop(peer);
    same!(receive_all(stage, &socket)?, b"from the host");
    Ok(())
}

fn accept<I: Ip>(stage: &Stage<'_>) -> Check {
    let (listener, local) = listener::<I>(stage)?;
    refused!(listener.accept().map(drop), WouldBlock);
    let mut peer = bounded(TcpStream::connect(stage, local).map_err(of_host)?)?;
    let (socket, remote) = fine!(once(stage, &Interest::Receivable(listener.clone()), || listener.accept())?);
    same!(remote, peer.local_addr().map_err(of_host)?);
    same!((socket.kind(), socket.family()), (Kind::Stream, I::FAMILY));
    send_all(stage, &socket, b"welcome")?;
    peer.write_all(b"thanks").map_err(of_host)?;
    peer.shutdown_write().map_err(of_host)?;
    same!(receive_all(stage, &socket)?, b"thanks");
    drop(socket);
    same!(read_all(&mut peer)?, b"welcome");
    refused!(listener.accept().map(drop), WouldBlock);
    Ok(())
}

fn addresses<I: Ip>(stage: &Stage<'_>) -> Check {
    let (socket, peer) = connected::<I>(stage)?;
    let (here, there) = (peer.local_addr().map_err(of_host)?, peer.peer_addr().map_err(of_host)?);
    for _ in 0..2 {
        same!((fine!(socket.local_address()), fine!(socket.remote_address())), (there, here));
    }
    let (listener, local) = listener::<I>(stage)?;
    let peer = TcpStream::connect(stage, local).map_err(of_host)?;
    let (socket, _) = fine!(once(stage, &Interest::Receivable(listener.clone()), || listener.accept())?);
    let there = peer.local_addr().map_err(of_host)?;
    same!((fine!(socket.local_address()), fine!(socket.remote_address())), (local, there));
    same!(fine!(listener.local_address()), local);
    Ok(())
}

fn from_bound<I: Ip>(stage: &Stage<'_>) -> Check {
    let socket = stream::<I>(stage)?;
    fine!(socket.bind(SocketAddr::new(I::ANY, 0)));
    let bound = fine!(socket.local_address());
    same!(bound.ip(), I::ANY);
    holds!(bound.port() != 0);
    let host = TcpListener::bind(stage, I::here(0)).map_err(of_host)?;
    connect(stage, &socket, host.local_addr().map_err(of_host)?)?;
    same!(fine!(socket.local_address()), I::here(bound.port()));
    same!(host.accept().map_err(of_host)?.1, I::here(bound.port()));
    Ok(())
}

fn refused<I: Ip>(stage: &Stage<'_>) -> Check {
    // Bound and not listening: nobody else can get the port, and nobody answers there.
    let deaf = stream::<I>(stage)?;
    fine!(deaf.bind(I::here(0)));
    let socket = stream::<I>(stage)?;
    let result = match socket.connect(fine!(deaf.local_address())) {
        Ok(()) => once(stage, &Interest::Sendable(socket.clone()), || socket.finish_connect())?,
        early => early,
    };
    refused!(result, ConnectionRefused);
    refused!(socket.finish_connect(), NotInProgress);
    refused!(socket.connect(I::here(9)), InvalidState);
    refused!(socket.remote_address().map(drop), InvalidState);
    refused!(socket.send(b"x").map(drop), InvalidState);
    refused!(socket.receive(&mut Vec::with_capacity(1)).map(drop), InvalidState);
    Ok(())
}

fn again<I: Ip>(stage: &Stage<'_>) -> Check {
    let (first, local) = listener::<I>(stage)?;
    let mut peer = bounded(TcpStream::connect(stage, local).map_err(of_host)?)?;
    let (socket, _) = fine!(once(stage, &Interest::Receivable(first.clone()), || first.accept())?);
    // This side ends first, so the connection lingers on its port.
    drop(socket);
    same!(read_all(&mut peer)?, b"");
    drop((peer, first));
    let second = stream::<I>(stage)?;
    fine!(second.bind(local));
    fine!(second.listen(1));
    TcpStream::connect(stage, local).map_err(of_host)?;
    fine!(once(stage, &Interest::Receivable(second.clone()), || second.accept())?);
    Ok(())
}

fn relisten<I: Ip>(stage: &Stage<'_>) -> Check {
    let (listener, local) = listener::<I>(stage)?;
    let _peer = TcpStream::connect(stage, local).map_err(of_host)?;
    for backlog in [0, 1, 7, u32::MAX] {
        if fine_or_refused!(listener.listen(backlog), Unsupported).is_none() {
            break;
        }
    }
    same!(fine!(listener.local_address()), local);
    fine!(once(stage, &Interest::Receivable(listener.clone()), || listener.accept())?);
    Ok(())
}

fn gone<I: Ip>(stage: &Stage<'_>) -> Check {
    let (listener, local) = listener::<I>(stage)?;
    drop(TcpStream::connect(stage, local).map_err(of_host)?);
    let first = once(stage, &Interest::Receivable(listener.clone()), || listener.accept())?;
    if let Some((socket, _)) = fine_or_refused!(first, ConnectionAborted) {
        same!(receive_all(stage, &socket)?, b"");
    }
    let _peer = TcpStream::connect(stage, local).map_err(of_host)?;
    fine!(once(stage, &Interest::Receivable(listener.clone()), || listener.accept())?);
    Ok(())
}

fn many<I: Ip>(stage: &Stage<'_>) -> Check {
    let (listener, local) = listener::<I>(stage)?;
    let connect = |_| TcpStream::connect(stage, local).map_err(of_host);
    let peers = (0..50).map(connect).collect::<Check<Vec<_>>>()?;
    let mut remotes = Vec::new();
    let mut sockets = Vec::new();
    for _ in &peers {
        let (socket, remote) = fine!(once(stage, &Interest::Receivable(listener.clone()), || listener.accept())?);
        remotes.push(remote);
        sockets.push(socket);
    }
    refused!(listener.accept().map(drop), WouldBlock);
    let mut expected = peers.iter().map(|peer| peer.local_addr().map_err(of_host)).collect::<Check<Vec<_>>>()?;
    expected.sort_unstable();
    remotes.sort_unstable();
    same!(remotes, expected);
    Ok(())
}

fn nothing_yet<I: Ip>(stage: &Stage<'_>) -> Check {
    let (socket, mut peer) = connected::<I>(stage)?;
    let mut bytes = Vec::with_capacity(8);
    refused!(socket.receive(&mut bytes).map(drop), WouldBlock);
    peer.write_all(b"x").map_err(of_host)?;
    same!(fine!(receive(stage, &socket, 8)?), b"x");
    refused!(socket.receive(&mut bytes).map(drop), WouldBlock);
    holds!(bytes.is_empty());
    Ok(())
}

fn no_room<I: Ip>(stage: &Stage<'_>) -> Check {
    let (socket, mut peer) = connected::<I>(stage)?;
    same!(fine!(socket.receive(&mut Vec::new())), 0);
    same!(fine!(socket.send(b"")), 0);
    peer.write_all(b"there").map_err(of_host)?;
    same!(fine!(socket.receive(&mut Vec::new())), 0);
    same!(fine!(receive(stage, &socket, 2)?).len(), 2);
    same!(fine!(receive(stage, &socket, 8)?), b"ere");
    Ok(())
}

fn appends<I: Ip>(stage: &Stage<'_>) -> Check {
    let (socket, mut peer) = connected::<I>(stage)?;
    peer.write_all(b"behind").map_err(of_host)?;
    wait(stage, &Interest::Receivable(socket.clone()))?;
    let mut bytes = Vec::with_capacity(16);
    bytes.extend(b"what is here, ");
    let capacity = bytes.capacity();
    let received = fine!(socket.receive(&mut bytes));
    same!(bytes, [&b"what is here, "[..], &b"behind"[..received]].concat());
    same!(bytes.capacity(), capacity);
    Ok(())
}

fn full<I: Ip>(stage: &Stage<'_>) -> Check {
    let (socket, mut peer) = connected::<I>(stage)?;
    let all = pattern(64 << 20);
    let mut sent = 0;
    while let Some(more) = fine_or_refused!(socket.send(&all[sent..]), WouldBlock) {
        holds!(more > 0);
        sent += more;
        holds!(sent < all.len());
    }
    std::thread::scope(|scope| {
        let guest = Guest::enter(stage.system);
        let reader = spawn(scope, stage, || read_all(&mut peer));
        // There is room again once the peer reads.
        wait(stage, &Interest::Sendable(socket.clone()))?;
        sent += fine!(once(stage, &Interest::Sendable(socket.clone()), || socket.send(&all[sent..sent + 1]))?);
        fine!(socket.shutdown(Shutdown::Send));
        drop(guest);
        let read = reader.join().expect("no panic")?;
        holds!(read == all[..sent]);
        Ok(())
    })
}

fn megabytes<I: Ip>(stage: &Stage<'_>) -> Check {
    let (socket, peer) = connected::<I>(stage)?;
    std::thread::scope(|scope| {
        let guest = Guest::enter(stage.system);
        let echo = spawn(scope, stage, || echo(peer));
        both_ways(stage, &socket)?;
        drop(guest);
        echo.join().expect("no panic").map_err(of_host)
    })
}

/// Sends back what comes, until the end.
fn echo(mut peer: TcpStream<'_>) -> std::io::Result<()> {
    let mut buffer = vec![0; 100_000];
    loop {
        match peer.read(&mut buffer)? {
            0 => return Ok(()),
            read => peer.write_all(&buffer[..read])?,
        }
    }
}

fn both_ways(stage: &Stage<'_>, socket: &Arc<dyn Socket>) -> Check {
    let all = pattern(4 << 20);
    let (mut waiter, mut ready) = (stage.system.waiter(), Vec::new());
    let (receivable, sendable) = (Interest::Receivable(socket.clone()), Interest::Sendable(socket.clone()));
    let (mut sent, mut received) = (0, Vec::with_capacity(all.len() + 1));
    while received.len() < all.len() {
        if sent < all.len() {
            sent += fine_or_refused!(socket.send(&all[sent..]), WouldBlock).unwrap_or(0);
            if sent == all.len() {
                fine!(socket.shutdown(Shutdown::Send));
            }
        }
        if fine_or_refused!(socket.receive(&mut received), WouldBlock).is_none() {
            let until = Some(stage.system.clock().monotonic() + 20_000_000_000);
            let interests = [&receivable, &sendable];
            let interests = if sent < all.len() { &interests[..] } else { &interests[..1] };
            fine!(waiter.wait(interests, until, &mut ready));
            holds!(!ready.is_empty());
        }
    }
    holds!(received == all);
    same!(receive_all(stage, socket)?, b"");
    Ok(())
}

fn single_bytes<I: Ip>(stage: &Stage<'_>) -> Check {
    let (socket, mut peer) = connected::<I>(stage)?;
    let all = pattern(500);
    for byte in &all {
        peer.write_all(std::slice::from_ref(byte)).map_err(of_host)?;
    }
    drop(peer);
    let mut received = Vec::new();
    loop {
        match fine!(receive(stage, &socket, 1)?) {
            one if one.is_empty() => break,
            one => received.extend(one),
        }
    }
    same!(received, all);
    Ok(())
}

fn half_close<I: Ip>(stage: &Stage<'_>) -> Check {
    let (socket, mut peer) = connected::<I>(stage)?;
    send_all(stage, &socket, b"last words")?;
    fine!(socket.shutdown(Shutdown::Send));
    refused!(socket.send(b"x").map(drop), Pipe);
    same!(read_all(&mut peer)?, b"last words");
    peer.write_all(b"answer").map_err(of_host)?;
    drop(peer);
    same!(receive_all(stage, &socket)?, b"answer");
    Ok(())
}

fn peer_half_close<I: Ip>(stage: &Stage<'_>) -> Check {
    let (socket, mut peer) = connected::<I>(stage)?;
    peer.write_all(b"last words").map_err(of_host)?;
    peer.shutdown_write().map_err(of_host)?;
    same!(receive_all(stage, &socket)?, b"last words");
    // The end stays the end.
    same!(fine!(receive(stage, &socket, 8)?), b"");
    send_all(stage, &socket, b"answer")?;
    drop(socket);
    same!(read_all(&mut peer)?, b"answer");
    Ok(())
}

fn no_receive<I: Ip>(stage: &Stage<'_>) -> Check {
    let (socket, mut peer) = connected::<I>(stage)?;
    fine!(socket.shutdown(Shutdown::Receive));
    same!(fine!(receive(stage, &socket, 8)?), b"");
    send_all(stage, &socket, b"still")?;
    fine!(socket.shutdown(Shutdown::Receive));
    fine!(socket.shutdown(Shutdown::Send));
    same!(read_all(&mut peer)?, b"still");
    Ok(())
}

fn both<I: Ip>(stage: &Stage<'_>) -> Check {
    let (socket, mut peer) = connected::<I>(stage)?;
    let remote = fine!(socket.remote_address());
    fine!(socket.shutdown(Shutdown::Both));
    same!(read_all(&mut peer)?, b"");
    drop(peer);
    same!(fine!(receive(stage, &socket, 8)?), b"");
    refused!(socket.send(b"x").map(drop), Pipe);
    for how in [Shutdown::Both, Shutdown::Send, Shutdown::Receive] {
        fine!(socket.shutdown(how));
    }
    same!(fine!(socket.remote_address()), remote);
    Ok(())
}

fn reset<I: Ip>(stage: &Stage<'_>) -> Check {
    let (socket, peer) = connected::<I>(stage)?;
    let remote = fine!(socket.remote_address());
    send_all(stage, &socket, b"never read")?;
    // Bytes that have arrived and are never read are answered with a reset.
    peer.peek().map_err(of_host)?;
    drop(peer);
    refused!(receive(stage, &socket, 8)?.map(drop), ConnectionReset);
    same!(fine!(receive(stage, &socket, 8)?), b"");
    refused!(socket.send(b"x").map(drop), Pipe);
    same!(fine!(socket.remote_address()), remote);
    fine!(socket.shutdown(Shutdown::Both));
    refused!(socket.connect(remote), InvalidState);
    Ok(())
}

fn dropped<I: Ip>(stage: &Stage<'_>) -> Check {
    let (socket, mut peer) = connected::<I>(stage)?;
    send_all(stage, &socket, b"bye")?;
    drop(socket);
    same!(read_all(&mut peer)?, b"bye");
    Ok(())
}

fn aborted<I: Ip>(stage: &Stage<'_>) -> Check {
    let (socket, mut peer) = connected::<I>(stage)?;
    socket.abort().map_err(|error| Failure::in_set_up("a reset", error))?;
    // Until it is dropped nothing is different.
    send_all(stage, &socket, b"taken")?;
    let mut bytes = [0; 5];
    peer.read_exact(&mut bytes).map_err(of_host)?;
    same!(&bytes, b"taken");
    send_all(stage, &socket, b"not taken")?;
    drop(socket);
    let read = peer.read_to_end(&mut Vec::new()).map_err(|error| error.kind());
    same!(read.err(), Some(ErrorKind::ConnectionReset));
    Ok(())
}
