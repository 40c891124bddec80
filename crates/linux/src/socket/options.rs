//! The numbers that a socket keeps, in the interface's units: see socket(7), ip(7), ipv6(7), tcp(7).

use std::time::Duration;

use callgate_system::{AddressFamily, Code, Result, SocketOption};
use rustix::fd::BorrowedFd;
use rustix::net::sockopt;

use crate::error::Portable as _;

const SECOND: u64 = 1_000_000_000;

/// The longest time between probes, in seconds (`MAX_TCP_KEEPIDLE` and `MAX_TCP_KEEPINTVL` of linux/tcp.h).
const LONGEST: u64 = 32_767;

/// The most probes (`MAX_TCP_KEEPCNT`).
const MOST: u64 = 127;

/// The largest buffer that can be asked for; the kernel keeps twice as much in an `int`.
const LARGEST: u64 = i32::MAX as u64 / 2;

pub(super) fn get(fd: BorrowedFd<'_>, family: AddressFamily, option: SocketOption) -> Result<u64> {
    let value = match option {
        SocketOption::KeepAliveEnabled => sockopt::socket_keepalive(fd).map(u64::from),
        SocketOption::KeepAliveIdleTime => sockopt::tcp_keepidle(fd).map(|time| time.as_secs() * SECOND),
        SocketOption::KeepAliveInterval => sockopt::tcp_keepintvl(fd).map(|time| time.as_secs() * SECOND),
        SocketOption::KeepAliveCount => sockopt::tcp_keepcnt(fd).map(u64::from),
        SocketOption::HopLimit => match family {
            AddressFamily::Ipv4 => sockopt::ip_ttl(fd).map(u64::from),
            AddressFamily::Ipv6 => sockopt::ipv6_unicast_hops(fd).map(u64::from),
        },
        // The kernel tells twice what it was asked for.
        SocketOption::ReceiveBufferSize => sockopt::socket_recv_buffer_size(fd).map(|size| size as u64 / 2),
        SocketOption::SendBufferSize => sockopt::socket_send_buffer_size(fd).map(|size| size as u64 / 2),
    };
    value.portable()
}

pub(super) fn set(fd: BorrowedFd<'_>, family: AddressFamily, option: SocketOption, value: u64) -> Result<()> {
    let is_valid = match option {
        SocketOption::KeepAliveEnabled => value <= 1,
        SocketOption::HopLimit => (1..=255).contains(&value),
        _ => value > 0,
    };
    if !is_valid {
        return Err(Code::Invalid.into());
    }
    let seconds = Duration::from_secs(value.div_ceil(SECOND).min(LONGEST));
    // Each fits: bounded just before, or by what is valid.
    let small = |most: u64| u32::try_from(value.min(most)).unwrap_or(u32::MAX);
    let size = small(LARGEST) as usize;
    let set = match option {
        SocketOption::KeepAliveEnabled => sockopt::set_socket_keepalive(fd, value == 1),
        SocketOption::KeepAliveIdleTime => sockopt::set_tcp_keepidle(fd, seconds),
        SocketOption::KeepAliveInterval => sockopt::set_tcp_keepintvl(fd, seconds),
        SocketOption::KeepAliveCount => sockopt::set_tcp_keepcnt(fd, small(MOST)),
        SocketOption::HopLimit => match family {
            AddressFamily::Ipv4 => sockopt::set_ip_ttl(fd, small(255)),
            AddressFamily::Ipv6 => sockopt::set_ipv6_unicast_hops(fd, u8::try_from(value).ok()),
        },
        SocketOption::ReceiveBufferSize => sockopt::set_socket_recv_buffer_size(fd, size),
        SocketOption::SendBufferSize => sockopt::set_socket_send_buffer_size(fd, size),
    };
    set.portable()
}
