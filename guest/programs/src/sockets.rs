//! The parts that programs share which use sockets through their bindings: addresses, and the steps that most begin with.

use std::fmt;

use wasip2::sockets::instance_network::instance_network;
use wasip2::sockets::network::{
    ErrorCode, IpAddressFamily, IpSocketAddress, Ipv4SocketAddress, Ipv6SocketAddress, Network,
};
use wasip2::sockets::tcp::{InputStream, OutputStream, TcpSocket};
use wasip2::sockets::tcp_create_socket::create_tcp_socket;
use wasip2::sockets::udp::{IncomingDatagramStream, OutgoingDatagram, OutgoingDatagramStream, UdpSocket};
use wasip2::sockets::udp_create_socket::create_udp_socket;

use crate::{Context, Outcome, Word};

impl Word for ErrorCode {
    fn word(&self) -> String {
        self.name().to_owned()
    }
}

/// An IPv4 address.
#[must_use]
pub fn v4(address: [u8; 4], port: u16) -> IpSocketAddress {
    IpSocketAddress::Ipv4(Ipv4SocketAddress { port, address: address.into() })
}

/// An IPv6 address.
#[must_use]
pub fn v6(address: [u16; 8], port: u16) -> IpSocketAddress {
    IpSocketAddress::Ipv6(Ipv6SocketAddress { port, flow_info: 0, address: address.into(), scope_id: 0 })
}

/// 127.0.0.1 or ::1.
#[must_use]
pub fn loopback(family: IpAddressFamily, port: u16) -> IpSocketAddress {
    match family {
        IpAddressFamily::Ipv4 => v4([127, 0, 0, 1], port),
        IpAddressFamily::Ipv6 => v6([0, 0, 0, 0, 0, 0, 0, 1], port),
    }
}

/// The port of `address`.
#[must_use]
pub fn port(address: IpSocketAddress) -> u16 {
    match address {
        IpSocketAddress::Ipv4(address) => address.port,
        IpSocketAddress::Ipv6(address) => address.port,
    }
}

/// The text of an address, by which two addresses are compared.
#[must_use]
pub fn text(address: IpSocketAddress) -> String {
    match address {
        IpSocketAddress::Ipv4(v4) => format!("{:?}:{}", v4.address, v4.port),
        IpSocketAddress::Ipv6(v6) => format!("{:?}:{}", v6.address, v6.port),
    }
}

/// The network.
#[must_use]
pub fn network() -> Network {
    instance_network()
}

/// A TCP socket.
///
/// # Errors
/// As the host says.
pub fn tcp(family: IpAddressFamily) -> Outcome<TcpSocket> {
    create_tcp_socket(family).context("create-tcp-socket")
}

/// A UDP socket.
///
/// # Errors
/// As the host says.
pub fn udp(family: IpAddressFamily) -> Outcome<UdpSocket> {
    create_udp_socket(family).context("create-udp-socket")
}

/// A TCP socket that is bound to a free port of loopback.
///
/// # Errors
/// As the host says.
pub fn bound_tcp(family: IpAddressFamily) -> Outcome<TcpSocket> {
    let socket = tcp(family)?;
    socket.start_bind(&network(), loopback(family, 0)).context("start-bind")?;
    socket.finish_bind().context("finish-bind")?;
    Ok(socket)
}

/// The same, listening, and its port.
///
/// # Errors
/// As the host says.
pub fn listening(family: IpAddressFamily) -> Outcome<(TcpSocket, u16)> {
    let socket = bound_tcp(family)?;
    socket.start_listen().context("start-listen")?;
    socket.finish_listen().context("finish-listen")?;
    let port = port(socket.local_address().context("local-address")?);
    Ok((socket, port))
}

/// The two streams of a connection.
pub type Streams = (InputStream, OutputStream);

/// Waits until connecting is over.
///
/// # Errors
/// As the host says.
pub fn connect(socket: &TcpSocket, remote: IpSocketAddress) -> Result<Streams, ErrorCode> {
    socket.start_connect(&network(), remote)?;
    loop {
        match socket.finish_connect() {
            Err(ErrorCode::WouldBlock) => socket.subscribe().block(),
            streams => return streams,
        }
    }
}

/// Waits for a connection.
///
/// # Errors
/// As the host says.
pub fn accept(socket: &TcpSocket) -> Result<(TcpSocket, InputStream, OutputStream), ErrorCode> {
    loop {
        match socket.accept() {
            Err(ErrorCode::WouldBlock) => socket.subscribe().block(),
            accepted => return accepted,
        }
    }
}

/// A UDP socket that is bound to a free port of loopback, and its port.
///
/// # Errors
/// As the host says.
pub fn bound_udp(family: IpAddressFamily) -> Outcome<(UdpSocket, u16)> {
    let socket = udp(family)?;
    socket.start_bind(&network(), loopback(family, 0)).context("start-bind")?;
    socket.finish_bind().context("finish-bind")?;
    let port = port(socket.local_address().context("local-address")?);
    Ok((socket, port))
}

/// Sends one datagram, waiting for room.
///
/// # Errors
/// As the host says.
pub fn send(out: &OutgoingDatagramStream, data: &[u8], remote: Option<IpSocketAddress>) -> Result<(), ErrorCode> {
    loop {
        if out.check_send()? == 0 {
            out.subscribe().block();
            continue;
        }
        let datagram = OutgoingDatagram { data: data.to_vec(), remote_address: remote };
        if out.send(&[datagram])? == 1 {
            return Ok(());
        }
    }
}

/// Waits for one datagram.
///
/// # Errors
/// As the host says.
pub fn receive(input: &IncomingDatagramStream) -> Result<(Vec<u8>, IpSocketAddress), ErrorCode> {
    loop {
        if let Some(datagram) = input.receive(1)?.pop() {
            return Ok((datagram.data, datagram.remote_address));
        }
        input.subscribe().block();
    }
}

/// `what`, with the family in front.
pub fn of(family: IpAddressFamily, what: impl fmt::Display) -> String {
    match family {
        IpAddressFamily::Ipv4 => format!("ipv4: {what}"),
        IpAddressFamily::Ipv6 => format!("ipv6: {what}"),
    }
}
