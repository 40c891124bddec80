//! Tests of behaviour that only this backend has: Winsock's codes, and where it was taught to answer as others do.
//! `callgate-conformance` tests the behaviour of every call.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use callgate_system::{Interest, Waiter as _};

use super::*;
use crate::net::NtWaiter;

fn socket(kind: Kind) -> Arc<NtSocket> {
    Arc::new(NtSocket::new(kind, AddressFamily::Ipv4).unwrap())
}

fn any() -> SocketAddr {
    "127.0.0.1:0".parse().unwrap()
}

fn wait(interest: Interest) {
    NtWaiter::default().wait(&[&interest], None, &mut Vec::new()).unwrap();
}

/// A connection to the host's end.
fn connected() -> (Arc<NtSocket>, TcpStream) {
    let (socket, host) = (socket(Kind::Stream), TcpListener::bind(any()).unwrap());
    socket.connect(host.local_addr().unwrap()).unwrap();
    wait(Interest::Sendable(socket.clone()));
    socket.finish_connect().unwrap();
    (socket, host.accept().unwrap().0)
}

fn received(socket: &Arc<NtSocket>) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(64);
    wait(Interest::Receivable(socket.clone()));
    socket.receive(&mut bytes).unwrap();
    bytes
}

#[test]
fn errors_keep_winsocks_code_and_its_name() {
    let (deaf, stream) = (socket(Kind::Stream), socket(Kind::Stream));
    deaf.bind(any()).unwrap();
    let local = deaf.local_address().unwrap();
    stream.connect(local).unwrap();
    wait(Interest::Sendable(stream.clone()));
    assert_eq!(stream.finish_connect().unwrap_err().to_string(), "connection-refused (WSAECONNREFUSED)");
    assert_eq!(deaf.bind(any()).unwrap_err().to_string(), "invalid-state (WSAEINVAL)");
    assert_eq!(socket(Kind::Stream).bind(local).unwrap_err().code, Code::AddressInUse);
    let (talking, _peer) = connected();
    let nothing = talking.receive(&mut Vec::with_capacity(1)).unwrap_err();
    assert_eq!(nothing.to_string(), "would-block (WSAEWOULDBLOCK)");
}

/// Winsock would take all of it, and hold it in the kernel.
#[test]
fn no_more_goes_out_at_once_than_a_guest_may_hold() {
    let (socket, _peer) = connected();
    assert!((1..=AT_ONCE).contains(&socket.send(&vec![0; 16 << 20]).unwrap()));
}

/// `shutdown(SD_RECEIVE)` would break the connection off.
#[test]
fn what_comes_after_receiving_was_ended_breaks_nothing() {
    let (socket, mut peer) = connected();
    peer.write_all(b"before").unwrap();
    assert_eq!(received(&socket), b"before");
    socket.shutdown(Shutdown::Receive).unwrap();
    assert_eq!(received(&socket), b"");
    peer.write_all(b"after").unwrap();
    assert_eq!(socket.send(b"still here").unwrap(), 10);
    let mut bytes = [0; 10];
    peer.read_exact(&mut bytes).unwrap();
    assert_eq!(&bytes, b"still here");
}

/// A peer of this backend's, because under Wine the host's is told of an end: its server takes the error.
#[test]
fn an_aborted_one_resets_its_peer() {
    for abort in [false, true] {
        let (listener, socket) = (socket(Kind::Stream), socket(Kind::Stream));
        listener.bind(any()).unwrap();
        listener.listen(1).unwrap();
        socket.connect(listener.local_address().unwrap()).unwrap();
        wait(Interest::Receivable(listener.clone()));
        let (peer, _) = listener.accept().unwrap();
        wait(Interest::Sendable(socket.clone()));
        socket.finish_connect().unwrap();
        if abort {
            socket.abort().unwrap();
        }
        drop(socket);
        wait(Interest::Receivable(peer.clone()));
        let read = peer.receive(&mut Vec::with_capacity(8)).map_err(|error| error.to_string());
        let expected = if abort { Err("connection-reset (WSAECONNRESET)".to_owned()) } else { Ok(0) };
        assert_eq!(read, expected);
    }
}

#[test]
fn a_backlog_is_set_once_however_long() {
    for backlog in [0, 1, PLAIN_BACKLOG, PLAIN_BACKLOG + 1, u32::MAX] {
        let listener = socket(Kind::Stream);
        listener.bind(any()).unwrap();
        listener.listen(backlog).unwrap();
        assert_eq!(listener.listen(7).unwrap_err().code, Code::Unsupported);
        let _peer = TcpStream::connect(listener.local_address().unwrap()).unwrap();
        wait(Interest::Receivable(listener.clone()));
        listener.accept().unwrap();
    }
}

#[test]
fn nobody_binds_beside_another() {
    for kind in [Kind::Stream, Kind::Datagram] {
        let (here, everywhere) = ("127.0.0.1", "0.0.0.0");
        for (first, second) in [(here, everywhere), (everywhere, here), (everywhere, everywhere), (here, here)] {
            let (one, other) = (socket(kind), socket(kind));
            one.bind(format!("{first}:0").parse().unwrap()).unwrap();
            let port = one.local_address().unwrap().port();
            let refused = other.bind(format!("{second}:{port}").parse().unwrap()).unwrap_err();
            assert_eq!(refused.code, Code::AddressInUse, "{kind:?}: {second} beside {first}");
        }
    }
}

#[test]
fn an_accepted_one_keeps_alive_as_its_listener() {
    let listener = socket(Kind::Stream);
    listener.bind(any()).unwrap();
    listener.listen(1).unwrap();
    for (option, value) in [
        (SocketOption::KeepAliveEnabled, 1),
        (SocketOption::KeepAliveIdleTime, 1_500_000_001),
        (SocketOption::KeepAliveInterval, u64::MAX),
    ] {
        listener.set_option(option, value).unwrap();
    }
    let _peer = TcpStream::connect(listener.local_address().unwrap()).unwrap();
    wait(Interest::Receivable(listener.clone()));
    let (accepted, _) = listener.accept().unwrap();
    assert_eq!(accepted.option(SocketOption::KeepAliveEnabled), Ok(1));
    assert_eq!(accepted.option(SocketOption::KeepAliveIdleTime), Ok(2_000_000_000));
    assert_eq!(accepted.option(SocketOption::KeepAliveInterval), Ok(32_767_000_000_000));
    // And the system takes it.
    accepted.set_option(SocketOption::KeepAliveIdleTime, 1).unwrap();
    accepted.set_option(SocketOption::KeepAliveEnabled, 0).unwrap();
}
