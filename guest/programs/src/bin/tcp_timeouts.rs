//! The behaviour of `std::net` when nothing comes, or a connection fails. Argument 1: the case to try. Argument 2: the address of a
//! peer made for it.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use programs::sockets::{bound_tcp, connect, network, port, tcp, v4};
use programs::{Context, Failure, Outcome, argument, check, is_closed, refused, run, same};
use wasip2::clocks::monotonic_clock::subscribe_duration;
use wasip2::io::poll::poll;
use wasip2::io::streams::StreamError;
use wasip2::sockets::network::{ErrorCode as Code, IpAddressFamily};
use wasip2::sockets::tcp::TcpSocket;

fn main() -> ExitCode {
    run(|| {
        let address = argument(2)?;
        match argument(1)?.as_str() {
            "silent" => silent(&address),
            "nonblocking" => nonblocking(&address),
            "nobody" => nobody(&address),
            "reset" => reset(&address),
            "reset by bindings" => reset_by_bindings(&address),
            "closed" => closed(&address),
            "forever" => forever(&address),
            "unread" => unread(&address),
            "full" => full(&address),
            "unanswered" => unanswered(),
            "unanswered, forever" => unanswered_forever(),
            other => Err(Failure::new(format!("`{other}` is nothing to try"))),
        }?;
        println!("tcp_timeouts: all well");
        Ok(())
    })
}

fn kind(error: std::io::Error) -> ErrorKind {
    error.kind()
}

/// A peer that says nothing, and a time limit. The C library that std is built with may have none for sockets.
fn silent(address: &str) -> Outcome {
    let mut stream = TcpStream::connect(address).context("connect")?;
    let limit = Duration::from_millis(30);
    match stream.set_read_timeout(Some(limit)) {
        Ok(()) => {
            same("the limit", stream.read_timeout().context("read_timeout")?, Some(limit))?;
            let start = Instant::now();
            refused("read", stream.read(&mut [0; 10]).map_err(kind), &[ErrorKind::WouldBlock, ErrorKind::TimedOut])?;
            check("it has waited", start.elapsed() >= limit)?;
            println!("read timeouts work");
        }
        Err(error) => println!("read timeouts: {}", error.kind()),
    }
    match TcpStream::connect_timeout(&address.parse().context("the address")?, Duration::from_secs(60)) {
        Ok(_) => println!("connect timeouts work"),
        Err(error) => println!("connect timeouts: {}", error.kind()),
    }
    Ok(())
}

/// A peer that answers "late" once it has read a byte.
fn nonblocking(address: &str) -> Outcome {
    let mut stream = TcpStream::connect(address).context("connect")?;
    stream.set_nonblocking(true).context("set_nonblocking")?;
    let mut buffer = [0; 10];
    refused("a read of nothing", stream.read(&mut buffer).map_err(kind), &[ErrorKind::WouldBlock])?;
    same("a write", stream.write(b"x").context("write")?, 1)?;
    stream.set_nonblocking(false).context("set_nonblocking")?;
    same("a read that waits", stream.read(&mut buffer).context("read")?, 4)?;
    same("what came", &buffer[..4], b"late")?;

    let listener = TcpListener::bind("127.0.0.1:0").context("bind")?;
    listener.set_nonblocking(true).context("set_nonblocking")?;
    refused("accepting nobody", listener.accept().map_err(kind), &[ErrorKind::WouldBlock])
}

/// An address where nobody listens.
fn nobody(address: &str) -> Outcome {
    refused("connect", TcpStream::connect(address).map_err(kind), &[ErrorKind::ConnectionRefused])
}

/// A peer that sends "gone", and resets the connection when it has read a byte.
fn reset(address: &str) -> Outcome {
    let mut stream = TcpStream::connect(address).context("connect")?;
    let mut buffer = [0; 4];
    stream.read_exact(&mut buffer).context("read")?;
    stream.write_all(b"x").context("write")?;
    // The C library that std is built with may not ask which error it was.
    check("reading a reset connection fails", stream.read(&mut buffer).is_err())?;
    check("then it is over", stream.read(&mut buffer).map_or(true, |count| count == 0))?;
    check("and nothing can be sent", stream.write(b"y").is_err())?;
    check("not even later", stream.write(b"z").is_err())
}

/// The same, by the bindings.
fn reset_by_bindings(address: &str) -> Outcome {
    let SocketAddr::V4(address) = address.parse().context("the address")? else {
        return Err(Failure::new("an IPv4 address is needed"));
    };
    let socket = tcp(IpAddressFamily::Ipv4)?;
    let (input, output) = connect(&socket, v4(address.ip().octets(), address.port())).context("connect")?;
    same("what came", input.blocking_read(4).context("read")?, b"gone".to_vec())?;
    output.blocking_write_and_flush(b"x").context("write")?;
    match input.blocking_read(4) {
        Err(StreamError::LastOperationFailed(error)) => {
            check("the error says what it was", error.to_debug_string().contains("connection-reset"))?;
        }
        other => return Err(Failure::new(format!("a read of a reset connection: {other:?}"))),
    }
    check("from then on it is closed", is_closed(&input.blocking_read(4)))?;
    check("for writing too", is_closed(&output.blocking_write_and_flush(b"y")))
}

/// `EPIPE`, or, where the system says first that the connection was broken off, what wasi-libc makes of that: `EIO`.
const NOBODY_READS: &[Option<i32>] = &[Some(64), Some(29)];

/// A peer that closes at once: writing fails at some time, and is no signal.
fn closed(address: &str) -> Outcome {
    let mut stream = TcpStream::connect(address).context("connect")?;
    same("the end", stream.read(&mut [0; 10]).context("read")?, 0)?;
    loop {
        match stream.write(b"to nobody") {
            Ok(count) => check("something was taken", count > 0)?,
            Err(error) => return refused("a write to nobody", Err::<(), _>(error.raw_os_error()), NOBODY_READS),
        }
    }
}

/// A listener that takes no more connections, and its address. A peer that connects now gets no answer. The connections that came
/// before are kept.
fn full_listener() -> Outcome<(impl Sized, SocketAddr)> {
    let listener = bound_tcp(IpAddressFamily::Ipv4)?;
    listener.set_listen_backlog_size(1).context("set-listen-backlog-size")?;
    listener.start_listen().context("start-listen")?;
    listener.finish_listen().context("finish-listen")?;
    let port = port(listener.local_address().context("local-address")?);
    let mut kept = Vec::new();
    // On loopback an answer comes at once, or none.
    for _ in 0..20 {
        let socket = tcp(IpAddressFamily::Ipv4)?;
        socket.start_connect(&network(), v4([127, 0, 0, 1], port)).context("start-connect")?;
        let soon = subscribe_duration(100_000_000);
        let answered = poll(&[&socket.subscribe(), &soon]) != [1];
        if answered {
            kept.push(socket);
            continue;
        }
        refused("finish-connect without an answer", socket.finish_connect(), &[Code::WouldBlock])?;
        check("it is not ready", !socket.subscribe().ready())?;
        refused("start-connect once more", start(&socket, port), &[Code::ConcurrencyConflict])?;
        return Ok(((listener, kept, socket), SocketAddr::from(([127, 0, 0, 1], port))));
    }
    Err(Failure::new("a listener with a backlog of 1 takes more than 20"))
}

fn start(socket: &TcpSocket, port: u16) -> Result<(), Code> {
    socket.start_connect(&network(), v4([127, 0, 0, 1], port))
}

/// Connecting where nobody answers, with a time limit.
fn unanswered() -> Outcome {
    let (_full, address) = full_listener()?;
    let limit = Duration::from_millis(50);
    let start = Instant::now();
    let connected = TcpStream::connect_timeout(&address, limit).map_err(kind);
    if matches!(connected, Err(ErrorKind::Unsupported)) {
        println!("connect timeouts: unsupported");
        return Ok(());
    }
    refused("connect_timeout", connected, &[ErrorKind::TimedOut])?;
    check("it has waited", start.elapsed() >= limit)
}

/// The same without: this waits until it is ended.
fn unanswered_forever() -> Outcome {
    let (_full, address) = full_listener()?;
    println!("connecting");
    refused("connect", TcpStream::connect(address).map_err(kind), &[])
}

/// A peer that never says anything: this waits until it is ended.
fn forever(address: &str) -> Outcome {
    let mut stream = TcpStream::connect(address).context("connect")?;
    println!("waiting");
    same("a read", stream.read(&mut [0; 10]).context("read")?, 0)
}

/// A peer that never reads: this writes until it is ended.
fn unread(address: &str) -> Outcome {
    let mut stream = TcpStream::connect(address).context("connect")?;
    println!("writing");
    loop {
        stream.write_all(&[0; 64 << 10]).context("write")?;
    }
}

/// The same without waiting: at some time there is no room.
fn full(address: &str) -> Outcome {
    let mut stream = TcpStream::connect(address).context("connect")?;
    stream.set_nonblocking(true).context("set_nonblocking")?;
    let mut written = 0_u64;
    loop {
        match stream.write(&[0; 64 << 10]) {
            Ok(count) => written += count as u64,
            Err(error) => return refused("a write without room", Err::<(), _>(error.kind()), &[ErrorKind::WouldBlock]),
        }
        check("a peer that does not read takes so much at most", written < 1 << 30)?;
    }
}
