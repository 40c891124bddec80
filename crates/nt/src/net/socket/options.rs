//! The numbers that a socket keeps, in the interface's units.
//!
//! Keep-alive is kept here and told to Winsock with the connection: `SIO_KEEPALIVE_VALS`, which every Windows has, takes its
//! switch and both times in one, and nothing can be asked back. Its values from the start are those of Linux. The count has
//! an option of its own (`TCP_KEEPCNT`, since Windows 10 1703); where there is none, ten probes are sent whatever is kept here.
//!
//! An accepted socket doesn't have all of its listener's, so what was set is set again.

use std::sync::{MutexGuard, PoisonError};

use callgate_system::{AddressFamily, Code, Result, SocketOption};

use super::NtSocket;
use crate::error::{Portable as _, Winsock};
use crate::net::meaning::missing;
use crate::nt::winsock::Setting;

/// The values of options that were set, or their defaults.
#[derive(Clone, Copy)]
pub(super) struct Kept {
    keep_alive: bool,
    /// Seconds, as other systems count; Winsock would take milliseconds.
    idle: u32,
    /// Seconds.
    interval: u32,
    count: u32,
    /// `None` where the system's own was never changed; so are the next two.
    hop_limit: Option<u32>,
    receive_buffer: Option<u32>,
    send_buffer: Option<u32>,
}

const SECOND: u64 = 1_000_000_000;

/// The longest time between probes, in seconds; that of Linux.
const LONGEST: u64 = 32_767;

/// The most probes; that of Linux.
const MOST: u64 = 127;

/// The largest buffer that can be asked for, in bytes. Winsock would take any number, and fill it.
const LARGEST: u64 = 4 << 20;

impl Default for Kept {
    fn default() -> Self {
        Self {
            keep_alive: false,
            idle: 7_200,
            interval: 75,
            count: 9,
            hop_limit: None,
            receive_buffer: None,
            send_buffer: None,
        }
    }
}

pub(super) fn get(socket: &NtSocket, option: SocketOption) -> Result<u64> {
    let kept = *kept(socket);
    Ok(match option {
        SocketOption::KeepAliveEnabled => kept.keep_alive.into(),
        SocketOption::KeepAliveIdleTime => u64::from(kept.idle) * SECOND,
        SocketOption::KeepAliveInterval => u64::from(kept.interval) * SECOND,
        SocketOption::KeepAliveCount => kept.count.into(),
        SocketOption::HopLimit => socket.descriptor.get(hops(socket)).portable()?.into(),
        SocketOption::ReceiveBufferSize => socket.descriptor.get(Setting::RECEIVE_BUFFER).portable()?.into(),
        SocketOption::SendBufferSize => socket.descriptor.get(Setting::SEND_BUFFER).portable()?.into(),
    })
}

pub(super) fn set(socket: &NtSocket, option: SocketOption, value: u64) -> Result<()> {
    let is_valid = match option {
        SocketOption::KeepAliveEnabled => value <= 1,
        SocketOption::HopLimit => (1..=255).contains(&value),
        _ => value > 0,
    };
    if !is_valid {
        return Err(Code::Invalid.into());
    }
    // Each fits: bounded just before, or by what is valid.
    let small = |value: u64, most: u64| u32::try_from(value.min(most)).unwrap_or(u32::MAX);
    let seconds = small(value.div_ceil(SECOND), LONGEST);
    let size = small(value, LARGEST);
    let mut kept = kept(socket);
    let mut new = *kept;
    match option {
        SocketOption::KeepAliveEnabled => new.keep_alive = value == 1,
        SocketOption::KeepAliveIdleTime => new.idle = seconds,
        SocketOption::KeepAliveInterval => new.interval = seconds,
        SocketOption::KeepAliveCount => new.count = small(value, MOST),
        SocketOption::HopLimit => new.hop_limit = Some(small(value, 255)),
        SocketOption::ReceiveBufferSize => new.receive_buffer = Some(size),
        SocketOption::SendBufferSize => new.send_buffer = Some(size),
    }
    if option.is_of_streams() { tell_keep_alive(socket, *kept, new) } else { tell_rest(socket, option, new) }
        .portable()?;
    *kept = new;
    Ok(())
}

/// Tells Winsock what was set before there was a connection. A setting that it refuses isn't worth the connection.
pub(super) fn begin(socket: &NtSocket) {
    let kept = *kept(socket);
    let _ = tell_keep_alive(socket, Kept::default(), kept);
}

/// Gives `accepted` what was set on `listener`.
pub(super) fn inherit(listener: &NtSocket, accepted: &NtSocket) {
    let inherited = *kept(listener);
    *kept(accepted) = inherited;
    for option in [SocketOption::HopLimit, SocketOption::ReceiveBufferSize, SocketOption::SendBufferSize] {
        let _ = tell_rest(accepted, option, inherited);
    }
}

fn kept(socket: &NtSocket) -> MutexGuard<'_, Kept> {
    // No panic leaves numbers half changed.
    socket.kept.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Tells Winsock how to keep a connection alive, where there is one and it would not do so already.
fn tell_keep_alive(socket: &NtSocket, old: Kept, new: Kept) -> Result<(), Winsock> {
    if socket.remote.get().is_none() || !(old.keep_alive || new.keep_alive) {
        return Ok(());
    }
    socket.descriptor.set(Setting::KEEP_ALIVE_COUNT, new.count).or_else(missing)?;
    socket.descriptor.keep_alive(new.keep_alive, new.idle * 1_000, new.interval * 1_000)
}

/// Tells Winsock one of the others, where it was set.
fn tell_rest(socket: &NtSocket, option: SocketOption, new: Kept) -> Result<(), Winsock> {
    let (setting, value) = match option {
        SocketOption::ReceiveBufferSize => (Setting::RECEIVE_BUFFER, new.receive_buffer),
        SocketOption::SendBufferSize => (Setting::SEND_BUFFER, new.send_buffer),
        _ => (hops(socket), new.hop_limit),
    };
    value.map_or(Ok(()), |value| socket.descriptor.set(setting, value))
}

fn hops(socket: &NtSocket) -> Setting {
    match socket.family {
        AddressFamily::Ipv4 => Setting::HOPS4,
        AddressFamily::Ipv6 => Setting::HOPS6,
    }
}
