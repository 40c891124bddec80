//! Connections: clients and servers, states, and how they end.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use super::peers::{accept, echo, noise, serve, server, there_and_back};
use super::{LOOPBACK, guest, loopback, of_each_family};

#[test]
pub(crate) fn tcp_client() {
    for address in loopback() {
        let server = serve(address, echo).to_string();
        for count in ["0", "1", "65537", "200000"] {
            let run = guest("tcp_client").with("--net", format!("connect={server}")).args(&[&server, count]).run();
            run.well().prints(&format!("tcp_client: {count} bytes there and back\n"));
        }
    }
}

#[test]
pub(crate) fn tcp_server() {
    for address in loopback() {
        let run = guest("tcp_server").with("--net", format!("listen={address}")).args(&[address, "3"]);
        let (server, address) = server(run);
        for count in [1, 1_000_000, 0] {
            let sent: Vec<u8> = (0..count).map(|index| (index % 241) as u8).collect();
            assert!(there_and_back(address, &sent) == sent, "{count} bytes come back");
        }
        server.end().well().prints(&format!("{address}\n0: 1 bytes\n1: 1000000 bytes\n2: 0 bytes\n"));
    }
}

#[test]
pub(crate) fn tcp_states() {
    of_each_family("tcp_states", &["connect", "listen"]);
}

/// Clients that take turns as they like: many with much to say, one that says it byte by byte, one that says nothing, and
/// one that resets its connection.
#[test]
pub(crate) fn tcp_poll_server() {
    const CLIENTS: usize = 50;
    const BYTES: usize = 100 << 10;
    const SLOW: usize = 500;
    const LOST: usize = 1000;
    let clients = (CLIENTS + 3).to_string();
    let run = guest("tcp_poll_server").with("--net", "listen=127.0.0.1:0").args(&["0", &clients]);
    let (server, address) = server(run);
    let idle = TcpStream::connect(address).expect("the guest listens");
    let mut lost = TcpStream::connect(address).expect("the guest listens");
    lost.write_all(&[7; LOST]).expect("the guest reads");
    thread::scope(|scope| {
        for client in 0..CLIENTS {
            scope.spawn(move || {
                let sent = noise(client as u32, BYTES);
                assert!(there_and_back(address, &sent) == sent, "client {client} gets back what it sent");
            });
        }
        scope.spawn(move || {
            let mut stream = TcpStream::connect(address).expect("the guest listens");
            stream.set_nodelay(true).ok();
            for byte in (0..SLOW).map(|index| index as u8) {
                stream.write_all(&[byte]).expect("the guest reads");
                let mut back = [0];
                stream.read_exact(&mut back).expect("the guest answers");
                assert_eq!(back, [byte]);
            }
        });
    });
    // The bytes that came back are not read: closing such a connection resets it.
    lost.peek(&mut [0]).expect("the guest answers");
    drop(lost);
    drop(idle);
    let end = server.end();
    end.well().says(" lost\n");
    let bytes = CLIENTS * BYTES + SLOW;
    let line = end.out().lines().last().unwrap_or_default().to_owned();
    // The bytes given back to the lost client were perhaps not counted.
    let counts = [0, LOST].map(|lost| format!("tcp_poll_server: {} bytes, 1 lost", bytes + lost));
    end.claim(&format!("the last line is one of {counts:?}"), counts.contains(&line));
}

/// The bytes taken from a guest arrive, however the guest leaves.
#[test]
pub(crate) fn tcp_parting() {
    for how in ["drop", "shutdown", "exit"] {
        let listener = TcpListener::bind(LOOPBACK[0]).expect("loopback can be bound");
        let address = listener.local_addr().expect("it has an address").to_string();
        let run = guest("tcp_parting").with("--net", format!("connect={address}")).args(&[&address, how]);
        let mut run = run.start();
        let mut stream = accept(&listener);
        // Until then nothing is read, and there is no room.
        let taken: usize = run.line().parse().expect("the guest says how much was taken");
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).expect("the connection ends well");
        assert_eq!(bytes.len(), taken, "{how}: as much arrives as was taken");
        assert!(bytes.iter().enumerate().all(|(at, byte)| usize::from(*byte) == at % 251), "{how}: in order");
        run.end().well();
    }
}

/// A peer that never reads holds nobody up for ever: past the time to linger, what is left to send is given up. Then the
/// connection is reset, so that the peer doesn't take what it has for the whole.
#[test]
fn a_peer_that_never_reads() {
    for how in ["drop", "exit"] {
        // A system may find room for the last byte after all; it can't every time.
        let cut_off = (0..20).any(|_| is_cut_off(how));
        assert!(cut_off, "{how}: what finds no room is given up");
    }
}

/// True if the guest's connection was reset before all bytes came; false if all came, and the end.
fn is_cut_off(how: &str) -> bool {
    let listener = TcpListener::bind(LOOPBACK[0]).expect("loopback can be bound");
    let address = listener.local_addr().expect("it has an address").to_string();
    let run = guest("tcp_parting").with("--net", format!("connect={address}")).with("--linger", "50ms");
    let mut run = run.args(&[&address, how]).start();
    let mut stream = accept(&listener);
    let taken: usize = run.line().parse().expect("the guest says how much was taken");
    run.end().well();
    let mut bytes = Vec::new();
    match stream.read_to_end(&mut bytes) {
        Ok(_) => {
            assert_eq!(bytes.len(), taken, "{how}: a good end comes behind all that was taken");
            false
        }
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{how}");
            assert!(bytes.len() < taken, "{how}: not all has come");
            true
        }
    }
}
