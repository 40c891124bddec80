//! `wasi:sockets`: network, instance-network, ip-name-lookup, tcp, tcp-create-socket.

use crate::bind::component::{Answer, Borrow, Fallible as Result, Give as _, Own, Parameter, Plain, Text};
use crate::bind::values::sockets::{ErrorCode, IpAddress, IpAddressFamily, IpSocketAddress, OptionValue, ShutdownType};
use crate::calls::{io, network, tcp};
use crate::host::Host;
use crate::objects::{AddressStream, Failure, Held, InputStream, Network, OutputStream, Pollable, TcpSocket};

type Fallible<T> = Result<T, ErrorCode>;
type Connection = (Own<InputStream>, Own<OutputStream>);
type AcceptedConnection = (Own<TcpSocket>, Own<InputStream>, Own<OutputStream>);

super::interfaces! {
    "wasi:sockets/network" {
        resource "network": Network;
        "network-error-code" (error: Borrow<Failure>) -> Plain<Option<ErrorCode>>
            = |host: &Host, error: &Held<_>| io::network_error_code(host, error).map(|error| error.map(ErrorCode::from));
    }
    "wasi:sockets/instance-network" {
        "instance-network" () -> Plain<Own<Network>> = network::instance_network;
    }
    "wasi:sockets/ip-name-lookup" {
        resource "resolve-address-stream": AddressStream;
        "resolve-addresses" (network: Borrow<Network>, name: Text) -> Fallible<Own<AddressStream>>
            = network::resolve_addresses;
        "[method]resolve-address-stream.resolve-next-address" (lookup: Borrow<AddressStream>)
            -> Fallible<Option<IpAddress>>
            = |host: &Host, lookup: &Held<_>| {
                network::resolve_next_address(host, lookup).map(|next| next.map(IpAddress::from))
            };
        "[method]resolve-address-stream.subscribe" (lookup: Borrow<AddressStream>) -> Plain<Own<Pollable>>
            = network::subscribe;
    }
    "wasi:sockets/tcp-create-socket" {
        "create-tcp-socket" (family: IpAddressFamily) -> Fallible<Own<TcpSocket>> = tcp::create_tcp_socket;
    }
    "wasi:sockets/tcp" {
        resource "tcp-socket": TcpSocket;
        "[method]tcp-socket.start-bind"
            (socket: Borrow<TcpSocket>, network: Borrow<Network>, local_address: IpSocketAddress)
            -> Fallible<()> = tcp::start_bind;
        "[method]tcp-socket.finish-bind" (socket: Borrow<TcpSocket>) -> Fallible<()> = tcp::finish_bind;
        "[method]tcp-socket.start-connect"
            (socket: Borrow<TcpSocket>, network: Borrow<Network>, remote_address: IpSocketAddress)
            -> Fallible<()> = tcp::start_connect;
        "[method]tcp-socket.finish-connect" (socket: Borrow<TcpSocket>) -> Fallible<Connection> = tcp::finish_connect;
        "[method]tcp-socket.start-listen" (socket: Borrow<TcpSocket>) -> Fallible<()> = tcp::start_listen;
        "[method]tcp-socket.finish-listen" (socket: Borrow<TcpSocket>) -> Fallible<()> = tcp::finish_listen;
        "[method]tcp-socket.accept" (socket: Borrow<TcpSocket>) -> Fallible<AcceptedConnection> = tcp::accept;
        "[method]tcp-socket.set-listen-backlog-size" (socket: Borrow<TcpSocket>, value: u64) -> Fallible<()>
            = tcp::set_listen_backlog_size;
        "[method]tcp-socket.local-address" (socket: Borrow<TcpSocket>) -> Fallible<IpSocketAddress>
            = tcp::local_address;
        "[method]tcp-socket.remote-address" (socket: Borrow<TcpSocket>) -> Fallible<IpSocketAddress>
            = tcp::remote_address;
        "[method]tcp-socket.is-listening" (socket: Borrow<TcpSocket>) -> Plain<bool> = tcp::is_listening;
        "[method]tcp-socket.address-family" (socket: Borrow<TcpSocket>) -> Plain<IpAddressFamily>
            = tcp::address_family;
        "[method]tcp-socket.subscribe" (socket: Borrow<TcpSocket>) -> Plain<Own<Pollable>> = tcp::subscribe;
        "[method]tcp-socket.shutdown" (socket: Borrow<TcpSocket>, how: ShutdownType) -> Fallible<()> = tcp::shutdown;
        "[method]tcp-socket.keep-alive-enabled" (socket: Borrow<TcpSocket>) -> Fallible<OptionValue<bool>>
            = tcp::keep_alive_enabled;
        "[method]tcp-socket.set-keep-alive-enabled" (socket: Borrow<TcpSocket>, value: OptionValue<bool>)
            -> Fallible<()> = tcp::set_keep_alive_enabled;
        "[method]tcp-socket.keep-alive-idle-time" (socket: Borrow<TcpSocket>) -> Fallible<u64>
            = tcp::keep_alive_idle_time;
        "[method]tcp-socket.set-keep-alive-idle-time" (socket: Borrow<TcpSocket>, value: u64) -> Fallible<()>
            = tcp::set_keep_alive_idle_time;
        "[method]tcp-socket.keep-alive-interval" (socket: Borrow<TcpSocket>) -> Fallible<u64>
            = tcp::keep_alive_interval;
        "[method]tcp-socket.set-keep-alive-interval" (socket: Borrow<TcpSocket>, value: u64) -> Fallible<()>
            = tcp::set_keep_alive_interval;
        "[method]tcp-socket.keep-alive-count" (socket: Borrow<TcpSocket>) -> Fallible<OptionValue<u32>>
            = tcp::keep_alive_count;
        "[method]tcp-socket.set-keep-alive-count" (socket: Borrow<TcpSocket>, value: OptionValue<u32>) -> Fallible<()>
            = tcp::set_keep_alive_count;
        "[method]tcp-socket.hop-limit" (socket: Borrow<TcpSocket>) -> Fallible<OptionValue<u8>> = tcp::hop_limit;
        "[method]tcp-socket.set-hop-limit" (socket: Borrow<TcpSocket>, value: OptionValue<u8>) -> Fallible<()>
            = tcp::set_hop_limit;
        "[method]tcp-socket.receive-buffer-size" (socket: Borrow<TcpSocket>) -> Fallible<u64>
            = tcp::receive_buffer_size;
        "[method]tcp-socket.set-receive-buffer-size" (socket: Borrow<TcpSocket>, value: u64) -> Fallible<()>
            = tcp::set_receive_buffer_size;
        "[method]tcp-socket.send-buffer-size" (socket: Borrow<TcpSocket>) -> Fallible<u64> = tcp::send_buffer_size;
        "[method]tcp-socket.set-send-buffer-size" (socket: Borrow<TcpSocket>, value: u64) -> Fallible<()>
            = tcp::set_send_buffer_size;
    }
}

impl From<tcp::Streams> for Connection {
    fn from(tcp::Streams(input, output): tcp::Streams) -> Self {
        (input.into(), output.into())
    }
}

impl From<tcp::Accepted> for AcceptedConnection {
    fn from(tcp::Accepted(socket, tcp::Streams(input, output)): tcp::Accepted) -> Self {
        (socket.into(), input.into(), output.into())
    }
}
