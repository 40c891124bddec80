//! Much at once: 200 connections and a gibibyte each way, with peers of all manners, and a host that stays small.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::mpsc::channel;
use std::thread;

use super::guest;
use super::peers::{noise, server};

/// Peers that send and receive as fast as they can.
const STEADY: usize = 188;
/// Peers that read nothing until all of those are done.
const PAUSING: usize = 4;
/// Peers that send a byte, and wait for it to come back.
const SLOW: usize = 4;
/// Peers that reset their connection in the middle.
const LOST: usize = 4;
/// Bytes on each way of a steady or a pausing connection: a gibibyte, for all of them.
const BYTES: usize = (1 << 30) / (STEADY + PAUSING) + 1;
const SLOW_BYTES: usize = 300;
/// Bytes that are in the host at a time, whatever comes: far less than what peers leave unread.
const MOST_MEMORY: u64 = 128 << 20;

/// The bytes that all send, each from a place of its own: a piece of prime length, so that no two places look alike.
struct Noise(Vec<u8>);

impl Noise {
    fn new() -> Self {
        Self(noise(7, 1_048_573))
    }

    /// The bytes that connection `number` sends from its byte `at` on, as far as they are in one piece.
    fn at(&self, number: usize, at: usize) -> &[u8] {
        let piece = &self.0[(number * 5_003 + at) % self.0.len()..];
        &piece[..piece.len().min(BYTES - at)]
    }
}

#[test]
fn two_hundred_connections_and_a_gibibyte() {
    let connections = (STEADY + PAUSING + SLOW + LOST + 1).to_string();
    let run = guest("tcp_poll_server").with("--net", "listen=127.0.0.1:0").args(&["0", &connections]);
    let (server, address) = server(run);
    let last = TcpStream::connect(address).expect("the guest listens");
    let noise = Noise::new();
    // Nothing is sent: what tells is that all senders are gone, also where one of them has failed.
    let (senders, receivers): (Vec<_>, Vec<_>) = (0..PAUSING).map(|_| channel::<()>()).unzip();
    thread::scope(|scope| {
        for number in 0..STEADY {
            let (noise, busy) = (&noise, senders.clone());
            scope.spawn(move || {
                there_and_back(address, noise, number, || {});
                drop(busy);
            });
        }
        drop(senders);
        for (number, steady) in (STEADY..).zip(receivers) {
            let noise = &noise;
            scope.spawn(move || {
                there_and_back(address, noise, number, || {
                    steady.recv().ok();
                });
            });
        }
        for _ in 0..SLOW {
            scope.spawn(move || byte_by_byte(address));
        }
        for number in 0..LOST {
            let noise = &noise;
            scope.spawn(move || reset(address, noise, number));
        }
    });
    // Asked for before the guest can end.
    let memory = server.peak_memory().unwrap_or(0);
    drop(last);
    let end = server.end();
    end.well().claim(&format!("{memory} bytes of memory are no more than {MOST_MEMORY}"), memory <= MOST_MEMORY);
    end.says(&format!(" bytes, {LOST} lost\n"));
    let echoed = end.out().split_whitespace().rev().nth(3).and_then(|bytes| bytes.parse::<usize>().ok());
    let least = BYTES * (STEADY + PAUSING) + SLOW_BYTES * SLOW;
    end.claim(&format!("at least {least} bytes were echoed"), echoed >= Some(least));
}

/// Sends and reads at the same time; `first` comes before the first read. Every byte is compared.
fn there_and_back(address: SocketAddr, noise: &Noise, number: usize, first: impl FnOnce()) {
    let stream = TcpStream::connect(address).expect("the guest listens");
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut at = 0;
            while at < BYTES {
                let sent = (&stream).write(noise.at(number, at)).expect("the guest reads");
                at += sent;
            }
            stream.shutdown(Shutdown::Write).expect("there is a connection");
        });
        first();
        let mut buffer = vec![0; 256 << 10];
        let mut at = 0;
        while let count @ 1.. = (&stream).read(&mut buffer).expect("the guest answers") {
            let mut received = &buffer[..count];
            while !received.is_empty() {
                let expected = noise.at(number, at);
                let (piece, rest) = received.split_at(received.len().min(expected.len()));
                assert!(!piece.is_empty() && piece == &expected[..piece.len()], "connection {number} at byte {at}");
                at += piece.len();
                received = rest;
            }
        }
        assert_eq!(at, BYTES, "all of connection {number} comes back");
    });
}

fn byte_by_byte(address: SocketAddr) {
    let mut stream = TcpStream::connect(address).expect("the guest listens");
    stream.set_nodelay(true).expect("there is a connection");
    for byte in (0..SLOW_BYTES).map(|index| index as u8) {
        stream.write_all(&[byte]).expect("the guest reads");
        let mut back = [0];
        stream.read_exact(&mut back).expect("the guest answers");
        assert_eq!(back, [byte]);
    }
}

/// Closing a connection with bytes that were not read resets it.
fn reset(address: SocketAddr, noise: &Noise, number: usize) {
    let mut stream = TcpStream::connect(address).expect("the guest listens");
    stream.write_all(&noise.at(number, 0)[..1000]).expect("the guest reads");
    stream.peek(&mut [0]).expect("the guest answers");
}
