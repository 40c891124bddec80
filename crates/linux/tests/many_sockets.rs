//! Thousands of connections in one process, as many as its limit allows: a program of its own, with one test.

#![cfg(target_os = "linux")]

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;

use callgate_linux::Linux;
use callgate_system::{AddressFamily, Interest, Kind, Socket, System};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Both ends are here.
const CONNECTIONS: u64 = 4_000;

#[test]
fn thousands_of_idle_connections_do_not_hide_one() {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }).unwrap();
    let room = limit.maximum.map_or(CONNECTIONS, |maximum| (maximum.saturating_sub(100) / 2).min(CONNECTIONS));
    let linux = Linux::new();
    let listener = linux.network().socket(Kind::Stream, AddressFamily::Ipv4).unwrap();
    listener.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    listener.listen(128).unwrap();
    let local = listener.local_address().unwrap();

    let (mut waiter, mut ready) = (linux.waiter(), Vec::new());
    let (mut peers, mut sockets) = (Vec::new(), Vec::<Arc<dyn Socket>>::new());
    for _ in 0..room {
        peers.push(TcpStream::connect(local).unwrap());
        waiter.wait(&[Interest::Receivable(&*listener)], None, &mut ready).unwrap();
        sockets.push(listener.accept().unwrap().0);
    }
    let interests: Vec<_> = [Interest::Receivable(&*listener)]
        .into_iter()
        .chain(sockets.iter().map(|socket| Interest::Receivable(&**socket)))
        .collect();
    waiter.wait(&interests, Some(0), &mut ready).unwrap();
    assert_eq!(ready, []);
    for round in 0..200 {
        let index = (round * 7_919) % sockets.len();
        peers[index].write_all(b"ping").unwrap();
        waiter.wait(&interests, None, &mut ready).unwrap();
        assert_eq!(ready, [index + 1]);
        let mut bytes = Vec::with_capacity(16);
        assert_eq!(sockets[index].receive(&mut bytes).unwrap(), 4);
        assert_eq!(sockets[index].send(&bytes).unwrap(), 4);
        let mut answer = [0; 4];
        peers[index].read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"ping");
    }
    drop(peers);
    let mut ended = 0;
    while ended < sockets.len() {
        waiter.wait(&interests, None, &mut ready).unwrap();
        ended = ready.len();
    }
}
