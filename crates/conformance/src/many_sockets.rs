//! Thousands of connections in one waiter. They take nearly all the handles that a process may have, so this is no case of
//! the suite: a backend whose peers are the host's runs it in a program of its own, with one test.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;

use callgate_system::{AddressFamily, Interest, Kind, Socket, System, Waiter};

use crate::host;

/// Thousands of idle connections do not hide one that talks, and all are told when they end.
///
/// # Panics
/// Where it is not so.
pub fn many_sockets(system: &dyn System) {
    let listener = system.network().socket(Kind::Stream, AddressFamily::Ipv4).expect("a socket");
    listener.bind("127.0.0.1:0".parse().expect("an address")).expect("bound");
    listener.listen(128).expect("listening");
    let mut waiter = system.waiter();
    let (mut peers, sockets): (Vec<_>, Vec<_>) =
        (0..host::room_for_connections()).map(|_| connection(&listener, &mut *waiter)).unzip();
    let interests: Vec<_> = [Interest::Receivable(listener.clone())]
        .into_iter()
        .chain(sockets.iter().map(|socket| Interest::Receivable(socket.clone())))
        .collect();
    let each: Vec<_> = interests.iter().collect();
    let mut ready = Vec::new();
    waiter.wait(&each, Some(0), &mut ready).expect("waited");
    assert_eq!(ready, []);
    for round in 0..200 {
        let index = (round * 7_919) % sockets.len();
        peers[index].write_all(b"ping").expect("sent");
        waiter.wait(&each, None, &mut ready).expect("waited");
        assert_eq!(ready, [index + 1]);
        echo(&*sockets[index], &mut peers[index]);
    }
    drop(peers);
    let mut ended = 0;
    while ended < sockets.len() {
        waiter.wait(&each, None, &mut ready).expect("waited");
        ended = ready.len();
    }
}

/// The host's end, and the system's.
fn connection(listener: &Arc<dyn Socket>, waiter: &mut dyn Waiter) -> (TcpStream, Arc<dyn Socket>) {
    let peer = TcpStream::connect(listener.local_address().expect("an address")).expect("connected");
    waiter.wait(&[&Interest::Receivable(listener.clone())], None, &mut Vec::new()).expect("waited");
    (peer, listener.accept().expect("accepted").0)
}

/// Sends back what the peer has sent.
fn echo(socket: &dyn Socket, peer: &mut TcpStream) {
    let mut bytes = Vec::with_capacity(16);
    assert_eq!(socket.receive(&mut bytes), Ok(4));
    assert_eq!(socket.send(&bytes), Ok(4));
    let mut answer = [0; 4];
    peer.read_exact(&mut answer).expect("received");
    assert_eq!(&answer, b"ping");
}
