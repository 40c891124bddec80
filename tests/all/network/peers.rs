//! The other ends, native, in threads of this process: on loopback, on ports that the system picks.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::thread;
use std::time::{Duration, Instant};

use callgate_tests::{Run, Running};

/// No guest takes so long to do what it is asked.
const BOUND: Duration = Duration::from_secs(60);

/// Serves each connection in a thread of its own.
pub(crate) fn serve(address: &str, serve: impl Fn(TcpStream) + Clone + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind(address).expect("loopback can be bound");
    let address = listener.local_addr().expect("it has an address");
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let serve = serve.clone();
            thread::spawn(move || serve(stream));
        }
    });
    address
}

pub(crate) fn echo(mut stream: TcpStream) {
    let mut buffer = vec![0; 64 << 10];
    while let Ok(count @ 1..) = stream.read(&mut buffer) {
        if stream.write_all(&buffer[..count]).is_err() {
            return;
        }
    }
}

/// Sends every datagram back to where it came from.
pub(crate) fn echo_datagrams(address: &str) -> SocketAddr {
    let socket = UdpSocket::bind(address).expect("loopback can be bound");
    let address = socket.local_addr().expect("it has an address");
    thread::spawn(move || {
        let mut buffer = vec![0; 65_536];
        while let Ok((count, from)) = socket.recv_from(&mut buffer) {
            socket.send_to(&buffer[..count], from).ok();
        }
    });
    address
}

/// A server guest, and the address that it listens on.
pub(crate) fn server(run: Run) -> (Running, SocketAddr) {
    let mut server = run.start();
    let address = server.line().parse().expect("the guest's first line is its address");
    (server, address)
}

/// The next connection, which a guest is about to make.
pub(super) fn accept(listener: &TcpListener) -> TcpStream {
    listener.set_nonblocking(true).expect("a listener may not wait");
    let start = Instant::now();
    let stream = loop {
        match listener.accept() {
            Ok((stream, _)) => break stream,
            Err(error) if error.kind() == ErrorKind::WouldBlock && start.elapsed() < BOUND => {
                thread::sleep(Duration::from_millis(1));
            }
            Err(error) => panic!("the guest does not connect: {error}"),
        }
    };
    stream.set_nonblocking(false).expect("a stream may wait");
    stream
}

/// The bytes that come back for `sent`, which is sent without waiting for them.
pub(crate) fn there_and_back(address: SocketAddr, sent: &[u8]) -> Vec<u8> {
    let stream = TcpStream::connect(address).expect("the guest listens");
    let mut back = Vec::new();
    thread::scope(|scope| {
        scope.spawn(|| {
            (&stream).write_all(sent).ok();
            stream.shutdown(Shutdown::Write).ok();
        });
        (&stream).read_to_end(&mut back).ok();
    });
    back
}

/// Bytes that no mistake repeats.
pub(super) fn noise(seed: u32, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(2_654_435_761) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        (state >> 11) as u8
    };
    (0..length).map(|_| next()).collect()
}

/// Waits for the end of the connection, and nothing else.
pub(super) fn silent(mut stream: TcpStream) {
    while matches!(stream.read(&mut [0; 1000]), Ok(1..)) {}
}
