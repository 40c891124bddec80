//! Parameters, from core values and memory.

use std::borrow::Cow;
use std::net::SocketAddr;

use super::super::component::{Borrow, Bytes, Parameter, Pollables, Text, Waited};
use crate::abi::{Arguments, Flat, View, number};
use crate::host::Host;
use crate::limits::engine_handles;
use crate::objects::{Held, Keep};

type Result<T> = wasmtime::Result<T>;

/// A parameter that is lifted from core values.
pub(in crate::bind) trait LiftFlat: Parameter {
    /// As core values.
    const FLAT: &'static [Flat];

    /// # Errors
    /// If the guest must trap.
    fn lift<'a>(view: View<'a>, arguments: &mut Arguments<'_>) -> Result<Self::Taken<'a>>;
}

/// Finds the object of a guest's handle. Those begin at 1.
pub(super) fn find<T: Keep>(host: &Host, handle: u32) -> Result<Held<T>> {
    let id = handle.checked_sub(1).ok_or_else(|| wasmtime::format_err!("unknown handle index {handle}"))?;
    Ok(host.handles.find(id)?)
}

impl<T: Keep> LiftFlat for Borrow<T> {
    const FLAT: &'static [Flat] = &[Flat::I32];

    fn lift<'a>(view: View<'a>, arguments: &mut Arguments<'_>) -> Result<Held<T>> {
        find(view.host, arguments.u32())
    }
}

impl LiftFlat for Text {
    const FLAT: &'static [Flat] = &[Flat::I32, Flat::I32];

    fn lift<'a>(view: View<'a>, arguments: &mut Arguments<'_>) -> Result<Cow<'a, str>> {
        let (at, len) = (arguments.u32(), arguments.u32());
        view.text(at, len).map(Cow::Borrowed)
    }
}

impl LiftFlat for Bytes {
    const FLAT: &'static [Flat] = &[Flat::I32, Flat::I32];

    fn lift<'a>(view: View<'a>, arguments: &mut Arguments<'_>) -> Result<&'a [u8]> {
        let (at, len) = (arguments.u32(), arguments.u32());
        view.list(at, len, 1, 1)
    }
}

impl LiftFlat for Pollables {
    const FLAT: &'static [Flat] = &[Flat::I32, Flat::I32];

    fn lift<'a>(view: View<'a>, arguments: &mut Arguments<'_>) -> Result<Waited> {
        let (at, len) = (arguments.u32(), arguments.u32());
        let handles = view.list(at, len, 4, 4)?;
        // The engine counts a handle once more for each call that it is lent to.
        let counted = (len as usize).saturating_add(view.host.handles.len());
        if counted > engine_handles(view.host.handles.limit(), &view.host.budget) {
            return Err(wasmtime::format_err!("cannot lend resource: store handle limit exceeded"));
        }
        let handles = handles.chunks_exact(4).map(|handle| u32::from_le_bytes(number(handle, 0)));
        Waited::find(view.host, handles.map(|handle| find(view.host, handle)))
    }
}

impl LiftFlat for bool {
    const FLAT: &'static [Flat] = &[Flat::I32];

    fn lift<'a>(_: View<'a>, arguments: &mut Arguments<'_>) -> Result<Self> {
        Ok(arguments.u32() != 0)
    }
}

impl LiftFlat for u8 {
    const FLAT: &'static [Flat] = &[Flat::I32];

    #[allow(clippy::cast_possible_truncation, reason = "narrow numbers are cut off, as the ABI has it")]
    fn lift<'a>(_: View<'a>, arguments: &mut Arguments<'_>) -> Result<Self> {
        Ok(arguments.u32() as Self)
    }
}

impl LiftFlat for u32 {
    const FLAT: &'static [Flat] = &[Flat::I32];

    fn lift<'a>(_: View<'a>, arguments: &mut Arguments<'_>) -> Result<Self> {
        Ok(arguments.u32())
    }
}

impl LiftFlat for u64 {
    const FLAT: &'static [Flat] = &[Flat::I64];

    fn lift<'a>(_: View<'a>, arguments: &mut Arguments<'_>) -> Result<Self> {
        Ok(arguments.u64())
    }
}

impl LiftFlat for std::result::Result<(), ()> {
    const FLAT: &'static [Flat] = &[Flat::I32];

    fn lift<'a>(_: View<'a>, arguments: &mut Arguments<'_>) -> Result<Self> {
        match arguments.u32() {
            0 => Ok(Ok(())),
            1 => Ok(Err(())),
            _ => Err(wasmtime::format_err!("invalid expected discriminant")),
        }
    }
}

/// The case of an enumeration, a variant or an option.
///
/// # Errors
/// If there is no such case.
pub(in crate::bind) fn case<T>(number: u32, cases: &[T]) -> Result<&T> {
    let case = usize::try_from(number).ok().and_then(|number| cases.get(number));
    case.ok_or_else(|| wasmtime::format_err!("unexpected discriminant: {number}"))
}

/// Bytes of an `option<ip-socket-address>`, and of the `outgoing-datagram` that it ends.
pub(in crate::bind) const REMOTE: usize = 36;
pub(in crate::bind) const DATAGRAM: u32 = 8 + REMOTE as u32;

/// An `ip-socket-address` out of 16-bit and 32-bit parts in the order of its core values: port, then four numbers of eight bits; or
/// port, flow, eight numbers, scope.
#[allow(clippy::cast_possible_truncation, reason = "narrow numbers are cut off, as the ABI has it")]
pub(in crate::bind) fn socket_address(kind: u32, parts: &[u32; 11]) -> Result<SocketAddr> {
    use std::net::{Ipv4Addr, Ipv6Addr, SocketAddrV4, SocketAddrV6};
    let port = parts[0] as u16;
    match kind {
        0 => {
            let octets = [parts[1] as u8, parts[2] as u8, parts[3] as u8, parts[4] as u8];
            Ok(SocketAddrV4::new(Ipv4Addr::from(octets), port).into())
        }
        1 => {
            let segments: [u16; 8] = std::array::from_fn(|index| parts[2 + index] as u16);
            Ok(SocketAddrV6::new(Ipv6Addr::from(segments), port, parts[1], parts[10]).into())
        }
        _ => Err(wasmtime::format_err!("unexpected discriminant: {kind}")),
    }
}

/// An `option<ip-socket-address>` in memory.
pub(in crate::bind) fn remote_in_memory(value: &[u8]) -> Result<Option<SocketAddr>> {
    let u16_at = |at: usize| u32::from(u16::from_le_bytes(number(value, at)));
    let u32_at = |at: usize| u32::from_le_bytes(number(value, at));
    match value.first() {
        Some(0) => return Ok(None),
        Some(1) => {}
        _ => return Err(wasmtime::format_err!("invalid option discriminant")),
    }
    let kind = u32::from(value[4]);
    let mut parts = [0; 11];
    parts[0] = u16_at(8);
    if kind == 0 {
        (0..4).for_each(|index| parts[1 + index] = u32::from(value[10 + index]));
    } else {
        parts[1] = u32_at(12);
        (0..8).for_each(|index| parts[2 + index] = u16_at(16 + 2 * index));
        parts[10] = u32_at(32);
    }
    socket_address(kind, &parts).map(Some)
}

/// The core values of an `ip-socket-address`.
pub(in crate::bind) const SOCKET_ADDRESS: &[Flat] = &[Flat::I32; 12];

/// The same, lifted.
pub(in crate::bind) fn flat_socket_address(arguments: &mut Arguments<'_>) -> Result<SocketAddr> {
    let kind = arguments.u32();
    let parts = std::array::from_fn(|_| arguments.u32());
    socket_address(kind, &parts)
}
