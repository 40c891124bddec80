//! The numbers that a socket keeps, in the interface's units.

use std::time::Duration;

use callgate_system::{AddressFamily, Code, Result, SocketOption};

use super::PortableSocket;
use crate::error::Portable as _;
use crate::os;

const SECOND: u64 = 1_000_000_000;

/// The longest time between probes, in seconds: Linux's, the shortest there is.
const LONGEST: u64 = 32_767;

/// The most probes, likewise.
const MOST: u64 = 127;

/// The largest buffer that can be asked for, likewise.
const LARGEST: u64 = i32::MAX as u64 / 2;

pub(super) fn get(of: &PortableSocket, option: SocketOption) -> Result<u64> {
    let (socket, keep_alive) = (&of.socket(), &of.keep_alive);
    let seconds = |time: Duration| time.as_secs().saturating_mul(SECOND);
    let bytes = |size: usize| (size / os::BUFFER_SHARE) as u64;
    let value = match option {
        SocketOption::KeepAliveEnabled => socket.keepalive().map(u64::from),
        SocketOption::KeepAliveIdleTime => keep_alive.time(socket).map(seconds),
        SocketOption::KeepAliveInterval => keep_alive.interval(socket).map(seconds),
        SocketOption::KeepAliveCount => keep_alive.count(socket).map(u64::from),
        SocketOption::HopLimit => match of.family {
            AddressFamily::Ipv4 => socket.ttl_v4().map(u64::from),
            AddressFamily::Ipv6 => socket.unicast_hops_v6().map(u64::from),
        },
        SocketOption::ReceiveBufferSize => socket.recv_buffer_size().map(bytes),
        SocketOption::SendBufferSize => socket.send_buffer_size().map(bytes),
    };
    value.portable()
}

pub(super) fn set(of: &PortableSocket, option: SocketOption, value: u64) -> Result<()> {
    let (socket, keep_alive) = (&of.socket(), &of.keep_alive);
    let is_valid = match option {
        SocketOption::KeepAliveEnabled => value <= 1,
        SocketOption::HopLimit => (1..=255).contains(&value),
        _ => value > 0,
    };
    if !is_valid {
        return Err(Code::Invalid.into());
    }
    let time = Duration::from_secs(value.div_ceil(SECOND).min(LONGEST));
    // Each fits: bounded just before, or by what is valid.
    let small = |most: u64| u32::try_from(value.min(most)).unwrap_or(u32::MAX);
    let size = small(LARGEST) as usize;
    let set = match option {
        SocketOption::KeepAliveEnabled => socket.set_keepalive(value == 1),
        SocketOption::KeepAliveIdleTime => keep_alive.set_time(socket, time),
        SocketOption::KeepAliveInterval => keep_alive.set_interval(socket, time),
        SocketOption::KeepAliveCount => keep_alive.set_count(socket, small(MOST)),
        SocketOption::HopLimit => match of.family {
            AddressFamily::Ipv4 => socket.set_ttl_v4(small(255)),
            AddressFamily::Ipv6 => socket.set_unicast_hops_v6(small(255)),
        },
        SocketOption::ReceiveBufferSize => socket.set_recv_buffer_size(size),
        SocketOption::SendBufferSize => socket.set_send_buffer_size(size),
    };
    set.portable()
}
