//! The network: guests against peers of this machine, in this process. All on loopback, on ports that the system picks.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::thread;

use callgate_tests::{Host, Run, Running};

const LOOPBACK: [&str; 2] = ["127.0.0.1:0", "[::1]:0"];

/// How paths are resolved is nothing to these guests, so one way is enough.
fn guest(name: &str) -> Run {
    Host::Kernel.guest(name)
}

/// Those of the loopback addresses that this machine has.
fn loopback() -> impl Iterator<Item = &'static str> {
    LOOPBACK.into_iter().filter(|address| *address == LOOPBACK[0] || TcpListener::bind(address).is_ok())
}

/// Serves each connection in a thread of its own.
fn serve(address: &str, serve: impl Fn(TcpStream) + Clone + Send + 'static) -> SocketAddr {
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

fn echo(mut stream: TcpStream) {
    let mut buffer = vec![0; 64 << 10];
    while let Ok(count @ 1..) = stream.read(&mut buffer) {
        if stream.write_all(&buffer[..count]).is_err() {
            return;
        }
    }
}

/// Sends every datagram back to where it came from.
fn echo_datagrams(address: &str) -> SocketAddr {
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
fn server(run: Run) -> (Running, SocketAddr) {
    let mut server = run.start();
    let address = server.line().parse().expect("the guest's first line is its address");
    (server, address)
}

/// What comes back for `sent`, all of it sent first.
fn there_and_back(address: SocketAddr, sent: &[u8]) -> Vec<u8> {
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
pub(crate) fn udp() {
    for address in loopback() {
        let peer = echo_datagrams(address);
        let rule = format!("udp={}", address.trim_end_matches(":0"));
        guest("udp").with("--net", rule).arg(peer.to_string()).run().well().prints("udp: all well\n");
    }
}

#[test]
pub(crate) fn tcp_states() {
    of_each_family("tcp_states", &["connect", "listen"]);
}

#[test]
pub(crate) fn udp_states() {
    of_each_family("udp_states", &["udp"]);
}

/// A guest that is told the family, and talks to itself.
fn of_each_family(name: &str, uses: &[&str]) {
    for address in loopback() {
        let family = if address == LOOPBACK[0] { "ipv4" } else { "ipv6" };
        // What is refused for the address must not be refused for want of a rule.
        let rules = uses.iter().flat_map(|word| [format!("{word}=0.0.0.0/0"), format!("{word}=::/0")]);
        let run = rules.fold(guest(name), |run, rule| run.with("--net", rule));
        run.arg(family).run().well().prints(&format!("{name}: all well\n"));
    }
}
