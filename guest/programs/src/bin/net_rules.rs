//! Tries what each argument says, `connect=ADDRESS`, `listen=ADDRESS`, `udp=ADDRESS`, `resolve=NAME` or one of the words
//! below, by the bindings, and prints what became of it: `ok`, or the error.

use std::net::{SocketAddr, ToSocketAddrs};
use std::process::ExitCode;

use programs::sockets::{loopback, network, send, tcp, udp, v4, v6};
use programs::{Context, Failure, Outcome, run};
use wasip2::sockets::ip_name_lookup::resolve_addresses;
use wasip2::sockets::network::{ErrorCode as Code, IpAddress, IpAddressFamily as Family, IpSocketAddress};

fn main() -> ExitCode {
    run(|| {
        for wish in std::env::args().skip(1) {
            let became = attempt(&wish)?;
            println!("{wish}: {}", became.map_or_else(|error| error.name(), |()| "ok"));
        }
        Ok(())
    })
}

fn attempt(wish: &str) -> Outcome<Result<(), Code>> {
    let (what, of) = wish.split_once('=').unwrap_or((wish, ""));
    Ok(match what {
        "connect" => connect(of)?,
        "listen" => listen(of)?,
        "udp" => datagram(of, false)?,
        "udp-to-peer" => datagram(of, true)?,
        "udp-bind" => bind_datagrams(of)?,
        "resolve" => resolve(of),
        "listen-without-bind" => {
            let socket = tcp(Family::Ipv4)?;
            socket.start_listen().and_then(|()| socket.finish_listen())
        }
        "listen-after-bind-to-any" => {
            let socket = tcp(Family::Ipv4)?;
            socket
                .start_bind(&network(), v4([0; 4], 0))
                .and_then(|()| socket.finish_bind())
                .and_then(|()| socket.start_listen())
                .and_then(|()| socket.finish_listen())
        }
        "send-before-bind" => udp(Family::Ipv4)?.stream(Some(loopback(Family::Ipv4, 9))).map(drop),
        other => return Err(Failure::new(format!("`{other}` is nothing to try"))),
    })
}

fn parsed(text: &str) -> Outcome<(Family, IpSocketAddress)> {
    Ok(match text.parse::<SocketAddr>().context(text)? {
        SocketAddr::V4(address) => (Family::Ipv4, v4(address.ip().octets(), address.port())),
        SocketAddr::V6(address) => (Family::Ipv6, v6(address.ip().segments(), address.port())),
    })
}

/// A name is looked up first, and the first address that may be talked to counts.
fn connect(of: &str) -> Outcome<Result<(), Code>> {
    let addresses = match of.parse::<SocketAddr>() {
        Ok(address) => vec![address],
        Err(_) => match of.to_socket_addrs() {
            Ok(addresses) => addresses.collect(),
            Err(_) => return Ok(Err(Code::NameUnresolvable)),
        },
    };
    let mut last = Ok(());
    for address in addresses {
        let (family, remote) = parsed(&address.to_string())?;
        last = programs::sockets::connect(&tcp(family)?, remote).map(drop);
        if last.is_ok() {
            break;
        }
    }
    Ok(last)
}

fn listen(of: &str) -> Outcome<Result<(), Code>> {
    let (family, local) = parsed(of)?;
    let socket = tcp(family)?;
    let bind = || {
        socket.start_bind(&network(), local)?;
        socket.finish_bind()?;
        socket.start_listen()?;
        socket.finish_listen()
    };
    Ok(bind())
}

fn bind_datagrams(of: &str) -> Outcome<Result<(), Code>> {
    let (family, local) = parsed(of)?;
    let socket = udp(family)?;
    Ok(socket.start_bind(&network(), local).and_then(|()| socket.finish_bind()))
}

/// From any port of any address, with that peer alone or without one.
fn datagram(of: &str, with_peer: bool) -> Outcome<Result<(), Code>> {
    let (family, remote) = parsed(of)?;
    let socket = udp(family)?;
    let any = if matches!(family, Family::Ipv4) { v4([0; 4], 0) } else { v6([0; 8], 0) };
    let talk = || {
        socket.start_bind(&network(), any)?;
        socket.finish_bind()?;
        let (_input, out) = socket.stream(with_peer.then_some(remote))?;
        send(&out, b"x", (!with_peer).then_some(remote))
    };
    Ok(talk())
}

fn resolve(name: &str) -> Result<(), Code> {
    let lookup = resolve_addresses(&network(), name)?;
    let mut found = Vec::new();
    loop {
        match lookup.resolve_next_address() {
            Ok(Some(IpAddress::Ipv4(_) | IpAddress::Ipv6(_))) => found.push(()),
            Ok(None) => return if found.is_empty() { Err(Code::NameUnresolvable) } else { Ok(()) },
            Err(Code::WouldBlock) => lookup.subscribe().block(),
            Err(error) => return Err(error),
        }
    }
}
