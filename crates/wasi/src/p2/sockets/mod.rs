//! `wasi:sockets`: network, instance-network, ip-name-lookup, tcp, udp.
//!
//! A socket of the portable system never waits and has few states; what the interface adds, calls in two halves and an error
//! for each call out of order, is in `tcp_socket.rs` and `udp_socket.rs`. The other files are host functions.

mod lookup;
mod network;
mod tcp;
mod tcp_socket;
mod udp;
mod udp_socket;
mod values;

pub(crate) use lookup::AddressStream;
pub(crate) use network::Network;
pub(crate) use tcp_socket::TcpSocket;
pub(crate) use udp_socket::{IncomingDatagrams, OutgoingDatagrams, UdpSocket};

use callgate_gate::Break;
use wasmtime::component::Linker;

use crate::host::Host;
use values::ErrorCode;

/// What a host function of these interfaces hands to the engine.
type Answer<T> = wasmtime::Result<(Result<T, ErrorCode>,)>;

fn answer<T>(result: Result<T, Break>) -> Answer<T> {
    Ok((Break::told(result)?.map_err(ErrorCode::from),))
}

pub(super) fn link(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    network::link(linker)?;
    lookup::link(linker)?;
    tcp::link(linker)?;
    udp::link(linker)
}
