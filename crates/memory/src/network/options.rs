//! The numbers that a socket keeps. The sizes of buffers are real, and bounded; of the others nothing follows here, but that
//! they are what was set.

use callgate_system::{Code, Nanoseconds, Result, SocketOption};

const SECOND: Nanoseconds = 1_000_000_000;

/// The longest time between probes, and the most of them: those of Linux.
const LONGEST: Nanoseconds = 32_767 * SECOND;
const MOST: u64 = 127;

/// The smallest and the largest buffer, in bytes.
const SMALLEST: u64 = 2_048;
const LARGEST: u64 = 1 << 20;

/// The options of one socket.
#[derive(Clone)]
pub(super) struct Options {
    keep_alive: u64,
    idle: Nanoseconds,
    interval: Nanoseconds,
    count: u64,
    hops: u64,
    receive: u64,
    send: u64,
}

impl Default for Options {
    /// Those of Linux, the buffers too.
    fn default() -> Self {
        Self {
            keep_alive: 0,
            idle: 7_200 * SECOND,
            interval: 75 * SECOND,
            count: 9,
            hops: 64,
            receive: 212_992,
            send: 212_992,
        }
    }
}

impl Options {
    pub(super) fn get(&self, option: SocketOption) -> u64 {
        match option {
            SocketOption::KeepAliveEnabled => self.keep_alive,
            SocketOption::KeepAliveIdleTime => self.idle,
            SocketOption::KeepAliveInterval => self.interval,
            SocketOption::KeepAliveCount => self.count,
            SocketOption::HopLimit => self.hops,
            SocketOption::ReceiveBufferSize => self.receive,
            SocketOption::SendBufferSize => self.send,
        }
    }

    pub(super) fn set(&mut self, option: SocketOption, value: u64) -> Result<()> {
        let is_valid = match option {
            SocketOption::KeepAliveEnabled => value <= 1,
            SocketOption::HopLimit => (1..=255).contains(&value),
            _ => value > 0,
        };
        if !is_valid {
            return Err(Code::Invalid.into());
        }
        match option {
            SocketOption::KeepAliveEnabled => self.keep_alive = value,
            SocketOption::KeepAliveIdleTime => self.idle = value.min(LONGEST),
            SocketOption::KeepAliveInterval => self.interval = value.min(LONGEST),
            SocketOption::KeepAliveCount => self.count = value.min(MOST),
            SocketOption::HopLimit => self.hops = value,
            SocketOption::ReceiveBufferSize => self.receive = value.clamp(SMALLEST, LARGEST),
            SocketOption::SendBufferSize => self.send = value.clamp(SMALLEST, LARGEST),
        }
        Ok(())
    }

    /// Bytes that may wait to be received; at most [`LARGEST`], so it fits.
    pub(super) fn receive_buffer(&self) -> usize {
        self.receive as usize
    }

    pub(super) fn send_buffer(&self) -> usize {
        self.send as usize
    }
}
