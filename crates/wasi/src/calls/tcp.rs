//! `wasi:sockets/tcp` and `tcp-create-socket`.

use std::net::SocketAddr;

use callgate_gate::{Call, Reply, Value};
use callgate_system::{AddressFamily, Error, Result, Shutdown};

use super::Outcome;
use crate::host::Host;
use crate::objects::{Held, InputStream, Network, OutputStream, Pollable, TcpSocket};

type Socket = Held<TcpSocket>;

/// The two streams of a connection.
pub(crate) struct Streams(pub(crate) Held<InputStream>, pub(crate) Held<OutputStream>);

impl Reply for Streams {
    fn value(&self) -> Value<'_> {
        self.0.value()
    }

    fn made_streams(&self) -> Option<callgate_gate::Streams> {
        Some(callgate_gate::Streams { socket: None, input: self.0.id(), output: self.1.id() })
    }
}

/// A connection that came in.
pub(crate) struct Accepted(pub(crate) Socket, pub(crate) Streams);

impl Reply for Accepted {
    fn value(&self) -> Value<'_> {
        self.0.value()
    }

    fn made_streams(&self) -> Option<callgate_gate::Streams> {
        let streams = self.1.made_streams()?;
        Some(callgate_gate::Streams { socket: Some(self.0.id()), ..streams })
    }
}

pub(crate) fn create_tcp_socket(host: &Host, family: AddressFamily) -> Outcome<Socket> {
    let act = || host.handles.add(TcpSocket::new(&*host.system, family)?);
    host.gate.pass(Call::CreateTcpSocket { family }, act)
}

pub(crate) fn start_bind(host: &Host, socket: &Socket, _: &Held<Network>, local_address: SocketAddr) -> Outcome<()> {
    let act = || socket.start_bind(local_address);
    host.gate.pass(Call::TcpStartBind { socket: socket.handle(), local_address }, act)
}

pub(crate) fn finish_bind(host: &Host, socket: &Socket) -> Outcome<()> {
    host.gate.pass(Call::TcpFinishBind { socket: socket.handle() }, || socket.finish_bind())
}

pub(crate) fn start_connect(host: &Host, socket: &Socket, _: &Held<Network>, remote: SocketAddr) -> Outcome<()> {
    let act = || socket.start_connect(remote, &host.budget);
    host.gate.pass(Call::TcpStartConnect { socket: socket.handle(), remote_address: remote }, act)
}

pub(crate) fn finish_connect(host: &Host, socket: &Socket) -> Outcome<Streams> {
    let act = || add_streams(host, socket.finish_connect(&host.budget)?);
    host.gate.pass(Call::TcpFinishConnect { socket: socket.handle() }, act)
}

pub(crate) fn start_listen(host: &Host, socket: &Socket) -> Outcome<()> {
    let call = Call::TcpStartListen { socket: socket.handle(), local_address: socket.bound() };
    host.gate.pass(call, || socket.start_listen())
}

pub(crate) fn finish_listen(host: &Host, socket: &Socket) -> Outcome<()> {
    host.gate.pass(Call::TcpFinishListen { socket: socket.handle() }, || socket.finish_listen())
}

pub(crate) fn accept(host: &Host, socket: &Socket) -> Outcome<Accepted> {
    let act = || {
        let (accepted, input, output) = socket.accept(&host.budget)?;
        let accepted = host.handles.add(accepted)?;
        // The guest must not have a handle that it is not told of.
        let streams = add_streams(host, (input, output)).inspect_err(|_| host.handles.remove(accepted.id()))?;
        Ok::<_, Error>(Accepted(accepted, streams))
    };
    host.gate.pass(Call::TcpAccept { socket: socket.handle() }, act)
}

fn add_streams(host: &Host, (input, output): (InputStream, OutputStream)) -> Result<Streams> {
    let (input, output) = host.handles.add_both(input, output)?;
    Ok(Streams(input, output))
}

pub(crate) fn local_address(host: &Host, socket: &Socket) -> Outcome<SocketAddr> {
    host.gate.pass(Call::TcpLocalAddress { socket: socket.handle() }, || socket.local_address())
}

pub(crate) fn remote_address(host: &Host, socket: &Socket) -> Outcome<SocketAddr> {
    host.gate.pass(Call::TcpRemoteAddress { socket: socket.handle() }, || socket.remote_address())
}

pub(crate) fn is_listening(host: &Host, socket: &Socket) -> Outcome<bool> {
    host.gate.pass(Call::TcpIsListening { socket: socket.handle() }, || Ok::<_, Error>(socket.is_listening()))
}

pub(crate) fn address_family(host: &Host, socket: &Socket) -> Outcome<AddressFamily> {
    let mut family = AddressFamily::Ipv4;
    let act = || {
        family = socket.family();
        Ok::<_, Error>(())
    };
    host.gate.pass(Call::TcpAddressFamily { socket: socket.handle() }, act)?;
    Ok(family)
}

pub(crate) fn set_listen_backlog_size(host: &Host, socket: &Socket, value: u64) -> Outcome<()> {
    host.gate.pass(Call::TcpSetListenBacklogSize { socket: socket.handle(), value }, || socket.set_backlog(value))
}

pub(crate) fn subscribe(host: &Host, socket: &Socket) -> Outcome<Held<Pollable>> {
    let act = || host.handles.add(Pollable::Tcp(socket.share()));
    host.gate.pass(Call::TcpSubscribe { socket: socket.handle() }, act)
}

pub(crate) fn shutdown(host: &Host, socket: &Socket, how: Shutdown) -> Outcome<()> {
    host.gate.pass(Call::TcpShutdown { socket: socket.handle(), how }, || socket.shutdown(how))
}

/// A getter and a setter for each option of a socket.
macro_rules! options {
    ($socket:ident: $($option:ident($get:ident: $get_call:ident, $set:ident: $set_call:ident),)*) => {
        $(
            pub(crate) fn $get(host: &Host, socket: &Held<$socket>) -> Outcome<u64> {
                let act = || socket.option(callgate_system::SocketOption::$option);
                host.gate.pass(Call::$get_call { socket: socket.handle() }, act)
            }

            pub(crate) fn $set(host: &Host, socket: &Held<$socket>, value: u64) -> Outcome<()> {
                let act = || socket.set_option(callgate_system::SocketOption::$option, value);
                host.gate.pass(Call::$set_call { socket: socket.handle(), value }, act)
            }
        )*
    };
}
pub(super) use options;

options! { TcpSocket:
    KeepAliveEnabled(keep_alive_enabled: TcpKeepAliveEnabled, set_keep_alive_enabled: TcpSetKeepAliveEnabled),
    KeepAliveIdleTime(keep_alive_idle_time: TcpKeepAliveIdleTime, set_keep_alive_idle_time: TcpSetKeepAliveIdleTime),
    KeepAliveInterval(keep_alive_interval: TcpKeepAliveInterval, set_keep_alive_interval: TcpSetKeepAliveInterval),
    KeepAliveCount(keep_alive_count: TcpKeepAliveCount, set_keep_alive_count: TcpSetKeepAliveCount),
    HopLimit(hop_limit: TcpHopLimit, set_hop_limit: TcpSetHopLimit),
    ReceiveBufferSize(receive_buffer_size: TcpReceiveBufferSize, set_receive_buffer_size: TcpSetReceiveBufferSize),
    SendBufferSize(send_buffer_size: TcpSendBufferSize, set_send_buffer_size: TcpSetSendBufferSize),
}
