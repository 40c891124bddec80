//! Waiting for sockets, alone, many, and with everything else that can be waited for.

use std::io::{Read as _, Write as _};
use std::net::SocketAddr;
use std::sync::Arc;

use callgate_system::{Interest, Shutdown, Socket, Waiter};

use super::net::{
    Ip, V4, bounded, connected, datagrams, each, host_datagrams, listener, met, of_host, once, receive, receive_from,
    send_all, stream, wait,
};
use super::peer::{TcpListener, TcpStream, UdpSocket, spawn};
use super::stranger::Stranger;
use crate::stage::Stage;
use crate::{Case, Check};

cases_of_both! { "readiness";
    "a fresh and a bound stream are ready for anything", "Waiter::wait" => fresh;
    "a listening one is ready while somebody is there", "Waiter::wait" => listening;
    "a connecting one becomes ready with the outcome", "Waiter::wait" => connecting;
    "a connected one is ready to receive what came", "Waiter::wait" => bytes;
    "an end is ready, and stays so", "Waiter::wait" => end;
    "a reset is ready both ways", "Waiter::wait" => reset;
    "a full one is ready to send when the peer reads", "Waiter::wait" => full;
    "one shut down is ready at once", "Waiter::wait" => shut_down;
    "datagrams are ready one by one", "Waiter::wait" => messages;
}

pub(super) fn cases() -> Vec<Case> {
    let new = |name, run| Case::new("readiness", name, "Waiter::wait", run);
    let mut cases = cases_of_both();
    cases.extend([
        new("sockets and lookups of another system count as met", stranger),
        new("a silent peer is waited for until the deadline, and not less", deadline),
        new("one of many is told alone", one_of_many),
        new("all of many are told, in order", all_of_many),
        new("lists may change from wait to wait", changing),
        new("a socket may be in a list many times", twice),
        new("dropped sockets leave nothing behind", dropped),
        new("two waiters see the same socket", two_waiters),
        new("a wait on another thread ends with what comes", threads),
        new("hundreds of connections are served by one waiter", server),
    ]);
    cases
}

fn fresh<I: Ip>(stage: &Stage<'_>) -> Check {
    let socket = stream::<I>(stage)?;
    let interests = [Interest::Receivable(socket.clone()), Interest::Sendable(socket.clone())];
    same!(met(stage, &interests)?, [0, 1]);
    fine!(socket.bind(I::here(0)));
    same!(met(stage, &interests)?, [0, 1]);
    Ok(())
}

fn listening<I: Ip>(stage: &Stage<'_>) -> Check {
    let (listener, local) = listener::<I>(stage)?;
    let interest = Interest::Receivable(listener.clone());
    same!(met(stage, std::slice::from_ref(&interest))?, [0; 0]);
    let _peers =
        [TcpStream::connect(stage, local).map_err(of_host)?, TcpStream::connect(stage, local).map_err(of_host)?];
    for _ in 0..2 {
        wait(stage, &interest)?;
        fine!(listener.accept());
    }
    same!(met(stage, std::slice::from_ref(&interest))?, [0; 0]);
    Ok(())
}

fn connecting<I: Ip>(stage: &Stage<'_>) -> Check {
    let host = TcpListener::bind(stage, I::here(0)).map_err(of_host)?;
    let deaf = stream::<I>(stage)?;
    fine!(deaf.bind(I::here(0)));
    let socket = stream::<I>(stage)?;
    fine!(socket.connect(host.local_addr().map_err(of_host)?));
    wait(stage, &Interest::Sendable(socket.clone()))?;
    fine!(socket.finish_connect());
    let socket = stream::<I>(stage)?;
    if fine_or_refused!(socket.connect(fine!(deaf.local_address())), ConnectionRefused).is_some() {
        wait(stage, &Interest::Sendable(socket.clone()))?;
        refused!(socket.finish_connect(), ConnectionRefused);
    }
    Ok(())
}

fn bytes<I: Ip>(stage: &Stage<'_>) -> Check {
    let (socket, mut peer) = connected::<I>(stage)?;
    let interests = [Interest::Receivable(socket.clone()), Interest::Sendable(socket.clone())];
    for _ in 0..3 {
        same!(met(stage, &interests)?, [1]);
        peer.write_all(b"ab").map_err(of_host)?;
        wait(stage, &interests[0])?;
        same!(met(stage, &interests)?, [0, 1]);
        same!(fine!(receive(stage, &socket, 1)?).len(), 1);
        // There is more.
        wait(stage, &interests[0])?;
        same!(fine!(receive(stage, &socket, 1)?).len(), 1);
    }
    same!(met(stage, &interests)?, [1]);
    Ok(())
}

fn end<I: Ip>(stage: &Stage<'_>) -> Check {
    let (socket, peer) = connected::<I>(stage)?;
    peer.shutdown_write().map_err(of_host)?;
    for _ in 0..3 {
        wait(stage, &Interest::Receivable(socket.clone()))?;
        same!(fine!(receive(stage, &socket, 8)?), b"");
    }
    same!(met(stage, &[Interest::Receivable(socket.clone()), Interest::Sendable(socket.clone())])?, [0, 1]);
    Ok(())
}

fn reset<I: Ip>(stage: &Stage<'_>) -> Check {
    let (socket, peer) = connected::<I>(stage)?;
    send_all(stage, &socket, b"never read")?;
    peer.peek().map_err(of_host)?;
    drop(peer);
    wait(stage, &Interest::Receivable(socket.clone()))?;
    same!(met(stage, &[Interest::Receivable(socket.clone()), Interest::Sendable(socket.clone())])?, [0, 1]);
    Ok(())
}

fn full<I: Ip>(stage: &Stage<'_>) -> Check {
    let (socket, mut peer) = connected::<I>(stage)?;
    let block = vec![1; 65_536];
    // The peer's kernel takes more when it likes.
    let mut sent = 0;
    loop {
        while let Some(more) = fine_or_refused!(socket.send(&block), WouldBlock) {
            sent += more;
        }
        if met(stage, &[Interest::Sendable(socket.clone())])?.is_empty() {
            break;
        }
    }
    let mut buffer = vec![0; 65_536];
    let mut read = 0;
    while read < sent {
        read += peer.read(&mut buffer).map_err(of_host)?;
    }
    same!(read, sent);
    wait(stage, &Interest::Sendable(socket.clone()))?;
    holds!(fine!(socket.send(b"x")) == 1);
    Ok(())
}

fn shut_down<I: Ip>(stage: &Stage<'_>) -> Check {
    let (socket, _peer) = connected::<I>(stage)?;
    fine!(socket.shutdown(Shutdown::Both));
    same!(met(stage, &[Interest::Receivable(socket.clone()), Interest::Sendable(socket.clone())])?, [0, 1]);
    Ok(())
}

fn messages<I: Ip>(stage: &Stage<'_>) -> Check {
    let ((socket, local), host) = (datagrams::<I>(stage)?, host_datagrams::<I>(stage)?);
    let interests = [Interest::Receivable(socket.clone()), Interest::Sendable(socket.clone())];
    same!(met(stage, &interests)?, [1]);
    for bytes in [&b"one"[..], b"", b"three"] {
        host.send_to(bytes, local).map_err(of_host)?;
    }
    for _ in 0..3 {
        wait(stage, &interests[0])?;
        receive_from(stage, &socket)?;
    }
    same!(met(stage, &interests)?, [1]);
    Ok(())
}

fn stranger(stage: &Stage<'_>) -> Check {
    let interests = [
        Interest::Receivable(Arc::new(Stranger)),
        Interest::Sendable(Arc::new(Stranger)),
        Interest::Resolved(Arc::new(Stranger)),
    ];
    let mut ready = Vec::new();
    for until in [None, Some(0)] {
        fine!(stage.system.waiter().wait(&each(&interests), until, &mut ready));
        same!(ready, [0, 1, 2]);
    }
    Ok(())
}

fn deadline(stage: &Stage<'_>) -> Check {
    let (socket, _peer) = connected::<V4>(stage)?;
    let (clock, mut waiter) = (stage.system.clock(), stage.system.waiter());
    for length in [0, 1, 1_000, 3_000_000] {
        let (until, mut ready) = (clock.monotonic() + length, vec![7]);
        fine!(waiter.wait(&[&Interest::Receivable(socket.clone())], Some(until), &mut ready));
        holds!(clock.monotonic() >= until);
        same!(ready, [0; 0]);
    }
    Ok(())
}

/// Datagram sockets, more than any backend would treat as few.
fn crowd<'a>(stage: &Stage<'a>, count: usize) -> Check<(Vec<Arc<dyn Socket>>, UdpSocket<'a>)> {
    let sockets = (0..count).map(|_| Ok(datagrams::<V4>(stage)?.0)).collect::<Check<Vec<_>>>()?;
    Ok((sockets, host_datagrams::<V4>(stage)?))
}

fn receivable(sockets: &[Arc<dyn Socket>]) -> Vec<Interest> {
    sockets.iter().map(|socket| Interest::Receivable(socket.clone())).collect()
}

fn poke(host: &UdpSocket<'_>, socket: &dyn Socket) -> Check {
    let to: SocketAddr = fine!(socket.local_address());
    host.send_to(b"x", to).map(drop).map_err(of_host)
}

fn one_of_many(stage: &Stage<'_>) -> Check {
    let (sockets, host) = crowd(stage, 100)?;
    let (interests, mut waiter, mut ready) = (receivable(&sockets), stage.system.waiter(), Vec::new());
    for index in [0, 99, 50, 50, 7] {
        fine!(waiter.wait(&each(&interests), Some(0), &mut ready));
        same!(ready, [0; 0]);
        poke(&host, &*sockets[index])?;
        let until = Some(stage.system.clock().monotonic() + 20_000_000_000);
        fine!(waiter.wait(&each(&interests), until, &mut ready));
        same!(ready, [index]);
        receive_from(stage, &sockets[index])?;
    }
    Ok(())
}

fn all_of_many(stage: &Stage<'_>) -> Check {
    let (sockets, host) = crowd(stage, 100)?;
    for socket in &sockets {
        poke(&host, &**socket)?;
    }
    for socket in &sockets {
        wait(stage, &Interest::Receivable(socket.clone()))?;
    }
    let everything =
        receivable(&sockets).into_iter().chain(sockets.iter().map(|socket| Interest::Sendable(socket.clone())));
    let (mut waiter, mut ready) = (stage.system.waiter(), Vec::new());
    fine!(waiter.wait(&each(&everything.collect::<Vec<_>>()), None, &mut ready));
    same!(ready, (0..200).collect::<Vec<_>>());
    Ok(())
}

fn changing(stage: &Stage<'_>) -> Check {
    let (sockets, host) = crowd(stage, 60)?;
    let (interests, mut waiter, mut ready) = (receivable(&sockets), stage.system.waiter(), Vec::new());
    for index in [3, 30, 59] {
        poke(&host, &*sockets[index])?;
        wait(stage, &interests[index])?;
    }
    for (from, to, expected) in [(0, 60, &[3, 30, 59][..]), (4, 60, &[26, 55]), (31, 59, &[]), (30, 31, &[0])] {
        fine!(waiter.wait(&each(&interests[from..to]), Some(0), &mut ready));
        same!((from, to, &ready[..]), (from, to, expected));
    }
    let sendable: Vec<_> = sockets[..20].iter().map(|socket| Interest::Sendable(socket.clone())).collect();
    for _ in 0..2 {
        fine!(waiter.wait(&each(&sendable), None, &mut ready));
        same!(ready.len(), 20);
        fine!(waiter.wait(&each(&interests[..20]), None, &mut ready));
        same!(ready, [3]);
        fine!(waiter.wait(&[], Some(0), &mut ready));
        same!(ready, [0; 0]);
    }
    Ok(())
}

fn twice(stage: &Stage<'_>) -> Check {
    let ((socket, _), host) = (datagrams::<V4>(stage)?, host_datagrams::<V4>(stage)?);
    let mut interests = vec![Interest::Receivable(socket.clone()); 1_000];
    interests.push(Interest::Sendable(socket.clone()));
    same!(met(stage, &interests)?, [1_000]);
    poke(&host, &*socket)?;
    wait(stage, &interests[0])?;
    same!(met(stage, &interests)?, (0..=1_000).collect::<Vec<_>>());
    Ok(())
}

fn dropped(stage: &Stage<'_>) -> Check {
    let (mut waiter, mut ready) = (stage.system.waiter(), Vec::new());
    for _ in 0..20 {
        let (sockets, host) = crowd(stage, 30)?;
        fine!(waiter.wait(&each(&receivable(&sockets)), Some(0), &mut ready));
        same!(ready, [0; 0]);
        for socket in &sockets[..10] {
            poke(&host, &**socket)?;
        }
        // All are dropped here, some with something to receive.
    }
    let (sockets, host) = crowd(stage, 30)?;
    fine!(waiter.wait(&each(&receivable(&sockets)), Some(0), &mut ready));
    same!(ready, [0; 0]);
    poke(&host, &*sockets[11])?;
    wait(stage, &Interest::Receivable(sockets[11].clone()))?;
    fine!(waiter.wait(&each(&receivable(&sockets)), None, &mut ready));
    same!(ready, [11]);
    Ok(())
}

fn two_waiters(stage: &Stage<'_>) -> Check {
    let (sockets, host) = crowd(stage, 30)?;
    let (interests, mut ready) = (receivable(&sockets), Vec::new());
    let mut waiters = [stage.system.waiter(), stage.system.waiter()];
    poke(&host, &*sockets[5])?;
    wait(stage, &interests[5])?;
    for _ in 0..2 {
        for waiter in &mut waiters {
            fine!(waiter.wait(&each(&interests), None, &mut ready));
            same!(ready, [5]);
        }
    }
    receive_from(stage, &sockets[5])?;
    for waiter in &mut waiters {
        fine!(waiter.wait(&each(&interests), Some(0), &mut ready));
        same!(ready, [0; 0]);
    }
    Ok(())
}

fn threads(stage: &Stage<'_>) -> Check {
    for count in [1, 30] {
        let (sockets, host) = crowd(stage, count)?;
        // Two guests, so that virtual time does not pass the one that sends.
        let (mut waiter, _here) = (stage.system.waiter(), stage.system.waiter());
        let until = Some(stage.system.clock().monotonic() + 20_000_000_000);
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| {
                let mut ready = Vec::new();
                waiter.wait(&each(&receivable(&sockets)), until, &mut ready).map(|()| ready)
            });
            poke(&host, &*sockets[count / 2])?;
            same!(fine!(waiting.join().expect("no panic")), [count / 2]);
            Ok(())
        })?;
    }
    Ok(())
}

/// The number of clients at once.
const CLIENTS: usize = 200;

fn server(stage: &Stage<'_>) -> Check {
    let (listener, local) = listener::<V4>(stage)?;
    std::thread::scope(|scope| {
        let waiter = stage.system.waiter();
        let clients = spawn(scope, stage, || clients(stage, local));
        serve(stage, &listener, waiter)?;
        clients.join().expect("no panic")
    })
}

/// Everybody connects, then everybody talks.
fn clients(stage: &Stage<'_>, local: SocketAddr) -> Check {
    let peers = (0..CLIENTS).map(|_| bounded(TcpStream::connect(stage, local).map_err(of_host)?));
    for (number, mut peer) in peers.collect::<Check<Vec<_>>>()?.into_iter().enumerate() {
        let text = format!("client {number}");
        peer.write_all(text.as_bytes()).map_err(of_host)?;
        peer.shutdown_write().map_err(of_host)?;
        let mut answer = String::new();
        peer.read_to_string(&mut answer).map_err(of_host)?;
        same!(answer, text);
    }
    Ok(())
}

/// A server in one thread, as a guest writes one: everything through one waiter.
fn serve(stage: &Stage<'_>, listener: &Arc<dyn Socket>, mut waiter: Box<dyn Waiter>) -> Check {
    let mut ready = Vec::new();
    let (mut open, mut served): (Vec<Arc<dyn Socket>>, usize) = (Vec::new(), 0);
    while served < CLIENTS {
        let interests: Vec<_> = [Interest::Receivable(listener.clone())].into_iter().chain(receivable(&open)).collect();
        let until = Some(stage.system.clock().monotonic() + 20_000_000_000);
        fine!(waiter.wait(&each(&interests), until, &mut ready));
        holds!(!ready.is_empty());
        // From the back, so that those in front keep their places.
        for &index in ready.iter().rev() {
            if index == 0 {
                let (socket, _) = fine!(once(stage, &Interest::Receivable(listener.clone()), || listener.accept())?);
                open.push(socket);
                continue;
            }
            let mut bytes = Vec::with_capacity(64);
            if fine!(open[index - 1].receive(&mut bytes)) == 0 {
                open.swap_remove(index - 1);
                served += 1;
            } else {
                send_all(stage, &open[index - 1], &bytes)?;
            }
        }
    }
    Ok(())
}
