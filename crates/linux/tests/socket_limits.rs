//! Sockets when no descriptor is left. The limit is the whole process's: this is a program of its own, with one test.

#![cfg(target_os = "linux")]

use std::net::TcpStream;

use callgate_linux::Linux;
use callgate_system::{AddressFamily, Code, Interest, Kind, System};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

#[test]
fn no_descriptor_left_is_no_socket_left_and_waiting_goes_on() {
    let linux = Linux::new();
    let network = linux.network();
    let listener = network.socket(Kind::Stream, AddressFamily::Ipv4).unwrap();
    listener.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    listener.listen(8).unwrap();
    let _peer = TcpStream::connect(listener.local_address().unwrap()).unwrap();
    let mut waiter = linux.waiter();

    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: Some(80), ..limit }).unwrap();
    let mut sockets = Vec::new();
    let refused = loop {
        match network.socket(Kind::Datagram, AddressFamily::Ipv4) {
            Ok(socket) => sockets.push(socket),
            Err(error) => break error,
        }
    };
    let mut ready = Vec::new();
    waiter.wait(&[&Interest::Receivable(listener.clone())], None, &mut ready).unwrap();
    let accepted = listener.accept().map(drop);
    let lookup = network.resolve("localhost").map(drop);
    let literal = network.resolve("127.0.0.1").unwrap().addresses();
    // More than are polled, and no descriptor for an epoll instance: polled all the same.
    let interests: Vec<_> = sockets.iter().map(|socket| Interest::Sendable(socket.clone())).collect();
    let interests: Vec<_> = interests.iter().collect();
    let mut all_ready = Vec::new();
    let waited = waiter.wait(&interests, None, &mut all_ready);
    let until = Some(linux.clock().monotonic() + 1_000_000);
    let receivable: Vec<_> = sockets.iter().map(|socket| Interest::Receivable(socket.clone())).collect();
    let receivable: Vec<_> = receivable.iter().collect();
    let slept = waiter.wait(&receivable, until, &mut ready);
    setrlimit(Resource::Nofile, limit).unwrap();

    assert!(sockets.len() > 30, "{}", sockets.len());
    assert_eq!(refused.to_string(), "new-socket-limit (EMFILE)");
    assert_eq!(accepted.unwrap_err().to_string(), "new-socket-limit (EMFILE)");
    assert_eq!(lookup.unwrap_err().code, Code::InsufficientMemory);
    assert_eq!(literal.unwrap().len(), 1);
    waited.unwrap();
    assert_eq!(all_ready.len(), sockets.len());
    slept.unwrap();
    assert_eq!(ready, []);
    // The connection was not lost.
    listener.accept().unwrap();
    waiter.wait(&interests, None, &mut all_ready).unwrap();
    assert_eq!(all_ready.len(), sockets.len());
}
