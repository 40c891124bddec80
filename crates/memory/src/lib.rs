//! A whole system in memory: files, network, time and chance, without a trace of the machine underneath.
//!
//! It is deterministic: a guest that runs twice with the same seed, program and input sees and does the same, byte for
//! byte. So nothing here asks the host for anything but memory and the bytes of the standard streams. Several guests may
//! share one system; each of them then runs as its thread does, and only the order in which they meet is left to chance.
//!
//! Where things are: `tree` is the files, alone or mounted beside another system's, and `image` fills and saves them as a
//! tar file; `world` is what guests share, `clock` virtual time, `wait` where it passes; `network` is loopback; `random` and
//! `stdio` are what their names say.

#![forbid(unsafe_code)]

mod clock;
mod image;
mod network;
mod random;
mod stdio;
mod tree;
mod wait;
mod world;

use std::ffi::OsStr;
use std::io::{Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use callgate_system::{
    Clock, Code, Directory, Network, OpenHow, Opened, Quota, Random, Result, Stdio, System, Timestamp, Waiter,
};

pub use crate::clock::{BEGINNING, ClockOf, STEP};
pub use crate::image::{ImageError, Loaded};
pub use crate::network::Faults;
pub use crate::tree::{QUOTA, Tree};

use crate::clock::ObserverClock;
use crate::network::MemoryNetwork;
use crate::random::MemoryRandom;
use crate::wait::MemoryWaiter;
use crate::world::World;

/// A system in memory.
///
/// Several guests may share it, each on a thread of its own, with one waiter each. Time passes only where all of them wait: a
/// waiter that is made for a guest that doesn't run yet makes the others wait for it.
pub struct Memory {
    world: Arc<World>,
    observer_clock: ObserverClock,
    tree: Tree,
    random: MemoryRandom,
    network: MemoryNetwork,
    stdio: Stdio,
    waiters: AtomicU64,
}

/// The configuration of a system in memory.
pub struct Options {
    /// The seed of all randomness: the guests' random bytes, and the faults.
    pub seed: u64,
    /// The wall clock at the beginning.
    pub beginning: Timestamp,
    /// The most that its files may hold.
    pub quota: Quota,
    /// The faults of its network.
    pub faults: Faults,
    /// Standard input. Reads block, and go on until their buffer is full.
    pub stdin: Box<dyn Read + Send>,
    /// Standard output.
    pub stdout: Box<dyn Write + Send>,
    /// Standard error.
    pub stderr: Box<dyn Write + Send>,
}

impl Default for Options {
    /// Seed 0, [`BEGINNING`], [`QUOTA`], no faults, empty input, and output that is thrown away.
    fn default() -> Self {
        Self {
            seed: 0,
            beginning: BEGINNING,
            quota: QUOTA,
            faults: Faults::default(),
            stdin: Box::new(std::io::empty()),
            stdout: Box::new(std::io::sink()),
            stderr: Box::new(std::io::sink()),
        }
    }
}

impl Memory {
    /// A system with an empty tree.
    #[must_use]
    pub fn new(options: Options) -> Self {
        let Options { seed, beginning, quota, faults, stdin, stdout, stderr } = options;
        let world = Arc::new(World::new(beginning, network::net(faults, seed)));
        let tree = Tree::new(0, Arc::clone(&world) as Arc<dyn Clock>, quota);
        Self {
            observer_clock: ObserverClock(Arc::clone(&world)),
            random: MemoryRandom::new(seed),
            network: MemoryNetwork::new(Arc::clone(&world), tree.clone()),
            tree,
            stdio: stdio::streams(stdin, stdout, stderr),
            waiters: AtomicU64::new(0),
            world,
        }
    }

    /// Its files, to be filled before a run and looked at after it.
    #[must_use]
    pub fn tree(&self) -> &Tree {
        &self.tree
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self::new(Options::default())
    }
}

impl System for Memory {
    fn name(&self) -> &'static str {
        "memory"
    }

    /// Opens a directory of the tree. The path begins at the tree's root, with a `/` or without. An absolute symbolic link on
    /// the way is `NotPermitted`, here too.
    fn open_root(&self, host_path: &OsStr) -> Result<Arc<dyn Directory>> {
        let path = host_path.to_str().ok_or(Code::IllegalByteSequence)?;
        let (root, below) = (self.tree.root(), path.trim_start_matches('/'));
        if below.is_empty() && !path.is_empty() {
            return Ok(root);
        }
        match root.open(below, OpenHow { read: true, directory: true, ..OpenHow::default() })? {
            Opened::Directory(directory) => Ok(directory),
            Opened::File(_) => Err(Code::NotDirectory.into()),
        }
    }

    fn clock(&self) -> &dyn Clock {
        &*self.world
    }

    fn observer_clock(&self) -> &dyn Clock {
        &self.observer_clock
    }

    fn random(&self) -> &dyn Random {
        &self.random
    }

    fn network(&self) -> &dyn Network {
        &self.network
    }

    fn stdio(&self) -> Stdio {
        self.stdio.clone()
    }

    fn waiter(&self) -> Box<dyn Waiter> {
        let number = self.waiters.fetch_add(1, Ordering::Relaxed);
        Box::new(MemoryWaiter::new(Arc::clone(&self.world), number))
    }
}
