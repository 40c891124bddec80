//! Recordings of calls through a gate, on a system whose clock is a counter.

mod filter;
mod jsonl;
mod lossy;
mod samples;
mod text;
mod whole;

use std::ffi::OsStr;
use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use callgate_gate::{Gate, GuestId, Handle, Mount, NetworkRules, Observer};
use callgate_system::{
    Clock, Code, Directory, Error, Family, Nanoseconds, Native, Network, Random, Result, Stdio, System, Timestamp,
    Waiter,
};

use crate::format::Format;
use crate::{Recorder, Recording};

fn no_entry() -> Error {
    Error { code: Code::NoEntry, native: Some(Native { family: Family::Errno, code: 2, name: "ENOENT" }) }
}

fn mount(read_only: bool) -> Mount {
    Mount { guest_path: "/src".to_owned(), read_only, quota: None, names: callgate_system::Names::default() }
}

fn handle(id: u32, mount: &Mount) -> Handle<'_> {
    Handle { id, name: &mount.guest_path, mount: Some(mount), denied: None }
}

/// A gate that permits nothing on the network, told on by `observers`.
fn gate(system: Arc<Counter>, observers: impl IntoIterator<Item = Arc<dyn Observer>>) -> Gate {
    Gate::new(GuestId::new(), system, NetworkRules::default()).attended_by(Vec::new(), Vec::from_iter(observers))
}

fn recording() -> Recording {
    Recording::of(GuestId::new(), "rg.wasm", ["rg", "-c", "x"])
}

/// A gate, and a recorder that it tells.
fn recorded(
    recording: Recording,
    format: impl Format + 'static,
    out: impl Write + Send + 'static,
) -> (Gate, Arc<Recorder>) {
    let system = Counter::at(0, 0);
    let recorder = Arc::new(recording.start(&(system.clone() as _), Box::new(format), Box::new(out)));
    (gate(system, [recorder.clone() as _]), recorder)
}

/// Where a trace goes, to be looked at.
#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl Page {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
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
