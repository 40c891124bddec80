//! `wasi:sockets/udp` and `udp-create-socket`: the host functions.

use std::net::SocketAddr;

use callgate_gate::{AsReply, Break, Call, Reply};
use callgate_system::{Error, Result, SocketOption};
use wasmtime::component::{ComponentType, Lift, Linker, Lower, Resource, WasmList};

use super::tcp::{Value, option};
use super::udp_socket::BATCH;
use super::values::{IpAddressFamily, IpSocketAddress};
use super::{IncomingDatagrams, Network, OutgoingDatagrams, UdpSocket, answer};
use crate::handles::Held;
use crate::host::{Context, Host};
use crate::p2::io::Pollable;
use crate::p2::{Interface, interface, resource};

type Socket = Resource<UdpSocket>;

/// `incoming-datagram`.
#[derive(ComponentType, Lower)]
#[component(record)]
struct IncomingDatagram {
    data: Vec<u8>,
    #[component(name = "remote-address")]
    remote_address: IpSocketAddress,
}

/// `outgoing-datagram`; its bytes stay in the guest's memory.
#[derive(ComponentType, Lift)]
#[component(record)]
struct OutgoingDatagram {
    data: WasmList<u8>,
    #[component(name = "remote-address")]
    remote_address: Option<IpSocketAddress>,
}

pub(super) fn link(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    interface(linker, "wasi:sockets/udp-create-socket")?.func_wrap(
        "create-udp-socket",
        |cx: Context<'_>, (family,): (IpAddressFamily,)| {
            let host = cx.data();
            let family = family.into();
            let act = || host.handles.add(UdpSocket::new(&*host.system, family)?);
            answer(host.gate.pass(Call::CreateUdpSocket { family }, act).map(Socket::from))
        },
    )?;
    let mut udp = interface(linker, "wasi:sockets/udp")?;
    resource::<UdpSocket>(&mut udp, "udp-socket")?;
    resource::<IncomingDatagrams>(&mut udp, "incoming-datagram-stream")?;
    resource::<OutgoingDatagrams>(&mut udp, "outgoing-datagram-stream")?;
    link_bind(&mut udp)?;
    link_stream(&mut udp)?;
    link_state(&mut udp)?;
    link_incoming(&mut udp)?;
    link_outgoing(&mut udp)
}

fn link_bind(udp: &mut Interface<'_>) -> wasmtime::Result<()> {
    udp.func_wrap(
        "[method]udp-socket.start-bind",
        |cx: Context<'_>, (socket, network, address): (Socket, Resource<Network>, IpSocketAddress)| {
            let host = cx.data();
            let (socket, _, local_address) = (host.find(&socket)?, host.find(&network)?, address.into());
            let act = || socket.start_bind(local_address);
            answer(host.gate.pass(Call::UdpStartBind { socket: socket.handle(), local_address }, act))
        },
    )?;
    udp.func_wrap("[method]udp-socket.finish-bind", |cx: Context<'_>, (socket,): (Socket,)| {
        let host = cx.data();
        let socket = host.find(&socket)?;
        answer(host.gate.pass(Call::UdpFinishBind { socket: socket.handle() }, || socket.finish_bind()))
    })
}

/// Both directions.
struct Streams(Held<IncomingDatagrams>, Held<OutgoingDatagrams>);

impl AsReply for Streams {
    fn as_reply(&self) -> Reply<'_> {
        self.0.as_reply()
    }
}

fn link_stream(udp: &mut Interface<'_>) -> wasmtime::Result<()> {
    udp.func_wrap(
        "[method]udp-socket.stream",
        |cx: Context<'_>, (socket, remote): (Socket, Option<IpSocketAddress>)| {
            let host = cx.data();
            let (socket, remote_address) = (host.find(&socket)?, remote.map(SocketAddr::from));
            let act = || {
                let (incoming, outgoing) = socket.streams(remote_address)?;
                Ok::<_, Error>(Streams(host.handles.add(incoming)?, host.handles.add(outgoing)?))
            };
            let streams = host.gate.pass(Call::UdpStream { socket: socket.handle(), remote_address }, act);
            answer(streams.map(|Streams(incoming, outgoing)| (Resource::from(incoming), Resource::from(outgoing))))
        },
    )
}

fn link_state(udp: &mut Interface<'_>) -> wasmtime::Result<()> {
    udp.func_wrap("[method]udp-socket.local-address", |cx: Context<'_>, (socket,): (Socket,)| {
        let host = cx.data();
        let socket = host.find(&socket)?;
        let address = host.gate.pass(Call::UdpLocalAddress { socket: socket.handle() }, || socket.local_address());
        answer(address.map(IpSocketAddress::from))
    })?;
    udp.func_wrap("[method]udp-socket.remote-address", |cx: Context<'_>, (socket,): (Socket,)| {
        let host = cx.data();
        let socket = host.find(&socket)?;
        let address = host.gate.pass(Call::UdpRemoteAddress { socket: socket.handle() }, || socket.remote_address());
        answer(address.map(IpSocketAddress::from))
    })?;
    udp.func_wrap("[method]udp-socket.address-family", |cx: Context<'_>, (socket,): (Socket,)| {
        let host = cx.data();
        let socket = host.find(&socket)?;
        host.gate.pass(Call::UdpAddressFamily { socket: socket.handle() }, || Ok::<_, Error>(()))?;
        Ok((IpAddressFamily::from(socket.family()),))
    })?;
    udp.func_wrap("[method]udp-socket.subscribe", |cx: Context<'_>, (socket,): (Socket,)| {
        let host = cx.data();
        let socket = host.find(&socket)?;
        let act = || host.handles.add(Pollable::Always("udp"));
        Ok((Resource::from(host.gate.pass(Call::UdpSubscribe { socket: socket.handle() }, act)?),))
    })?;
    option!(udp, "udp-socket", "unicast-hop-limit", u8, HopLimit, UdpUnicastHopLimit, UdpSetUnicastHopLimit);
    option!(
        udp,
        "udp-socket",
        "receive-buffer-size",
        u64,
        ReceiveBufferSize,
        UdpReceiveBufferSize,
        UdpSetReceiveBufferSize
    );
    option!(udp, "udp-socket", "send-buffer-size", u64, SendBufferSize, UdpSendBufferSize, UdpSetSendBufferSize);
    Ok(())
}

/// What one call received.
struct Received(Vec<(Vec<u8>, SocketAddr)>);

impl AsReply for Received {
    fn as_reply(&self) -> Reply<'_> {
        Reply::List(self.0.len())
    }
}

fn link_incoming(udp: &mut Interface<'_>) -> wasmtime::Result<()> {
    udp.func_wrap(
        "[method]incoming-datagram-stream.receive",
        |cx: Context<'_>, (stream, max_results): (Resource<IncomingDatagrams>, u64)| {
            let host = cx.data();
            let stream = host.find(&stream)?;
            let act = || stream.receive(max_results, host.gate.network()).map(Received);
            let received = host.gate.pass(Call::UdpReceive { stream: stream.handle(), max_results }, act);
            let datagram = |(data, from)| IncomingDatagram { data, remote_address: IpSocketAddress::from(from) };
            answer(received.map(|Received(all)| all.into_iter().map(datagram).collect::<Vec<_>>()))
        },
    )?;
    udp.func_wrap(
        "[method]incoming-datagram-stream.subscribe",
        |cx: Context<'_>, (stream,): (Resource<IncomingDatagrams>,)| {
            let host = cx.data();
            let stream = host.find(&stream)?;
            let act = || host.handles.add(Pollable::Incoming(stream.share()));
            Ok((Resource::from(host.gate.pass(Call::IncomingSubscribe { stream: stream.handle() }, act)?),))
        },
    )
}

fn link_outgoing(udp: &mut Interface<'_>) -> wasmtime::Result<()> {
    udp.func_wrap(
        "[method]outgoing-datagram-stream.check-send",
        |cx: Context<'_>, (stream,): (Resource<OutgoingDatagrams>,)| {
            let host = cx.data();
            let stream = host.find(&stream)?;
            answer(host.gate.pass(Call::UdpCheckSend { stream: stream.handle() }, || check_send(host, &stream)))
        },
    )?;
    udp.func_wrap(
        "[method]outgoing-datagram-stream.send",
        |mut cx: Context<'_>, (stream, datagrams): (Resource<OutgoingDatagrams>, WasmList<OutgoingDatagram>)| {
            if datagrams.len() as u64 > BATCH {
                return Err(wasmtime::format_err!("sent {} datagrams where {BATCH} were permitted", datagrams.len()));
            }
            let datagrams = datagrams.iter(&mut cx)?.collect::<wasmtime::Result<Vec<_>>>()?;
            let host = cx.data();
            let stream = host.find(&stream)?;
            let datagrams =
                datagrams.iter().map(|it| (it.data.as_le_slice(&cx), it.remote_address.map(SocketAddr::from)));
            answer(send_all(host, &stream, datagrams))
        },
    )?;
    udp.func_wrap(
        "[method]outgoing-datagram-stream.subscribe",
        |cx: Context<'_>, (stream,): (Resource<OutgoingDatagrams>,)| {
            let host = cx.data();
            let stream = host.find(&stream)?;
            let act = || host.handles.add(Pollable::Outgoing(stream.share()));
            Ok((Resource::from(host.gate.pass(Call::OutgoingSubscribe { stream: stream.handle() }, act)?),))
        },
    )
}

fn check_send(host: &Host, stream: &OutgoingDatagrams) -> Result<u64, Break> {
    if stream.was_full() {
        let mut ready = Vec::new();
        host.wait(&[stream.sendable()], Some(0), &mut ready)?;
        return Ok(if ready.is_empty() { 0 } else { BATCH });
    }
    Ok(BATCH)
}

/// Sends in order until one finds no room or fails; only the first one's error is told now.
fn send_all<'a>(
    host: &Host,
    stream: &Held<OutgoingDatagrams>,
    datagrams: impl Iterator<Item = (&'a [u8], Option<SocketAddr>)>,
) -> Result<u64, Break> {
    let mut sent = 0;
    for (data, remote) in datagrams {
        let destination = stream.destination(remote);
        let call = Call::UdpSend { stream: stream.handle(), data, remote_address: destination.ok().or(remote) };
        match Break::told(host.gate.pass(call, || stream.send(data, destination?)))? {
            Ok(true) => sent += 1,
            Ok(false) => break,
            Err(_) if sent > 0 => break,
            Err(error) => return Err(error.into()),
        }
    }
    Ok(sent)
}
