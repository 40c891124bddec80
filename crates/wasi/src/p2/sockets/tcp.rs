//! `wasi:sockets/tcp` and `tcp-create-socket`: the host functions.

use callgate_gate::{AsReply, Call, Reply};
use callgate_system::{Error, Shutdown, SocketOption};
use wasmtime::component::{Linker, Resource};

use super::values::{IpAddressFamily, IpSocketAddress, ShutdownType};
use super::{Network, TcpSocket, answer};
use crate::handles::Held;
use crate::host::{Context, Host};
use crate::p2::io::{InputStream, OutputStream, Pollable};
use crate::p2::{Interface, interface, resource};

type Socket = Resource<TcpSocket>;

pub(super) fn link(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    interface(linker, "wasi:sockets/tcp-create-socket")?.func_wrap(
        "create-tcp-socket",
        |cx: Context<'_>, (family,): (IpAddressFamily,)| {
            let host = cx.data();
            let family = family.into();
            let act = || host.handles.add(TcpSocket::new(&*host.system, family)?);
            answer(host.gate.pass(Call::CreateTcpSocket { family }, act).map(Socket::from))
        },
    )?;
    let mut tcp = interface(linker, "wasi:sockets/tcp")?;
    resource::<TcpSocket>(&mut tcp, "tcp-socket")?;
    link_bind(&mut tcp)?;
    link_connect(&mut tcp)?;
    link_listen(&mut tcp)?;
    link_state(&mut tcp)?;
    link_options(&mut tcp)
}

fn link_bind(tcp: &mut Interface<'_>) -> wasmtime::Result<()> {
    tcp.func_wrap(
        "[method]tcp-socket.start-bind",
        |cx: Context<'_>, (socket, network, address): (Socket, Resource<Network>, IpSocketAddress)| {
            let host = cx.data();
            let (socket, _, local_address) = (host.find(&socket)?, host.find(&network)?, address.into());
            let act = || socket.start_bind(local_address);
            answer(host.gate.pass(Call::TcpStartBind { socket: socket.handle(), local_address }, act))
        },
    )?;
    tcp.func_wrap("[method]tcp-socket.finish-bind", |cx: Context<'_>, (socket,): (Socket,)| {
        let host = cx.data();
        let socket = host.find(&socket)?;
        answer(host.gate.pass(Call::TcpFinishBind { socket: socket.handle() }, || socket.finish_bind()))
    })
}

/// The two streams of a connection.
struct Streams(Held<InputStream>, Held<OutputStream>);

impl AsReply for Streams {
    fn as_reply(&self) -> Reply<'_> {
        self.0.as_reply()
    }
}

/// A connection that came in.
struct Accepted(Held<TcpSocket>, Streams);

impl AsReply for Accepted {
    fn as_reply(&self) -> Reply<'_> {
        self.0.as_reply()
    }
}

fn add_streams(host: &Host, (input, output): (InputStream, OutputStream)) -> callgate_system::Result<Streams> {
    Ok(Streams(host.handles.add(input)?, host.handles.add(output)?))
}

fn link_connect(tcp: &mut Interface<'_>) -> wasmtime::Result<()> {
    tcp.func_wrap(
        "[method]tcp-socket.start-connect",
        |cx: Context<'_>, (socket, network, address): (Socket, Resource<Network>, IpSocketAddress)| {
            let host = cx.data();
            let (socket, _, remote_address) = (host.find(&socket)?, host.find(&network)?, address.into());
            let act = || socket.start_connect(remote_address);
            answer(host.gate.pass(Call::TcpStartConnect { socket: socket.handle(), remote_address }, act))
        },
    )?;
    tcp.func_wrap("[method]tcp-socket.finish-connect", |cx: Context<'_>, (socket,): (Socket,)| {
        let host = cx.data();
        let socket = host.find(&socket)?;
        let act = || add_streams(host, socket.finish_connect(&host.budget)?);
        let streams = host.gate.pass(Call::TcpFinishConnect { socket: socket.handle() }, act);
        answer(streams.map(|Streams(input, output)| (Resource::from(input), Resource::from(output))))
    })
}

fn link_listen(tcp: &mut Interface<'_>) -> wasmtime::Result<()> {
    tcp.func_wrap("[method]tcp-socket.start-listen", |cx: Context<'_>, (socket,): (Socket,)| {
        let host = cx.data();
        let socket = host.find(&socket)?;
        let call = Call::TcpStartListen { socket: socket.handle(), local_address: socket.bound() };
        answer(host.gate.pass(call, || socket.start_listen()))
    })?;
    tcp.func_wrap("[method]tcp-socket.finish-listen", |cx: Context<'_>, (socket,): (Socket,)| {
        let host = cx.data();
        let socket = host.find(&socket)?;
        answer(host.gate.pass(Call::TcpFinishListen { socket: socket.handle() }, || socket.finish_listen()))
    })?;
    tcp.func_wrap("[method]tcp-socket.accept", |cx: Context<'_>, (socket,): (Socket,)| {
        let host = cx.data();
        let socket = host.find(&socket)?;
        let act = || {
            let (accepted, input, output) = socket.accept(&host.budget)?;
            Ok::<_, Error>(Accepted(host.handles.add(accepted)?, add_streams(host, (input, output))?))
        };
        let accepted = host.gate.pass(Call::TcpAccept { socket: socket.handle() }, act);
        answer(accepted.map(|Accepted(socket, Streams(input, output))| {
            (Resource::from(socket), Resource::from(input), Resource::from(output))
        }))
    })?;
    tcp.func_wrap("[method]tcp-socket.set-listen-backlog-size", |cx: Context<'_>, (socket, value): (Socket, u64)| {
        let host = cx.data();
        let socket = host.find(&socket)?;
        let act = || socket.set_backlog(value);
        answer(host.gate.pass(Call::TcpSetListenBacklogSize { socket: socket.handle(), value }, act))
    })
}

fn link_state(tcp: &mut Interface<'_>) -> wasmtime::Result<()> {
    tcp.func_wrap("[method]tcp-socket.local-address", |cx: Context<'_>, (socket,): (Socket,)| {
        let host = cx.data();
        let socket = host.find(&socket)?;
        let address = host.gate.pass(Call::TcpLocalAddress { socket: socket.handle() }, || socket.local_address());
        answer(address.map(IpSocketAddress::from))
    })?;
    tcp.func_wrap("[method]tcp-socket.remote-address", |cx: Context<'_>, (socket,): (Socket,)| {
        let host = cx.data();
        let socket = host.find(&socket)?;
        let address = host.gate.pass(Call::TcpRemoteAddress { socket: socket.handle() }, || socket.remote_address());
        answer(address.map(IpSocketAddress::from))
    })?;
    tcp.func_wrap("[method]tcp-socket.is-listening", |cx: Context<'_>, (socket,): (Socket,)| {
        let host = cx.data();
        let socket = host.find(&socket)?;
        let call = Call::TcpIsListening { socket: socket.handle() };
        Ok((host.gate.pass(call, || Ok::<_, Error>(socket.is_listening()))?,))
    })?;
    tcp.func_wrap("[method]tcp-socket.address-family", |cx: Context<'_>, (socket,): (Socket,)| {
        let host = cx.data();
        let socket = host.find(&socket)?;
        host.gate.pass(Call::TcpAddressFamily { socket: socket.handle() }, || Ok::<_, Error>(()))?;
        Ok((IpAddressFamily::from(socket.family()),))
    })?;
    tcp.func_wrap("[method]tcp-socket.subscribe", |cx: Context<'_>, (socket,): (Socket,)| {
        let host = cx.data();
        let socket = host.find(&socket)?;
        let act = || host.handles.add(Pollable::Tcp(socket.share()));
        Ok((Resource::from(host.gate.pass(Call::TcpSubscribe { socket: socket.handle() }, act)?),))
    })?;
    tcp.func_wrap("[method]tcp-socket.shutdown", |cx: Context<'_>, (socket, how): (Socket, ShutdownType)| {
        let host = cx.data();
        let (socket, how) = (host.find(&socket)?, Shutdown::from(how));
        answer(host.gate.pass(Call::TcpShutdown { socket: socket.handle(), how }, || socket.shutdown(how)))
    })
}

/// Registers a getter and a setter of an option of the module's `Socket`, whose values are of type `$type`.
macro_rules! option {
    ($interface:ident, $resource:literal, $name:literal, $type:ty, $option:ident, $get:ident, $set:ident) => {
        $interface.func_wrap(concat!("[method]", $resource, ".", $name), |cx: Context<'_>, (socket,): (Socket,)| {
            let host = cx.data();
            let socket = host.find(&socket)?;
            let act = || socket.option(SocketOption::$option);
            answer(host.gate.pass(Call::$get { socket: socket.handle() }, act).map(<$type as Value>::of))
        })?;
        $interface.func_wrap(
            concat!("[method]", $resource, ".set-", $name),
            |cx: Context<'_>, (socket, value): (Socket, $type)| {
                let host = cx.data();
                let (socket, value) = (host.find(&socket)?, u64::from(value));
                let act = || socket.set_option(SocketOption::$option, value);
                answer(host.gate.pass(Call::$set { socket: socket.handle(), value }, act))
            },
        )?;
    };
}
pub(super) use option;

/// The value of an option, in the type that the interface has for it.
pub(super) trait Value {
    fn of(value: u64) -> Self;
}

impl Value for bool {
    fn of(value: u64) -> Self {
        value != 0
    }
}

impl Value for u8 {
    fn of(value: u64) -> Self {
        Self::try_from(value).unwrap_or(Self::MAX)
    }
}

impl Value for u32 {
    fn of(value: u64) -> Self {
        Self::try_from(value).unwrap_or(Self::MAX)
    }
}

impl Value for u64 {
    fn of(value: u64) -> Self {
        value
    }
}

fn link_options(tcp: &mut Interface<'_>) -> wasmtime::Result<()> {
    option!(
        tcp,
        "tcp-socket",
        "keep-alive-enabled",
        bool,
        KeepAliveEnabled,
        TcpKeepAliveEnabled,
        TcpSetKeepAliveEnabled
    );
    option!(
        tcp,
        "tcp-socket",
        "keep-alive-idle-time",
        u64,
        KeepAliveIdleTime,
        TcpKeepAliveIdleTime,
        TcpSetKeepAliveIdleTime
    );
    option!(
        tcp,
        "tcp-socket",
        "keep-alive-interval",
        u64,
        KeepAliveInterval,
        TcpKeepAliveInterval,
        TcpSetKeepAliveInterval
    );
    option!(tcp, "tcp-socket", "keep-alive-count", u32, KeepAliveCount, TcpKeepAliveCount, TcpSetKeepAliveCount);
    option!(tcp, "tcp-socket", "hop-limit", u8, HopLimit, TcpHopLimit, TcpSetHopLimit);
    option!(
        tcp,
        "tcp-socket",
        "receive-buffer-size",
        u64,
        ReceiveBufferSize,
        TcpReceiveBufferSize,
        TcpSetReceiveBufferSize
    );
    option!(tcp, "tcp-socket", "send-buffer-size", u64, SendBufferSize, TcpSendBufferSize, TcpSetSendBufferSize);
    Ok(())
}
