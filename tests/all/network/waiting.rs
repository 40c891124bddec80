//! Where nothing comes, or no room: time limits, and waiting for many.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;

use callgate_tests::{native, places};

use super::peers::{accept, serve, silent};
use super::{LOOPBACK, guest};

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
        // Closing a connection with unread bytes resets it.
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
    // The bytes taken from the guest are on their way until the peer is gone.
    let listener = TcpListener::bind(LOOPBACK[0]).expect("loopback can be bound");
    let mut full = run("full", listener.local_addr().expect("it has an address")).start();
    let peer = accept(&listener);
    assert_eq!(full.line(), "tcp_timeouts: all well");
    drop(peer);
    full.end().well();

    for (what, address) in [("forever", serve(LOOPBACK[0], silent)), ("unread", serve(LOOPBACK[0], stays))] {
        run(what, address).with("--timeout", "1s").run().trapped().complains("timed out after 1s");
    }
    let unanswered = |what: &str| {
        let run = guest("tcp_timeouts").with("--net", "listen=127.0.0.1:0").with("--net", "connect=127.0.0.1");
        run.args(&[what, "none"])
    };
    unanswered("unanswered").run().well().prints("tcp_timeouts: all well\n");
    let ended = unanswered("unanswered, forever").with("--timeout", "1s").run();
    ended.trapped().prints("connecting\n").complains("timed out after 1s");
    let waits = guest("tcp_server").with("--net", "listen=127.0.0.1:0").with("--timeout", "1s");
    waits.args(&[LOOPBACK[0], "1"]).run().trapped().complains("timed out after 1s");
}

#[test]
pub(crate) fn poll_sockets() {
    let run = |limit, arguments: &[&str]| {
        let run = guest("poll_sockets").with("--net", "udp=127.0.0.1").with("--max-handles", limit);
        run.with("--timeout", "60s").args(arguments).run()
    };
    run("100000", &["200", "10000", "100000"]).well().prints("poll_sockets: all well\n");
    run("101000", &["200", "100000", "100000"]).well().prints("poll_sockets: all well\n");
    // More than a guest may have handles, or lend in one call.
    run("100000", &["200", "10000", "1000000"]).trapped().complains("limit");
    run("1000", &["20", "2000", "1"]).trapped().complains("subscribe").complains("insufficient-memory");
}

/// The usual soft limit of open files is none for a guest: callgate raises it.
#[cfg(unix)]
#[test]
fn a_soft_limit_of_open_files() {
    let [callgate] = &places::callgate()[..] else { return };
    let run = native("sh".as_ref()).args(&["-c", "ulimit -S -n 64 && exec \"$0\" \"$@\""]).arg(callgate);
    let run = run.args(&["run", "--net", "udp=127.0.0.1"]).arg(places::guest("poll_sockets"));
    run.args(&["200", "1000", "1"]).run().well().prints("poll_sockets: all well\n");
}

/// As many sockets as the system lets a process have; a refusal is an error of the call.
#[test]
fn ten_thousand_sockets() {
    let run = guest("poll_sockets").with("--net", "udp=127.0.0.1").args(&["10000", "10000", "1"]).run();
    let refused = run.err().contains("new-socket-limit");
    run.claim("it works, or is refused as it should be", run.exit_code() == Some(0) || refused);
}
