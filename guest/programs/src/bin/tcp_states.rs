//! Every call on a TCP socket in every state, by the bindings: it works, or its error is the one of the standard.
//! Argument 1: `ipv4` or `ipv6`.

use std::process::ExitCode;

use programs::sockets::{accept, bound_tcp, connect, listening, loopback, network, port, tcp, text, v4, v6};
use programs::{Context, Failure, Outcome, argument, check, is_closed, refused, run, same};
use wasip2::clocks::monotonic_clock::subscribe_duration;
use wasip2::io::poll::poll;
use wasip2::sockets::network::ErrorCode as Code;
use wasip2::sockets::network::{IpAddressFamily as Family, IpSocketAddress};
use wasip2::sockets::tcp::{ShutdownType, TcpSocket};

fn main() -> ExitCode {
    run(|| {
        let family = match argument(1)?.as_str() {
            "ipv4" => Family::Ipv4,
            "ipv6" => Family::Ipv6,
            other => return Err(Failure::new(format!("`{other}` is no family"))),
        };
        fresh(family)?;
        bound(family)?;
        listens(family)?;
        connecting(family)?;
        connected(family)?;
        failed(family)?;
        half_closed(family)?;
        dropped_first(family)?;
        addresses(family)?;
        println!("tcp_states: all well");
        Ok(())
    })
}

/// The expected error of a call; none where the call works.
type Expected = Option<Code>;

const WORKS: Expected = None;
const STATE: Expected = Some(Code::InvalidState);
const IDLE: Expected = Some(Code::NotInProgress);
const BUSY: Expected = Some(Code::ConcurrencyConflict);

fn says<T>(what: &str, result: Result<T, Code>, expected: Expected) -> Outcome {
    match expected {
        None => result.map(drop).context(what),
        Some(code) => refused(what, result, &[code]),
    }
}

/// The calls that no state but one has a use for.
struct Row {
    bind: Expected,
    finish_bind: Expected,
    connect: Expected,
    finish_connect: Expected,
    listen: Expected,
    finish_listen: Expected,
    accept: Expected,
    local: Expected,
    remote: Expected,
    shutdown: Expected,
    backlog: Expected,
    is_listening: bool,
}

/// Only calls that are expected to fail are made, and those that change nothing.
fn calls(state: &str, socket: &TcpSocket, family: Family, row: &Row) -> Outcome {
    let here = || loopback(family, 0);
    // Port 1 of loopback: where the call is right, it is not made.
    let there = || loopback(family, 1);
    let what = |call: &str| format!("{call} of a socket that is {state}");
    if row.bind.is_some() {
        says(&what("start-bind"), socket.start_bind(&network(), here()), row.bind)?;
    }
    if row.finish_bind.is_some() {
        says(&what("finish-bind"), socket.finish_bind(), row.finish_bind)?;
    }
    if row.connect.is_some() {
        says(&what("start-connect"), socket.start_connect(&network(), there()), row.connect)?;
    }
    if row.finish_connect.is_some() {
        says(&what("finish-connect"), socket.finish_connect(), row.finish_connect)?;
    }
    if row.listen.is_some() {
        says(&what("start-listen"), socket.start_listen(), row.listen)?;
    }
    if row.finish_listen.is_some() {
        says(&what("finish-listen"), socket.finish_listen(), row.finish_listen)?;
    }
    if row.accept.is_some() {
        says(&what("accept"), socket.accept(), row.accept)?;
    }
    says(&what("local-address"), socket.local_address(), row.local)?;
    says(&what("remote-address"), socket.remote_address(), row.remote)?;
    if row.shutdown.is_some() {
        for how in [ShutdownType::Receive, ShutdownType::Send, ShutdownType::Both] {
            says(&what("shutdown"), socket.shutdown(how), row.shutdown)?;
        }
    }
    match socket.set_listen_backlog_size(32) {
        // Not every system changes it afterwards.
        Err(Code::NotSupported) if row.is_listening => {}
        other => says(&what("set-listen-backlog-size"), other, row.backlog)?,
    }
    let zero = socket.set_listen_backlog_size(0);
    refused(what("a backlog of 0"), zero, &[Code::InvalidArgument, Code::InvalidState])?;
    same(what("is-listening"), socket.is_listening(), row.is_listening)?;
    check(what("address-family"), socket.address_family() == family)?;
    check(what("subscribe"), state == "connecting" || state == "listening" || socket.subscribe().ready())?;
    options(state, socket)
}

/// Options are there in every state.
fn options(state: &str, socket: &TcpSocket) -> Outcome {
    const SECOND: u64 = 1_000_000_000;
    const NO: &[Code] = &[Code::InvalidArgument];
    let what = |option: &str| format!("{option} of a socket that is {state}");
    for on in [true, false] {
        socket.set_keep_alive_enabled(on).context(what("set-keep-alive-enabled"))?;
        same(what("keep-alive-enabled"), socket.keep_alive_enabled()?, on)?;
    }
    socket.set_keep_alive_idle_time(7 * SECOND).context(what("set-keep-alive-idle-time"))?;
    same(what("keep-alive-idle-time"), socket.keep_alive_idle_time()?, 7 * SECOND)?;
    socket.set_keep_alive_interval(8 * SECOND).context(what("set-keep-alive-interval"))?;
    same(what("keep-alive-interval"), socket.keep_alive_interval()?, 8 * SECOND)?;
    socket.set_keep_alive_count(9).context(what("set-keep-alive-count"))?;
    // Windows that can't be told has 10.
    check(what("keep-alive-count"), matches!(socket.keep_alive_count()?, 9 | 10))?;
    socket.set_hop_limit(42).context(what("set-hop-limit"))?;
    same(what("hop-limit"), socket.hop_limit()?, 42)?;
    // A system may keep another size than it was told.
    socket.set_receive_buffer_size(0x10000).context(what("set-receive-buffer-size"))?;
    check(what("receive-buffer-size"), socket.receive_buffer_size()? > 0)?;
    socket.set_send_buffer_size(0x10000).context(what("set-send-buffer-size"))?;
    check(what("send-buffer-size"), socket.send_buffer_size()? > 0)?;

    refused(what("an idle time of 0"), socket.set_keep_alive_idle_time(0), NO)?;
    refused(what("an interval of 0"), socket.set_keep_alive_interval(0), NO)?;
    refused(what("a count of 0"), socket.set_keep_alive_count(0), NO)?;
    refused(what("a hop limit of 0"), socket.set_hop_limit(0), NO)?;
    refused(what("a receive buffer of 0"), socket.set_receive_buffer_size(0), NO)?;
    refused(what("a send buffer of 0"), socket.set_send_buffer_size(0), NO)?;

    // A value that is larger, or finer, than a system can hold is adjusted to what the system holds.
    socket.set_keep_alive_idle_time(1).context(what("an idle time of a nanosecond"))?;
    check(what("a short idle time"), (1..=SECOND).contains(&socket.keep_alive_idle_time()?))?;
    socket.set_keep_alive_idle_time(u64::MAX).context(what("the longest idle time"))?;
    socket.set_keep_alive_interval(u64::MAX).context(what("the longest interval"))?;
    socket.set_keep_alive_count(u32::MAX).context(what("the highest count"))?;
    check(what("the highest count there is"), socket.keep_alive_count()? >= 1)?;
    socket.set_receive_buffer_size(u64::MAX).context(what("the largest receive buffer"))?;
    socket.set_send_buffer_size(u64::MAX).context(what("the largest send buffer"))?;
    check(what("the largest buffer there is"), socket.send_buffer_size()? < u64::MAX)
}

fn fresh(family: Family) -> Outcome {
    let socket = tcp(family)?;
    let row = Row {
        bind: WORKS,
        finish_bind: IDLE,
        connect: WORKS,
        finish_connect: IDLE,
        listen: STATE,
        finish_listen: IDLE,
        accept: STATE,
        local: STATE,
        remote: STATE,
        shutdown: STATE,
        backlog: WORKS,
        is_listening: false,
    };
    calls("fresh", &socket, family, &row)?;
    socket.start_bind(&network(), loopback(family, 0)).context("start-bind")?;
    let row = Row { bind: BUSY, connect: BUSY, listen: BUSY, finish_bind: WORKS, ..row };
    calls("binding", &socket, family, &row)?;
    socket.finish_bind().context("finish-bind")
}

fn bound(family: Family) -> Outcome {
    let socket = bound_tcp(family)?;
    let row = Row {
        bind: STATE,
        finish_bind: IDLE,
        connect: WORKS,
        finish_connect: IDLE,
        listen: WORKS,
        finish_listen: IDLE,
        accept: STATE,
        local: WORKS,
        remote: STATE,
        shutdown: STATE,
        backlog: WORKS,
        is_listening: false,
    };
    calls("bound", &socket, family, &row)?;
    check("the port is a real one", port(socket.local_address()?) != 0)?;
    socket.start_listen().context("start-listen")?;
    refused(
        "start-bind while starting to listen",
        socket.start_bind(&network(), loopback(family, 0)),
        &[Code::ConcurrencyConflict, Code::InvalidState],
    )?;
    refused("start-listen twice", socket.start_listen(), &[Code::ConcurrencyConflict])?;
    refused("finish-connect while starting to listen", socket.finish_connect(), &[Code::NotInProgress])?;
    check("not yet listening", !socket.is_listening())?;
    socket.finish_listen().context("finish-listen")
}

fn listens(family: Family) -> Outcome {
    let (socket, _) = listening(family)?;
    let row = Row {
        bind: STATE,
        finish_bind: IDLE,
        connect: STATE,
        finish_connect: IDLE,
        listen: STATE,
        finish_listen: IDLE,
        accept: Some(Code::WouldBlock),
        local: WORKS,
        remote: STATE,
        shutdown: STATE,
        backlog: WORKS,
        is_listening: true,
    };
    calls("listening", &socket, family, &row)?;
    check("nobody has come", !socket.subscribe().ready())
}

/// Connecting is over only when the guest was told so, however fast it went.
fn connecting(family: Family) -> Outcome {
    let (_listener, port) = listening(family)?;
    let socket = tcp(family)?;
    socket.start_connect(&network(), loopback(family, port)).context("start-connect")?;
    let row = Row {
        bind: BUSY,
        finish_bind: IDLE,
        connect: BUSY,
        finish_connect: WORKS,
        listen: BUSY,
        finish_listen: IDLE,
        accept: STATE,
        local: WORKS,
        remote: STATE,
        shutdown: STATE,
        backlog: STATE,
        is_listening: false,
    };
    calls("connecting", &socket, family, &row)?;
    socket.subscribe().block();
    socket.finish_connect().map(drop).context("finish-connect when it is ready")
}

fn connected(family: Family) -> Outcome {
    let (listener, port) = listening(family)?;
    let there = loopback(family, port);
    let socket = tcp(family)?;
    let (input, output) = connect(&socket, there).context("connect")?;
    let (accepted, other_input, other_output) = accept(&listener).context("accept")?;
    let row = Row {
        bind: STATE,
        finish_bind: IDLE,
        connect: STATE,
        finish_connect: IDLE,
        listen: STATE,
        finish_listen: IDLE,
        accept: STATE,
        local: WORKS,
        remote: WORKS,
        shutdown: None,
        backlog: STATE,
        is_listening: false,
    };
    calls("connected", &socket, family, &row)?;
    calls("accepted", &accepted, family, &row)?;
    same("the peer's address", text(socket.remote_address()?), text(there))?;
    same("the accepted one's peer", text(accepted.remote_address()?), text(socket.local_address()?))?;
    same("the accepted one's own", text(accepted.local_address()?), text(there))?;
    check("nothing to read", !input.subscribe().ready())?;
    same("reading nothing", input.read(100).context("read")?, Vec::new())?;
    output.blocking_write_and_flush(b"across").context("write")?;
    same("what came across", other_input.blocking_read(100).context("read")?, b"across".to_vec())?;
    // The listener and the socket may go; the streams stay, and so does what they wait for.
    drop(listener);
    other_output.blocking_write_and_flush(b"back").context("write")?;
    same("what came back", input.blocking_read(100).context("read")?, b"back".to_vec())
}

/// A socket whose connection failed is good for nothing.
fn failed(family: Family) -> Outcome {
    let (listener, port) = listening(family)?;
    drop(listener);
    let socket = tcp(family)?;
    refused("connecting to nobody", connect(&socket, loopback(family, port)), &[Code::ConnectionRefused])?;
    refused("finish-connect once more", socket.finish_connect(), &[Code::NotInProgress])?;
    refused("connecting once more", socket.start_connect(&network(), loopback(family, port)), &[Code::InvalidState])?;
    refused("start-bind", socket.start_bind(&network(), loopback(family, 0)), &[Code::InvalidState])?;
    refused("start-listen", socket.start_listen(), &[Code::InvalidState])?;
    refused("accept", socket.accept(), &[Code::InvalidState])?;
    refused("shutdown", socket.shutdown(ShutdownType::Both), &[Code::InvalidState])?;
    refused("remote-address", socket.remote_address(), &[Code::InvalidState])?;
    check("it is ready, as nothing will ever happen", socket.subscribe().ready())
}

fn half_closed(family: Family) -> Outcome {
    let (listener, port) = listening(family)?;
    let pair = || -> Outcome<_> {
        let socket = tcp(family)?;
        let streams = connect(&socket, loopback(family, port)).context("connect")?;
        Ok((socket, streams, accept(&listener).context("accept")?))
    };

    let (socket, (input, output), (other, other_input, other_output)) = pair()?;
    output.blocking_write_and_flush(b"last").context("write")?;
    socket.shutdown(ShutdownType::Send).context("shutdown of sending")?;
    socket.shutdown(ShutdownType::Send).context("and once more")?;
    check("nothing can be written any more", is_closed(&output.check_write()))?;
    check("a closed stream is ready", output.subscribe().ready())?;
    same("what was sent before", other_input.blocking_read(100).context("read")?, b"last".to_vec())?;
    check("then the end", is_closed(&other_input.blocking_read(100)))?;
    other_output.blocking_write_and_flush(b"answer").context("the other direction is open")?;
    same("the answer", input.blocking_read(100).context("read")?, b"answer".to_vec())?;
    drop((other_input, other_output, other));
    check("the end of the other direction", is_closed(&input.blocking_read(100)))?;

    check("and so says a read of nothing", is_closed(&input.read(0)) && is_closed(&input.blocking_skip(0)))?;

    let (socket, (input, output), (_other, other_input, other_output)) = pair()?;
    check("an open stream gives nothing for nothing", input.blocking_read(0).is_ok_and(|bytes| bytes.is_empty()))?;
    other_output.blocking_write_and_flush(b"never read").context("write")?;
    input.subscribe().block();
    socket.shutdown(ShutdownType::Receive).context("shutdown of receiving")?;
    check("what had come is gone", is_closed(&input.read(100)) && is_closed(&input.skip(1)))?;
    check("and so says a read of nothing", is_closed(&input.read(0)) && is_closed(&input.blocking_skip(0)))?;
    check("nothing can be read any more", is_closed(&input.blocking_read(1)))?;
    check("nor is there anything to wait for", input.subscribe().ready())?;
    output.blocking_write_and_flush(b"still").context("writing is still possible")?;
    same("and is read", other_input.blocking_read(100).context("read")?, b"still".to_vec())?;
    socket.shutdown(ShutdownType::Both).context("shutdown of both")?;
    check("now nothing can be written", is_closed(&output.check_write()))?;
    check("and the peer reads the end", is_closed(&other_input.blocking_read(100)))?;
    drop(other_output);
    Ok(())
}

/// Sockets and streams are dropped before their pollables. The pollables stay, and a wait for them is a wait like others.
fn dropped_first(family: Family) -> Outcome {
    let (listener, port) = listening(family)?;
    let socket = tcp(family)?;
    let (input, output) = connect(&socket, loopback(family, port)).context("connect")?;
    let (accepted, other_input, other_output) = accept(&listener).context("accept")?;
    let connecting = tcp(family)?;
    connecting.start_connect(&network(), loopback(family, port)).context("start-connect")?;
    let pollables =
        [listener.subscribe(), socket.subscribe(), input.subscribe(), output.subscribe(), connecting.subscribe()];
    drop((listener, input, output, socket, connecting));
    let past = subscribe_duration(0);
    let mut all: Vec<_> = pollables.iter().collect();
    all.push(&past);
    check("a wait for them and for the clock is over", poll(&all).contains(&5))?;
    drop((other_input, other_output, accepted));
    pollables[2].block();
    check("the end of a dropped stream's connection is its end", pollables[2].ready())
}

/// Addresses that no socket can have, or talk to.
fn addresses(family: Family) -> Outcome {
    const NO: &[Code] = &[Code::InvalidArgument];
    let mapped = v6([0, 0, 0, 0, 0, 0xffff, 0x7f00, 1], 0);
    let (other, unspecified, multicast, nobodys): (_, _, &[IpSocketAddress], _) = match family {
        Family::Ipv4 => (
            loopback(Family::Ipv6, 0),
            v4([0; 4], 0),
            &[v4([224, 254, 0, 0], 0), v4([255; 4], 0)],
            v4([192, 0, 2, 1], 0),
        ),
        Family::Ipv6 => (
            loopback(Family::Ipv4, 0),
            v6([0; 8], 0),
            &[v6([0xff00, 0, 0, 0, 0, 0, 0, 0], 0)],
            v6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 1], 0),
        ),
    };
    let with = |address, port| match address {
        IpSocketAddress::Ipv4(mut v4) => {
            v4.port = port;
            IpSocketAddress::Ipv4(v4)
        }
        IpSocketAddress::Ipv6(mut v6) => {
            v6.port = port;
            IpSocketAddress::Ipv6(v6)
        }
    };
    let socket = tcp(family)?;
    for address in [other, mapped].iter().chain(multicast) {
        refused(format!("start-bind to {}", text(*address)), socket.start_bind(&network(), *address), NO)?;
        let remote = with(*address, 80);
        refused(format!("start-connect to {}", text(remote)), socket.start_connect(&network(), remote), NO)?;
    }
    for remote in [with(unspecified, 80), unspecified, loopback(family, 0)] {
        refused(format!("start-connect to {}", text(remote)), socket.start_connect(&network(), remote), NO)?;
    }
    let bind = |socket: &TcpSocket, address| {
        socket.start_bind(&network(), address)?;
        socket.finish_bind()
    };
    refused("binding to an address of others", bind(&socket, nobodys), &[Code::AddressNotBindable])?;
    let (_listener, port) = listening(family)?;
    let taken = bind(&tcp(family)?, loopback(family, port));
    refused("binding where another listens", taken, &[Code::AddressInUse])?;
    // None of this has changed the socket.
    bind(&socket, unspecified).context("binding to any address")?;
    connect(&socket, loopback(family, port)).map(drop).context("connecting from there")
}
