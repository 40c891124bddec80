//! `wasi:sockets/udp` and `udp-create-socket`.

use std::net::SocketAddr;

use callgate_gate::{Call, CallError, Reply, Value};
use callgate_system::{AddressFamily, Error};

use super::Outcome;
use super::tcp::options;
use crate::host::Host;
use crate::objects::{BATCH, Held, IncomingDatagrams, Network, OutgoingDatagrams, Pollable, UdpSocket};

type Socket = Held<UdpSocket>;

/// Both directions of a socket.
pub(crate) struct Streams(pub(crate) Held<IncomingDatagrams>, pub(crate) Held<OutgoingDatagrams>);

impl Reply for Streams {
    fn value(&self) -> Value<'_> {
        self.0.value()
    }

    fn made_streams(&self) -> Option<callgate_gate::Streams> {
        Some(callgate_gate::Streams { socket: None, input: self.0.id(), output: self.1.id() })
    }
}

/// The datagrams of one call.
pub(crate) struct Received(pub(crate) Vec<(Vec<u8>, SocketAddr)>);

impl Reply for Received {
    fn value(&self) -> Value<'_> {
        Value::Datagrams { count: self.0.len(), bytes: self.0.iter().map(|(bytes, _)| bytes.len() as u64).sum() }
    }
}

pub(crate) fn create_udp_socket(host: &Host, family: AddressFamily) -> Outcome<Socket> {
    let act = || host.handles.add(UdpSocket::new(&*host.system, family)?);
    host.gate.pass(Call::CreateUdpSocket { family }, act)
}

pub(crate) fn start_bind(host: &Host, socket: &Socket, _: &Held<Network>, local_address: SocketAddr) -> Outcome<()> {
    let act = || socket.start_bind(local_address);
    host.gate.pass(Call::UdpStartBind { socket: socket.handle(), local_address }, act)
}

pub(crate) fn finish_bind(host: &Host, socket: &Socket) -> Outcome<()> {
    host.gate.pass(Call::UdpFinishBind { socket: socket.handle() }, || socket.finish_bind())
}

pub(crate) fn stream(host: &Host, socket: &Socket, remote_address: Option<SocketAddr>) -> Outcome<Streams> {
    let act = || {
        let (incoming, outgoing) = socket.streams(remote_address)?;
        let (incoming, outgoing) = host.handles.add_both(incoming, outgoing)?;
        Ok::<_, Error>(Streams(incoming, outgoing))
    };
    host.gate.pass(Call::UdpStream { socket: socket.handle(), remote_address }, act)
}

pub(crate) fn local_address(host: &Host, socket: &Socket) -> Outcome<SocketAddr> {
    host.gate.pass(Call::UdpLocalAddress { socket: socket.handle() }, || socket.local_address())
}

pub(crate) fn remote_address(host: &Host, socket: &Socket) -> Outcome<SocketAddr> {
    host.gate.pass(Call::UdpRemoteAddress { socket: socket.handle() }, || socket.remote_address())
}

pub(crate) fn address_family(host: &Host, socket: &Socket) -> Outcome<AddressFamily> {
    let mut family = AddressFamily::Ipv4;
    let act = || {
        family = socket.family();
        Ok::<_, Error>(())
    };
    host.gate.pass(Call::UdpAddressFamily { socket: socket.handle() }, act)?;
    Ok(family)
}

pub(crate) fn subscribe(host: &Host, socket: &Socket) -> Outcome<Held<Pollable>> {
    host.gate.pass(Call::UdpSubscribe { socket: socket.handle() }, || host.handles.add(Pollable::Always("udp")))
}

options! { UdpSocket:
    HopLimit(unicast_hop_limit: UdpUnicastHopLimit, set_unicast_hop_limit: UdpSetUnicastHopLimit),
    ReceiveBufferSize(receive_buffer_size: UdpReceiveBufferSize, set_receive_buffer_size: UdpSetReceiveBufferSize),
    SendBufferSize(send_buffer_size: UdpSendBufferSize, set_send_buffer_size: UdpSetSendBufferSize),
}

pub(crate) fn receive(host: &Host, stream: &Held<IncomingDatagrams>, max_results: u64) -> Outcome<Received> {
    let act = || stream.receive(max_results, |from, local| host.gate.admits(from, local)).map(Received);
    host.gate.pass(Call::UdpReceive { stream: stream.handle(), max_results }, act)
}

pub(crate) fn subscribe_to_incoming(host: &Host, stream: &Held<IncomingDatagrams>) -> Outcome<Held<Pollable>> {
    let act = || host.handles.add(Pollable::Incoming(stream.share()));
    host.gate.pass(Call::IncomingSubscribe { stream: stream.handle() }, act)
}

pub(crate) fn check_send(host: &Host, stream: &Held<OutgoingDatagrams>) -> Outcome<u64> {
    let act = || {
        if stream.was_full() {
            let mut ready = Vec::new();
            host.wait(&[stream.sendable()], Some(0), &mut ready)?;
            return Ok(if ready.is_empty() { 0 } else { BATCH });
        }
        Ok::<_, CallError>(BATCH)
    };
    host.gate.pass(Call::UdpCheckSend { stream: stream.handle() }, act)
}

/// Sends in order until one finds no room or fails; only the first one's error is told now.
pub(crate) fn send(
    host: &Host,
    stream: &Held<OutgoingDatagrams>,
    datagrams: &[(&[u8], Option<SocketAddr>)],
) -> Outcome<u64> {
    let mut sent = 0;
    for &(data, remote) in datagrams {
        let destination = stream.destination(remote);
        let call = Call::UdpSend { stream: stream.handle(), data, remote_address: destination.ok().or(remote) };
        match CallError::told(host.gate.pass(call, || stream.send(data, destination?)))? {
            Ok(true) => sent += 1,
            Ok(false) => break,
            Err(_) if sent > 0 => break,
            Err(error) => return Err(error.into()),
        }
    }
    Ok(sent)
}

pub(crate) fn subscribe_to_outgoing(host: &Host, stream: &Held<OutgoingDatagrams>) -> Outcome<Held<Pollable>> {
    let act = || host.handles.add(Pollable::Outgoing(stream.share()));
    host.gate.pass(Call::OutgoingSubscribe { stream: stream.handle() }, act)
}
