//! Winsock, thin and typed: each function is one call on a socket that never waits.
//!
//! Hazards: Winsock counts bytes in an `i32`, so a longer buffer is used in part. The error of a failed call is asked for at once:
//! the next call overwrites it.

use std::ffi::c_void;
use std::net::SocketAddr;
use std::sync::OnceLock;

use windows_sys::Win32::Foundation::{HANDLE_FLAG_INHERIT, SetHandleInformation};
use windows_sys::Win32::Networking::WinSock::{self as ws, SOCKET, WSADATA};

use crate::error::Winsock;
use crate::net::Address;

/// The result of a call.
pub(crate) type Result<T> = std::result::Result<T, Winsock>;

/// A socket of this process, closed when dropped.
#[derive(Debug)]
pub(crate) struct Descriptor(SOCKET);

/// The socket of the system itself, below whatever is layered upon it; valid as long as the descriptor that it is of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Base(SOCKET);

/// The species of a socket: family, type, protocol.
#[derive(Clone, Copy)]
pub(crate) struct Species {
    family: i32,
    carries: i32,
    protocol: i32,
}

/// A number that a socket keeps.
#[derive(Clone, Copy)]
pub(crate) struct Setting {
    level: i32,
    name: i32,
}

impl Species {
    /// TCP.
    pub(crate) const fn stream(family: u16) -> Self {
        Self { family: family as i32, carries: ws::SOCK_STREAM, protocol: ws::IPPROTO_TCP }
    }

    /// UDP.
    pub(crate) const fn datagram(family: u16) -> Self {
        Self { family: family as i32, carries: ws::SOCK_DGRAM, protocol: ws::IPPROTO_UDP }
    }
}

/// IPv4.
pub(crate) const INET: u16 = ws::AF_INET;
/// IPv6.
pub(crate) const INET6: u16 = ws::AF_INET6;

impl Setting {
    pub(crate) const EXCLUSIVE_ADDRESS: Self = Self { level: ws::SOL_SOCKET, name: ws::SO_EXCLUSIVEADDRUSE };
    pub(crate) const RECEIVE_BUFFER: Self = Self { level: ws::SOL_SOCKET, name: ws::SO_RCVBUF };
    pub(crate) const SEND_BUFFER: Self = Self { level: ws::SOL_SOCKET, name: ws::SO_SNDBUF };
    pub(crate) const HOPS4: Self = Self { level: ws::IPPROTO_IP, name: ws::IP_TTL };
    pub(crate) const HOPS6: Self = Self { level: ws::IPPROTO_IPV6, name: ws::IPV6_UNICAST_HOPS };
    pub(crate) const V6_ONLY: Self = Self { level: ws::IPPROTO_IPV6, name: ws::IPV6_V6ONLY };
    pub(crate) const KEEP_ALIVE_COUNT: Self = Self { level: ws::IPPROTO_TCP, name: ws::TCP_KEEPCNT };
    pub(crate) const ERROR: Self = Self { level: ws::SOL_SOCKET, name: ws::SO_ERROR };
}

/// The error of this thread's last call.
fn last() -> Winsock {
    // SAFETY: the call takes nothing.
    Winsock(unsafe { ws::WSAGetLastError() }.unsigned_abs())
}

/// The result of a call that says 0 or `SOCKET_ERROR`.
fn checked(result: i32) -> Result<()> {
    if result == 0 { Ok(()) } else { Err(last()) }
}

/// The result of a call that says how many bytes it moved, or `SOCKET_ERROR`.
fn counted(result: i32) -> Result<usize> {
    usize::try_from(result).map_err(|_| last())
}

/// As many bytes as one call can move.
fn most(length: usize) -> i32 {
    i32::try_from(length).unwrap_or(i32::MAX)
}

/// Starts Winsock, once; it lives as long as the process.
fn start() -> Result<()> {
    static STARTED: OnceLock<i32> = OnceLock::new();
    let started = STARTED.get_or_init(|| {
        let mut data = WSADATA::default();
        // SAFETY: the call fills the structure.
        unsafe { ws::WSAStartup(0x0202, &raw mut data) }
    });
    if *started == 0 { Ok(()) } else { Err(Winsock(started.unsigned_abs())) }
}

impl Descriptor {
    /// `WSASocketW`: one that never waits and that no child inherits.
    pub(crate) fn new(species: Species) -> Result<Self> {
        start()?;
        let flags = ws::WSA_FLAG_OVERLAPPED | ws::WSA_FLAG_NO_HANDLE_INHERIT;
        let Species { family, carries, protocol } = species;
        // SAFETY: no structure is passed.
        let socket = unsafe { ws::WSASocketW(family, carries, protocol, std::ptr::null(), 0, flags) };
        Self::owned(socket)
    }

    /// Takes over what a call has just returned, and keeps it from waiting.
    fn owned(socket: SOCKET) -> Result<Self> {
        if socket == ws::INVALID_SOCKET {
            return Err(last());
        }
        let descriptor = Self(socket);
        let mut on = 1;
        // SAFETY: the call reads one integer.
        checked(unsafe { ws::ioctlsocket(socket, ws::FIONBIO, &raw mut on) })?;
        Ok(descriptor)
    }

    /// `SIO_BASE_HANDLE`; the socket itself, where nothing is layered that would answer.
    pub(crate) fn base(&self) -> Base {
        let mut base: SOCKET = self.0;
        match self.control(ws::SIO_BASE_HANDLE, &(), &mut base) {
            Ok(()) => Base(base),
            Err(_) => Base(self.0),
        }
    }

    /// `bind`
    pub(crate) fn bind(&self, local: &Address) -> Result<()> {
        let bytes = local.bytes();
        // SAFETY: the pointer and the length are those of the address.
        checked(unsafe { ws::bind(self.0, bytes.as_ptr().cast(), most(bytes.len())) })
    }

    /// `connect`: `WSAEWOULDBLOCK` where it was begun.
    pub(crate) fn connect(&self, remote: &Address) -> Result<()> {
        let bytes = remote.bytes();
        // SAFETY: the pointer and the length are those of the address.
        checked(unsafe { ws::connect(self.0, bytes.as_ptr().cast(), most(bytes.len())) })
    }

    /// `listen`
    pub(crate) fn listen(&self, backlog: i32) -> Result<()> {
        // SAFETY: no memory is passed.
        checked(unsafe { ws::listen(self.0, backlog) })
    }

    /// `accept`
    pub(crate) fn accept(&self) -> Result<(Self, Option<SocketAddr>)> {
        let mut peer = Address::ROOM;
        let mut length = most(peer.room().len());
        // SAFETY: the call writes at most `length` bytes to the room, and the length.
        let socket = unsafe { ws::accept(self.0, peer.room().as_mut_ptr().cast(), &raw mut length) };
        let accepted = Self::owned(socket)?;
        // SAFETY: it is an open handle. Where nothing is layered a socket is one; else there is nothing to inherit either.
        unsafe { SetHandleInformation(accepted.0 as *mut c_void, HANDLE_FLAG_INHERIT, 0) };
        Ok((accepted, peer.socket_address()))
    }

    /// `recv` into the spare capacity.
    pub(crate) fn receive(&self, buffer: &mut Vec<u8>) -> Result<usize> {
        let spare = buffer.spare_capacity_mut();
        // SAFETY: the pointer and the length are those of the spare capacity, which the call fills from its start.
        let received = counted(unsafe { ws::recv(self.0, spare.as_mut_ptr().cast(), most(spare.len()), 0) })?;
        // SAFETY: so many bytes were written after those that were there.
        unsafe { buffer.set_len(buffer.len() + received) };
        Ok(received)
    }

    /// `recvfrom` into the spare capacity.
    pub(crate) fn receive_from(&self, buffer: &mut Vec<u8>) -> Result<(usize, Option<SocketAddr>)> {
        let mut from = Address::ROOM;
        let mut length = most(from.room().len());
        let spare = buffer.spare_capacity_mut();
        // SAFETY: as in `receive`; the call writes at most `length` bytes to the room, and the length.
        let received = counted(unsafe {
            let (start, room) = (spare.as_mut_ptr().cast(), from.room().as_mut_ptr().cast());
            ws::recvfrom(self.0, start, most(spare.len()), 0, room, &raw mut length)
        })?;
        // SAFETY: so many bytes were written after those that were there.
        unsafe { buffer.set_len(buffer.len() + received) };
        Ok((received, from.socket_address()))
    }

    /// `send`
    pub(crate) fn send(&self, buffer: &[u8]) -> Result<usize> {
        // SAFETY: the pointer and the length are those of the buffer.
        counted(unsafe { ws::send(self.0, buffer.as_ptr(), most(buffer.len()), 0) })
    }

    /// `sendto`
    pub(crate) fn send_to(&self, buffer: &[u8], remote: &Address) -> Result<usize> {
        let to = remote.bytes();
        // SAFETY: the pointers and the lengths are those of the buffer and of the address.
        counted(unsafe {
            ws::sendto(self.0, buffer.as_ptr(), most(buffer.len()), 0, to.as_ptr().cast(), most(to.len()))
        })
    }

    /// `getsockname`; `None` of a family that is none of ours.
    pub(crate) fn local_address(&self) -> Result<Option<SocketAddr>> {
        let mut local = Address::ROOM;
        let mut length = most(local.room().len());
        // SAFETY: the call writes at most `length` bytes to the room, and the length.
        checked(unsafe { ws::getsockname(self.0, local.room().as_mut_ptr().cast(), &raw mut length) })?;
        Ok(local.socket_address())
    }

    /// `getpeername`; `None` of a family that is none of ours.
    pub(crate) fn remote_address(&self) -> Result<Option<SocketAddr>> {
        let mut remote = Address::ROOM;
        let mut length = most(remote.room().len());
        // SAFETY: the call writes at most `length` bytes to the room, and the length.
        checked(unsafe { ws::getpeername(self.0, remote.room().as_mut_ptr().cast(), &raw mut length) })?;
        Ok(remote.socket_address())
    }

    /// `shutdown(SD_SEND)`
    pub(crate) fn end_sending(&self) -> Result<()> {
        // SAFETY: no memory is passed.
        checked(unsafe { ws::shutdown(self.0, ws::SD_SEND) })
    }

    /// `SO_LINGER` for no time: closing resets the connection.
    pub(crate) fn reset_when_closed(&self) -> Result<()> {
        let at_once = ws::LINGER { l_onoff: 1, l_linger: 0 };
        let (value, length) = ((&raw const at_once).cast(), size_of::<ws::LINGER>() as i32);
        // SAFETY: the pointer and the length are those of the structure.
        checked(unsafe { ws::setsockopt(self.0, ws::SOL_SOCKET, ws::SO_LINGER, value, length) })
    }

    /// `getsockopt`
    pub(crate) fn get(&self, setting: Setting) -> Result<u32> {
        let (mut value, mut length) = (0_u32, 4);
        // SAFETY: the call writes at most 4 bytes to the value, and the length.
        let result =
            unsafe { ws::getsockopt(self.0, setting.level, setting.name, (&raw mut value).cast(), &raw mut length) };
        checked(result).map(|()| value)
    }

    /// `setsockopt`
    pub(crate) fn set(&self, setting: Setting, value: u32) -> Result<()> {
        // SAFETY: the call reads 4 bytes.
        checked(unsafe { ws::setsockopt(self.0, setting.level, setting.name, (&raw const value).cast(), 4) })
    }

    /// `SIO_KEEPALIVE_VALS`: whether an idle connection is probed, after how long, and how often, in milliseconds.
    pub(crate) fn keep_alive(&self, enabled: bool, idle: u32, interval: u32) -> Result<()> {
        let values = ws::tcp_keepalive { onoff: enabled.into(), keepalivetime: idle, keepaliveinterval: interval };
        self.control(ws::SIO_KEEPALIVE_VALS, &values, &mut ())
    }

    /// `SIO_UDP_CONNRESET`: whether receiving tells that an earlier message came to nobody. Never that it went too far
    /// (`SIO_UDP_NETRESET`).
    pub(crate) fn tell_unreachable(&self, tell: bool) -> Result<()> {
        self.control(ws::SIO_UDP_NETRESET, &0_u32, &mut ())?;
        self.control(ws::SIO_UDP_CONNRESET, &u32::from(tell), &mut ())
    }

    /// `SIO_TCP_INITIAL_RTO`: connecting asks once, and takes a refusal for an answer.
    pub(crate) fn ask_once(&self) -> Result<()> {
        let parameters = ws::TCP_INITIAL_RTO_PARAMETERS {
            Rtt: u16::MAX,
            // `TCP_INITIAL_RTO_NO_SYN_RETRANSMISSIONS`, cut to a byte as every caller does.
            MaxSynRetransmissions: (ws::TCP_INITIAL_RTO_NO_SYN_RETRANSMISSIONS & 0xff) as u8,
        };
        self.control(ws::SIO_TCP_INITIAL_RTO, &parameters, &mut ())
    }

    /// `WSAIoctl`, with all of `input` and room for all of `output`; an empty type is none.
    fn control<I: Copy, O: Copy>(&self, code: u32, input: &I, output: &mut O) -> Result<()> {
        let mut returned = 0;
        // SAFETY: the pointers and the lengths are those of `input` and `output`, and the output is a plain number or nothing;
        // without an `OVERLAPPED` the call is over when it returns.
        let result = unsafe {
            ws::WSAIoctl(
                self.0,
                code,
                std::ptr::from_ref(input).cast(),
                size_of::<I>() as u32,
                std::ptr::from_mut(output).cast(),
                size_of::<O>() as u32,
                &raw mut returned,
                std::ptr::null_mut(),
                None,
            )
        };
        checked(result)
    }
}

impl Drop for Descriptor {
    fn drop(&mut self) {
        // SAFETY: it is open, and this is its only owner.
        unsafe { ws::closesocket(self.0) };
    }
}

impl Base {
    /// The number, for AFD.
    pub(super) fn raw(self) -> *mut c_void {
        self.0 as *mut c_void
    }
}
