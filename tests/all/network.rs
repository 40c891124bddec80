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

#[test]
pub(crate) fn lookup() {
    // Names that are none are refused as such, so the rules have to let them through.
    guest("lookup").with("--net", "all").run().well().prints("lookup: all well\n");
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
    // What the lost one was given back was perhaps not counted.
    let counts = [0, LOST].map(|lost| format!("tcp_poll_server: {} bytes, 1 lost", bytes + lost));
    end.claim(&format!("the last line is one of {counts:?}"), counts.contains(&line));
}

/// Bytes that no mistake repeats.
fn noise(seed: u32, length: usize) -> Vec<u8> {
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
fn silent(mut stream: TcpStream) {
    while matches!(stream.read(&mut [0; 1000]), Ok(1..)) {}
}

#[test]
pub(crate) fn tcp_timeouts() {
    let run = |what: &str, address: SocketAddr| {
        let run = guest("tcp_timeouts").with("--net", format!("connect={address}"));
        run.with("--net", "listen=127.0.0.1:0").args(&[what, &address.to_string()])
    };
    let well = |what: &str, address| {
        run(what, address).run().well().says("tcp_timeouts: all well\n");
    };
    well("silent", serve(LOOPBACK[0], silent));
    let late = |mut stream: TcpStream| {
        stream.read_exact(&mut [0]).ok();
        stream.write_all(b"late").ok();
        silent(stream);
    };
    well("nonblocking", serve(LOOPBACK[0], late));
    // The port of a connection is taken, and nobody listens on it.
    let peer = TcpStream::connect(serve(LOOPBACK[0], silent)).expect("it listens");
    well("nobody", peer.local_addr().expect("it has an address"));
    let reset = |mut stream: TcpStream| {
        stream.write_all(b"gone").ok();
        // What is not read when it is closed makes it a reset.
        stream.peek(&mut [0]).ok();
    };
    well("reset", serve(LOOPBACK[0], reset));
    well("reset by bindings", serve(LOOPBACK[0], reset));
    well("closed", serve(LOOPBACK[0], drop));
    // Reads nothing, and stays.
    let stays = |stream: TcpStream| loop {
        stream.peek(&mut []).ok();
        thread::park();
    };
    // What was taken from the guest is on its way until the peer is gone.
    let listener = TcpListener::bind(LOOPBACK[0]).expect("loopback can be bound");
    let mut full = run("full", listener.local_addr().expect("it has an address")).start();
    let (peer, _) = listener.accept().expect("the guest connects");
    assert_eq!(full.line(), "tcp_timeouts: all well");
    drop(peer);
    full.end().well();

    for (what, address) in [("forever", serve(LOOPBACK[0], silent)), ("unread", serve(LOOPBACK[0], stays))] {
        run(what, address).with("--timeout", "1s").run().trapped().complains("timed out after 1s");
    }
    let waits = guest("tcp_server").with("--net", "listen=127.0.0.1:0").with("--timeout", "1s");
    waits.args(&[LOOPBACK[0], "1"]).run().trapped().complains("timed out after 1s");
}

#[test]
pub(crate) fn poll_sockets() {
    let run = |repeated| guest("poll_sockets").with("--net", "udp=127.0.0.1").args(&["200", "10000", repeated]).run();
    run("50000").well().prints("poll_sockets: all well\n");
    // More than a guest may have handles.
    run("200000").trapped().complains("limit");
}

/// What each set of rules lets through.
#[test]
pub(crate) fn net_rules() {
    let server = serve(LOOPBACK[0], silent);
    let port = server.port();
    let rows: &[(&[&str], &str, &str)] = &[
        // Nothing is permitted without a rule.
        (&[], "connect=127.0.0.1:PORT", "access-denied"),
        (&[], "listen=127.0.0.1:0", "access-denied"),
        (&[], "udp-bind=127.0.0.1:0", "access-denied"),
        (&[], "resolve=localhost", "access-denied"),
        (&[], "resolve=127.0.0.1", "access-denied"),
        (&["all"], "connect=127.0.0.1:PORT", "ok"),
        (&["all"], "listen=127.0.0.1:0", "ok"),
        (&["all"], "udp=127.0.0.1:PORT", "ok"),
        (&["all"], "resolve=localhost", "ok"),
        // Addresses, networks, ports and ranges.
        (&["connect=127.0.0.1"], "connect=127.0.0.1:PORT", "ok"),
        (&["connect=127.0.0.1:PORT"], "connect=127.0.0.1:PORT", "ok"),
        (&["connect=127.0.0.1:PORT-65535"], "connect=127.0.0.1:PORT", "ok"),
        (&["connect=127.0.0.0/8:1-65535"], "connect=127.0.0.1:PORT", "ok"),
        (&["connect=0.0.0.0/0"], "connect=127.0.0.1:PORT", "ok"),
        (&["connect=127.0.0.1:1"], "connect=127.0.0.1:PORT", "access-denied"),
        (&["connect=127.0.0.2"], "connect=127.0.0.1:PORT", "access-denied"),
        (&["connect=126.0.0.0/8"], "connect=127.0.0.1:PORT", "access-denied"),
        (&["connect=::/0"], "connect=127.0.0.1:PORT", "access-denied"),
        (&["connect=10.0.0.0/8", "connect=127.0.0.1:PORT"], "connect=127.0.0.1:PORT", "ok"),
        // A rule is for its own use only.
        (&["listen=127.0.0.1", "udp=127.0.0.1"], "connect=127.0.0.1:PORT", "access-denied"),
        (&["connect=127.0.0.1", "udp=127.0.0.1"], "listen=127.0.0.1:0", "access-denied"),
        (&["connect=127.0.0.1", "listen=127.0.0.1"], "udp=127.0.0.1:PORT", "access-denied"),
        (&["connect=127.0.0.1", "listen=127.0.0.1"], "udp-bind=127.0.0.1:0", "access-denied"),
        (&["connect=localhost"], "resolve=localhost", "access-denied"),
        (&["resolve=other.example"], "resolve=localhost", "access-denied"),
        (&["resolve=localhost"], "connect=127.0.0.1:PORT", "access-denied"),
        // Listening; port 0 is its own.
        (&["listen=127.0.0.1:0"], "listen=127.0.0.1:0", "ok"),
        (&["listen=127.0.0.1:PORT"], "listen=127.0.0.1:0", "access-denied"),
        (&["listen=127.0.0.1:0"], "listen=0.0.0.0:0", "access-denied"),
        // Datagrams, with a peer and without, from any port.
        (&["udp=127.0.0.1:PORT"], "udp=127.0.0.1:PORT", "ok"),
        (&["udp=127.0.0.1:PORT"], "udp-to-peer=127.0.0.1:PORT", "ok"),
        (&["udp=127.0.0.1:PORT"], "udp=127.0.0.1:1", "access-denied"),
        (&["udp=127.0.0.1:PORT"], "udp-to-peer=127.0.0.1:1", "access-denied"),
        (&["udp=127.0.0.1:PORT"], "udp-bind=127.0.0.1:PORT", "ok"),
        (&["udp=127.0.0.1:PORT"], "udp-bind=0.0.0.0:PORT", "access-denied"),
        // What is implied is asked for too: a port of one's own is for connecting only.
        (&["connect=127.0.0.1:PORT"], "listen-without-bind", "invalid-state"),
        (&["connect=127.0.0.1:PORT"], "listen-after-bind-to-any", "access-denied"),
        (&["listen=127.0.0.1"], "listen-after-bind-to-any", "access-denied"),
        (&["listen=0.0.0.0:0"], "listen-after-bind-to-any", "ok"),
        (&["all"], "listen-without-bind", "invalid-state"),
        (&["all"], "send-before-bind", "invalid-state"),
        // A name is for those who may look it up, and may connect to it.
        (&["connect=localhost:PORT", "resolve=localhost"], "connect=localhost:PORT", "ok"),
        (&["connect=localhost", "resolve=*"], "", "exit 2"),
        (&["connect=localhost:1", "resolve=localhost"], "connect=localhost:PORT", "access-denied"),
        (&["connect=localhost:PORT"], "connect=localhost:PORT", "name-unresolvable"),
        (&["connect=127.0.0.1:PORT", "resolve=localhost"], "connect=localhost:PORT", "ok"),
    ];
    for (rules, wish, expected) in rows {
        let fill = |text: &str| text.replace("PORT", &port.to_string());
        let run = rules.iter().fold(guest("net_rules"), |run, rule| run.with("--net", fill(rule)));
        if *expected == "exit 2" {
            run.run().refused(&["--net"]);
        } else {
            run.arg(fill(wish)).run().well().prints(&format!("{}: {expected}\n", fill(wish)));
        }
    }
}

/// A name grants what the guest's own lookup told, from then on.
#[test]
fn a_name_is_granted_by_its_lookup() {
    let address = serve(LOOPBACK[0], silent);
    let (connect, rule) = (format!("connect={address}"), format!("connect=localhost:{}", address.port()));
    let run = guest("net_rules").with("--net", rule).with("--net", "resolve=localhost");
    let run = run.args(&[&connect, "resolve=localhost", &connect, "connect=127.0.0.1:1"]).run();
    run.well().prints(&format!(
        "{connect}: access-denied\nresolve=localhost: ok\n{connect}: ok\nconnect=127.0.0.1:1: access-denied\n"
    ));
}

/// The trace says which rule was missing, and that rule is enough.
#[test]
fn the_rule_to_add() {
    let address = serve(LOOPBACK[0], silent);
    let wishes = [format!("connect={address}"), "listen=127.0.0.1:0".into(), "resolve=localhost".into()];
    for wish in wishes.iter().chain([&"udp-bind=127.0.0.1:0".to_owned()]) {
        let run = guest("net_rules").option("--trace").arg(wish).run();
        let rule = wish.replace("udp-bind", "udp");
        run.success().prints(&format!("{wish}: access-denied\n")).complains(&format!("(add --net {rule})"));
        guest("net_rules").with("--net", rule).arg(wish).run().well().prints(&format!("{wish}: ok\n"));
    }
}

#[test]
fn rules_that_mean_nothing() {
    let rules = [
        "",
        "everything",
        "connect",
        "connect=",
        "tcp=127.0.0.1",
        "connect=127.0.0.1:",
        "connect=127.0.0.1:70000",
        "connect=127.0.0.1:9-8",
        "connect=127.0.0.1/33",
        "connect=::1/129",
        "connect=a..b",
        "connect=a b",
        "resolve=",
        "resolve=*",
        "listen=name/8",
        "udp=[::1",
    ];
    for rule in rules {
        guest("hello").with("--net", rule).run().refused(&["--net", rule]);
    }
}

/// What was taken from a guest arrives, however the guest leaves.
#[test]
pub(crate) fn tcp_parting() {
    for how in ["drop", "shutdown", "exit"] {
        let listener = TcpListener::bind(LOOPBACK[0]).expect("loopback can be bound");
        let address = listener.local_addr().expect("it has an address").to_string();
        let run = guest("tcp_parting").with("--net", format!("connect={address}")).args(&[&address, how]);
        let mut run = run.start();
        let (mut stream, _) = listener.accept().expect("the guest connects");
        // Until then nothing is read, and there is no room.
        let taken: usize = run.line().parse().expect("the guest says how much was taken");
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).expect("the connection ends well");
        assert_eq!(bytes.len(), taken, "{how}: as much arrives as was taken");
        assert!(bytes.iter().enumerate().all(|(at, byte)| usize::from(*byte) == at % 251), "{how}: in order");
        run.end().well();
    }
}

/// As many sockets as the system lets a process have; a refusal is an error of the call.
#[test]
fn ten_thousand_sockets() {
    let run = guest("poll_sockets").with("--net", "udp=127.0.0.1").args(&["10000", "10000", "1"]).run();
    let refused = run.err().contains("new-socket-limit");
    run.claim("it works, or is refused as it should be", run.exit_code() == Some(0) || refused);
}
