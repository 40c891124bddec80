//! The gate over a system whose clock is a counter: what is refused, what is noted, and what observers are told.

mod attended;
mod noted;
mod reach;
mod refused;

use std::ffi::OsStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use callgate_system::{
    Clock, Code, Directory, Error, Family, Names, Nanoseconds, Native, Network, Random, Result, Stdio, System,
    Timestamp, Waiter,
};

use crate::{Decider, Gate, GuestId, Handle, Mount, NetworkRules, Observer};

const ENOENT: Native = Native { family: Family::Errno, code: 2, name: "ENOENT" };

fn no_entry() -> Error {
    Error { code: Code::NoEntry, native: Some(ENOENT) }
}

fn mount(read_only: bool) -> Mount {
    Mount { guest_path: "/src".to_owned(), read_only, quota: None, names: Names::Exact }
}

fn handle(id: u32, mount: &Mount) -> Handle<'_> {
    Handle { id, name: &mount.guest_path, mount: Some(mount), denied: None }
}

/// A gate that permits nothing on the network, told on by `observers`.
fn gate(system: Arc<Counter>, observers: impl IntoIterator<Item = Arc<dyn Observer>>) -> Gate {
    Gate::new(GuestId::new(), system, NetworkRules::default()).attended_by(Vec::new(), Vec::from_iter(observers))
}

/// A gate where `decider` is asked too.
fn decided_by(decider: Arc<dyn Decider + Send + Sync>, observers: impl IntoIterator<Item = Arc<dyn Observer>>) -> Gate {
    Gate::new(GuestId::new(), Counter::at(0, 0), NetworkRules::default())
        .attended_by(vec![decider], Vec::from_iter(observers))
}

/// A system that has a clock and nothing else.
struct Counter {
    /// The number of readings of the monotonic clock.
    readings: AtomicU64,
    wall: Timestamp,
}

impl Counter {
    /// The time that a reading of the monotonic clock adds to it.
    const STEP: Nanoseconds = 12_000;

    fn at(seconds: i64, nanoseconds: u32) -> Arc<Self> {
        Arc::new(Self { readings: AtomicU64::new(0), wall: Timestamp { seconds, nanoseconds } })
    }
}

impl Clock for Counter {
    fn monotonic(&self) -> Nanoseconds {
        self.readings.fetch_add(1, Ordering::Relaxed) * Self::STEP
    }

    fn monotonic_resolution(&self) -> Nanoseconds {
        Self::STEP
    }

    fn wall(&self) -> Timestamp {
        self.wall
    }

    fn wall_resolution(&self) -> Nanoseconds {
        1
    }
}

impl System for Counter {
    fn name(&self) -> &'static str {
        "counter"
    }

    fn open_root(&self, _: &OsStr) -> Result<Arc<dyn Directory>> {
        Err(Code::Unsupported.into())
    }

    fn clock(&self) -> &dyn Clock {
        self
    }

    fn random(&self) -> &dyn Random {
        unreachable!("the gate asks for no random bytes")
    }

    fn network(&self) -> &dyn Network {
        unreachable!("the gate makes no sockets")
    }

    fn stdio(&self) -> Stdio {
        unreachable!("the gate has no use for standard streams")
    }

    fn waiter(&self) -> Box<dyn Waiter> {
        unreachable!("the gate never waits")
    }
}
