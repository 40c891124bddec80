//! Datagrams by `std::net`. Argument 1: the address of a peer that sends every datagram back. The socket is bound beside
//! it, at a free port.

use std::io::ErrorKind;
use std::net::{SocketAddr, UdpSocket};
use std::process::ExitCode;

use programs::{Context, Outcome, argument, check, refused, run, same};

/// More than one datagram can hold.
const TOO_LARGE: usize = 65_536;

fn main() -> ExitCode {
    run(|| {
        let peer: SocketAddr = argument(1)?.parse().context("the peer's address")?;
        to_everybody(peer)?;
        with_one_peer(peer)?;
        nothing_there(peer)?;
        println!("udp: all well");
        Ok(())
    })
}

fn bound(peer: SocketAddr) -> Outcome<UdpSocket> {
    let socket = UdpSocket::bind(SocketAddr::new(peer.ip(), 0)).context("bind")?;
    check("the local port is a real one", socket.local_addr().context("local_addr")?.port() != 0)?;
    Ok(socket)
}

fn message(length: usize) -> Vec<u8> {
    (0..length).map(|index| (index % 253) as u8).collect()
}

fn to_everybody(peer: SocketAddr) -> Outcome {
    let socket = bound(peer)?;
    let mut buffer = vec![0; 70_000];
    for length in [5, 0, 1, 1400, 9000, 60_000] {
        let sent = message(length);
        same(format!("send_to of {length}"), socket.send_to(&sent, peer).context("send_to")?, length)?;
        let (count, from) = socket.recv_from(&mut buffer).context("recv_from")?;
        same("who sent it", from, peer)?;
        same(format!("what came back of {length}"), &buffer[..count], &sent)?;
    }
    // Each read takes a whole datagram, the rest of one that doesn't fit is lost.
    for text in [&b"a long one"[..], b"short"] {
        socket.send_to(text, peer).context("send_to")?;
    }
    let mut small = [0; 4];
    same("the start of a datagram", socket.recv_from(&mut small).context("recv_from")?.0, 4)?;
    same("its bytes", &small, b"a lo")?;
    same("then the next", socket.recv_from(&mut buffer).context("recv_from")?.0, 5)?;
    same("its bytes", &buffer[..5], b"short")?;
    check("a datagram that is too large is refused", socket.send_to(&message(TOO_LARGE), peer).is_err())?;
    check("so is one to port 0", socket.send_to(b"x", SocketAddr::new(peer.ip(), 0)).is_err())?;
    let kind = |error: std::io::Error| error.kind();
    check("without a peer there is nobody to send to", socket.send(b"x").map_err(kind).is_err())?;
    check("and no peer's address", socket.peer_addr().is_err())
}

fn with_one_peer(peer: SocketAddr) -> Outcome {
    let (socket, stranger) = (bound(peer)?, bound(peer)?);
    socket.connect(peer).context("connect")?;
    same("the peer", socket.peer_addr().context("peer_addr")?, peer)?;
    // A datagram from a stranger must not reach this connected socket.
    stranger.send_to(b"from a stranger", socket.local_addr()?).context("send_to")?;
    let mut buffer = [0; 100];
    for text in [&b"one"[..], b"", b"three"] {
        same("send", socket.send(text).context("send")?, text.len())?;
        let count = socket.recv(&mut buffer).context("recv")?;
        same("what came back", &buffer[..count], text)?;
    }
    Ok(())
}

/// When nothing comes, a non-blocking socket answers that it would block.
fn nothing_there(peer: SocketAddr) -> Outcome {
    let socket = bound(peer)?;
    socket.set_nonblocking(true).context("set_nonblocking")?;
    let received = socket.recv_from(&mut [0; 10]).map_err(|error| error.kind());
    refused("receiving nothing", received, &[ErrorKind::WouldBlock])
}
