//! The system that callgate runs guests on under Linux, over rustix's own system calls: no libc, no `unsafe`.
//!
//! Where things are: `resolve` turns paths into handles beneath a directory, by `openat2` or by the portable walker;
//! `directory`, `file` and `entries` are the handles; `network`, `socket` and `lookup` the network; `wait` is the one place that
//! sleeps; `error` is the one table of error numbers.

#![cfg(target_os = "linux")]
#![forbid(unsafe_code)]

mod clock;
mod descriptor;
mod directory;
mod entries;
mod error;
mod file;
mod limits;
mod lookup;
mod network;
mod random;
mod resolve;
mod sealed;
mod socket;
mod stat;
mod stdio;
mod times;
mod wait;

use std::ffi::OsStr;
use std::sync::{Arc, OnceLock};

use callgate_system::lookup::Resolver;
use callgate_system::{Clock, Directory, Network, Random, Result, Stdio, System, Waiter};

pub use crate::limits::raise_open_files;
pub use crate::lookup::resolve;

use crate::clock::LinuxClock;
use crate::directory::LinuxDirectory;
use crate::network::LinuxNetwork;
use crate::random::LinuxRandom;
use crate::resolve::Way;
use crate::stdio::{Direction, Stream};
use crate::wait::LinuxWaiter;

/// Linux, as a guest's system.
pub struct Linux {
    way: Way,
    clock: LinuxClock,
    network: LinuxNetwork,
    stdio: OnceLock<Stdio>,
}

impl Linux {
    /// This machine. Paths are resolved by `openat2` where the kernel has it and `CALLGATE_NO_OPENAT2=1` is not set in the
    /// environment, else by the walker.
    #[must_use]
    pub fn new() -> Self {
        Self::with(Way::probe())
    }

    /// This machine, with paths resolved by `openat2` (`true`; then every call that takes a path fails where the kernel has
    /// none) or by the walker (`false`). For tests.
    #[must_use]
    pub fn with_openat2(openat2: bool) -> Self {
        Self::with(if openat2 { Way::Openat2 } else { Way::Walker })
    }

    /// True if paths are resolved by `openat2`.
    #[must_use]
    pub fn uses_openat2(&self) -> bool {
        self.way == Way::Openat2
    }

    /// The same, whose names `resolve` looks up: for a process that may not ask the C library, which opens files and sockets of its own.
    #[must_use]
    pub fn resolving_by(self, resolve: Resolver) -> Self {
        Self { network: LinuxNetwork::resolving_by(resolve), ..self }
    }

    fn with(way: Way) -> Self {
        Self { way, clock: LinuxClock::default(), network: LinuxNetwork::default(), stdio: OnceLock::new() }
    }
}

impl Default for Linux {
    fn default() -> Self {
        Self::new()
    }
}

impl System for Linux {
    fn name(&self) -> &'static str {
        "linux"
    }

    fn open_root(&self, host_path: &OsStr) -> Result<Arc<dyn Directory>> {
        Ok(Arc::new(LinuxDirectory::root(host_path, self.way)?))
    }

    fn clock(&self) -> &dyn Clock {
        &self.clock
    }

    fn random(&self) -> &dyn Random {
        &LinuxRandom
    }

    fn network(&self) -> &dyn Network {
        &self.network
    }

    fn stdio(&self) -> Stdio {
        let streams = || Stdio {
            stdin: Arc::new(Stream::inherited(rustix::stdio::stdin(), Direction::In)),
            stdout: Arc::new(Stream::inherited(rustix::stdio::stdout(), Direction::Out)),
            stderr: Arc::new(Stream::inherited(rustix::stdio::stderr(), Direction::Out)),
        };
        self.stdio.get_or_init(streams).clone()
    }

    fn waiter(&self) -> Box<dyn Waiter> {
        Box::new(LinuxWaiter::default())
    }
}

#[cfg(test)]
mod tests;
