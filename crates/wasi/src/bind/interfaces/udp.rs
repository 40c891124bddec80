//! `wasi:sockets`: udp, udp-create-socket.

use crate::bind::component::{Answer, Borrow, Fallible as Result, Give as _, Own, Parameter, Plain};
use crate::bind::values::sockets::{
    Datagrams, ErrorCode, IncomingDatagram, IpAddressFamily, IpSocketAddress, OptionValue, Remote,
};
use crate::calls::udp;
use crate::objects::{IncomingDatagrams, Network, OutgoingDatagrams, Pollable, UdpSocket};

type Fallible<T> = Result<T, ErrorCode>;
type Streams = (Own<IncomingDatagrams>, Own<OutgoingDatagrams>);

super::interfaces! {
    "wasi:sockets/udp-create-socket" {
        "create-udp-socket" (family: IpAddressFamily) -> Fallible<Own<UdpSocket>> = udp::create_udp_socket;
    }
    "wasi:sockets/udp" {
        resource "udp-socket": UdpSocket;
        resource "incoming-datagram-stream": IncomingDatagrams;
        resource "outgoing-datagram-stream": OutgoingDatagrams;
        "[method]udp-socket.start-bind"
            (socket: Borrow<UdpSocket>, network: Borrow<Network>, local_address: IpSocketAddress)
            -> Fallible<()> = udp::start_bind;
        "[method]udp-socket.finish-bind" (socket: Borrow<UdpSocket>) -> Fallible<()> = udp::finish_bind;
        "[method]udp-socket.stream" (socket: Borrow<UdpSocket>, remote_address: Remote) -> Fallible<Streams>
            = udp::stream;
        "[method]udp-socket.local-address" (socket: Borrow<UdpSocket>) -> Fallible<IpSocketAddress>
            = udp::local_address;
        "[method]udp-socket.remote-address" (socket: Borrow<UdpSocket>) -> Fallible<IpSocketAddress>
            = udp::remote_address;
        "[method]udp-socket.address-family" (socket: Borrow<UdpSocket>) -> Plain<IpAddressFamily>
            = udp::address_family;
        "[method]udp-socket.subscribe" (socket: Borrow<UdpSocket>) -> Plain<Own<Pollable>> = udp::subscribe;
        "[method]udp-socket.unicast-hop-limit" (socket: Borrow<UdpSocket>) -> Fallible<OptionValue<u8>>
            = udp::unicast_hop_limit;
        "[method]udp-socket.set-unicast-hop-limit" (socket: Borrow<UdpSocket>, value: OptionValue<u8>)
            -> Fallible<()> = udp::set_unicast_hop_limit;
        "[method]udp-socket.receive-buffer-size" (socket: Borrow<UdpSocket>) -> Fallible<u64>
            = udp::receive_buffer_size;
        "[method]udp-socket.set-receive-buffer-size" (socket: Borrow<UdpSocket>, value: u64) -> Fallible<()>
            = udp::set_receive_buffer_size;
        "[method]udp-socket.send-buffer-size" (socket: Borrow<UdpSocket>) -> Fallible<u64> = udp::send_buffer_size;
        "[method]udp-socket.set-send-buffer-size" (socket: Borrow<UdpSocket>, value: u64) -> Fallible<()>
            = udp::set_send_buffer_size;
        "[method]incoming-datagram-stream.receive" (stream: Borrow<IncomingDatagrams>, max_results: u64)
            -> Fallible<Vec<IncomingDatagram>> = udp::receive;
        "[method]incoming-datagram-stream.subscribe" (stream: Borrow<IncomingDatagrams>) -> Plain<Own<Pollable>>
            = udp::subscribe_to_incoming;
        "[method]outgoing-datagram-stream.check-send" (stream: Borrow<OutgoingDatagrams>) -> Fallible<u64>
            = udp::check_send;
        "[method]outgoing-datagram-stream.send" (stream: Borrow<OutgoingDatagrams>, datagrams: Datagrams)
            -> Fallible<u64> = udp::send;
        "[method]outgoing-datagram-stream.subscribe" (stream: Borrow<OutgoingDatagrams>) -> Plain<Own<Pollable>>
            = udp::subscribe_to_outgoing;
    }
}

impl From<udp::Streams> for Streams {
    fn from(udp::Streams(incoming, outgoing): udp::Streams) -> Self {
        (incoming.into(), outgoing.into())
    }
}
