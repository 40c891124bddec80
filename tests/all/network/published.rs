//! Libraries that others published, as they are, in small guests: HTTP clients, and tokio with hyper's server.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;

use callgate_tests::needs::Tool;
use callgate_tests::{Run, lacks, native, places};

use super::http_peer::http_server;
use super::peers::{echo, echo_datagrams, serve, server, silent};
use super::{LOOPBACK, guest};

/// The guest prints the same as its native build, each with a server of its own.
fn alike(name: &str) {
    let address = || http_server().to_string();
    let native = native(&places::native_guest(name)).arg(format!("http://{}", address())).run();
    native.success().says(&format!("{name}: done\n"));
    let server = address();
    let run = guest(name).with("--net", format!("connect={server}")).arg(format!("http://{server}")).run();
    run.success().prints(&native.out());

    // By name, both rules are needed.
    let by_name = server.replace("127.0.0.1", "localhost");
    let run = guest(name).with("--net", format!("connect={by_name}")).with("--net", "resolve=localhost");
    run.arg(format!("http://{by_name}")).run().success().says("/large: 200, 3000000 bytes, ");
    // The least rules: nothing arrives, and the trace says what to add.
    let none = guest(name).option("--trace").arg(format!("http://{server}")).run();
    none.says("/small: no answer\n").complains(&format!("(add --net connect={server})"));
}

#[test]
fn ureq_is_what_it_is_natively() {
    alike("ureq-check");
}

#[test]
fn minreq_is_what_it_is_natively() {
    alike("minreq-check");
}

#[test]
fn tokio_connects() {
    let addresses = [serve(LOOPBACK[0], echo), serve(LOOPBACK[0], silent), nobody(), echo_datagrams(LOOPBACK[0])];
    let addresses = addresses.map(|address| address.to_string());
    let run = addresses[..3].iter().fold(guest("tokio-client"), |run, it| run.with("--net", format!("connect={it}")));
    let run = run.with("--net", format!("udp={}", addresses[3]));
    run.args(&addresses.each_ref().map(String::as_str)).run().well().says("tokio-client: all well\n");
}

/// The address of a connection that stays open: its port is taken, and nobody listens there.
fn nobody() -> SocketAddr {
    let peer = TcpStream::connect(serve(LOOPBACK[0], silent)).expect("it listens");
    let address = peer.local_addr().expect("it has an address");
    std::mem::forget(peer);
    address
}

fn hyper_server(run: Run) -> Run {
    run.arg(LOOPBACK[0])
}

/// Many connections that stay for many requests each, and curl in between.
#[test]
fn hyper_serves_curl_and_many_at_once() {
    const CONNECTIONS: usize = 50;
    const REQUESTS: usize = 40;
    let (server, address) = server(hyper_server(guest("hyper-server").with("--net", "listen=127.0.0.1:0")));
    let curls = thread::scope(|scope| {
        for connection in 0..CONNECTIONS {
            scope.spawn(move || {
                let mut client = Client::connect(address);
                for request in 0..REQUESTS {
                    client.get_bytes(connection * request);
                    client.echo(&bytes(connection * 100 + request * 1000));
                }
            });
        }
        scope.spawn(move || curl(address)).join().expect("curl is served")
    });
    let requests = CONNECTIONS * REQUESTS * 2 + curls + 1;
    Client::connect(address).ask("GET /quit", b"");
    let address = address.to_string();
    server.end().success().prints(&format!("{address}\nhyper-server: {requests} requests\n"));
}

#[test]
fn hyper_without_the_rule() {
    let run = hyper_server(guest("hyper-server").option("--trace")).run();
    run.code(1).prints("").complains("(add --net listen=127.0.0.1:0)").complains("Permission denied");
    let run = hyper_server(guest("hyper-server")).run();
    run.code(1).complains("callgate: a use of the network was refused; add --net listen=127.0.0.1:0 to permit it");
    // A guest that may connect may bind to port 0, but not listen there.
    let run = hyper_server(guest("hyper-server").option("--trace").with("--net", "connect=127.0.0.1")).run();
    run.code(1).complains("tcp-socket.start-listen(").complains("(add --net listen=127.0.0.1:0)");
}

/// Runs curl against the server. Returns the number of requests that it made.
fn curl(address: SocketAddr) -> usize {
    if lacks!(Tool("curl")) {
        return 0;
    }
    let run = |arguments: &[&str]| {
        let run =
            native("curl".as_ref()).args(&["--silent", "--show-error", "--fail", "--noproxy", "*"]).args(arguments);
        run.run()
    };
    let at = |path: &str| format!("http://{address}{path}");
    run(&[&at("/")]).well().prints("hello, world\n");
    let large = run(&[&at("/bytes/3000000")]);
    large.well().claim("all bytes come, and no others", large.stdout == bytes(3_000_000));
    let sent = "what is posted comes back ".repeat(10_000);
    run(&["--data-binary", &sent[..100_000], &at("/echo")]).well().prints(&sent[..100_000]);
    // Two requests on one connection.
    run(&[&at("/"), &at("/")]).well().prints("hello, world\nhello, world\n");
    run(&[&at("/missing")]).claim("curl fails as the server says", true).complains("404");
    6
}

/// The bytes that `GET /bytes/N` gives.
fn bytes(length: usize) -> Vec<u8> {
    (0..length as u32).map(|index| (index.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
}

/// A client with one connection for all its requests.
struct Client {
    stream: TcpStream,
    reader: BufReader<TcpStream>,
}

impl Client {
    fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("the guest listens");
        stream.set_nodelay(true).ok();
        let reader = BufReader::new(stream.try_clone().expect("a stream has two ends"));
        Self { stream, reader }
    }

    fn get_bytes(&mut self, length: usize) {
        let answer = self.ask(&format!("GET /bytes/{length}"), b"");
        assert!(answer == bytes(length), "{length} bytes, as they are");
    }

    fn echo(&mut self, sent: &[u8]) {
        assert!(self.ask("POST /echo", sent) == sent, "{} bytes come back", sent.len());
    }

    /// The body of the answer, which is a good one.
    fn ask(&mut self, what: &str, body: &[u8]) -> Vec<u8> {
        let head = format!("{what} HTTP/1.1\r\nHost: callgate\r\nContent-Length: {}\r\n\r\n", body.len());
        self.stream.write_all(&[head.as_bytes(), body].concat()).expect("the guest reads");
        let mut line = String::new();
        self.reader.read_line(&mut line).expect("the guest answers");
        assert!(line.starts_with("HTTP/1.1 200 "), "the answer to {what} is {line:?}");
        let mut length = 0;
        while line != "\r\n" {
            line.clear();
            self.reader.read_line(&mut line).expect("the head has an end");
            if let Some(value) = line.strip_prefix("content-length: ") {
                length = value.trim_end().parse().expect("a length is a number");
            }
        }
        let mut answer = vec![0; length];
        self.reader.read_exact(&mut answer).expect("the body is as long as was said");
        answer
    }
}
