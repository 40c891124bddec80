//! The system that callgate runs guests on where there is no native backend, and the yardstick for those there are:
//! kept crates, and no `unsafe`.
//!
//! Files are cap-std's: a path is resolved by the project's own walker (`resolve`), whose steps are cap-std calls on one
//! name in one `Dir`, never following, so that the answers are those of the other backends and cap-std is a second fence.
//! Sockets are bound, connected and sent from through cap-std's `Pool`; what that doesn't know, such as options, is socket2's.
//! Differences between systems that can be seen from here are in `unix` and `windows`, one of which is `os`.
//!
//! Hazards, all for want of a call that is portable and safe:
//! - waiting is `poll`, which takes the whole list each time: a wait costs what is waited for, not what happens. (Registering
//!   a socket for longer is an `unsafe` function in `polling`: nobody can promise that it is taken out in time.)
//! - standard input is read ahead, by a thread; what the guest doesn't take is lost to whoever shares it;
//! - on Windows a write to a standard stream waits while nobody reads;
//! - appends are atomic towards those of this process only;
//! - without `O_PATH` (macOS), a directory that may be passed through but not read is `Access`, and so is a file that may
//!   not be read, for its attributes;
//! - cap-std panics where it finds a file of the second `i64::MIN`, which a file system such as tmpfs keeps. No guest can set that
//!   time here; what others made of a mounted directory is up to them.
//!
//! Tried on Linux, and on Windows as far as Wine goes; for macOS compiled and never run.

#![forbid(unsafe_code)]

mod bell;
mod clock;
mod directory;
mod entries;
mod error;
mod file;
mod lookup;
mod network;
#[cfg(any(target_os = "linux", target_os = "android"))]
mod procfs;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
#[path = "procfs_nowhere.rs"]
mod procfs;
mod random;
mod resolve;
mod socket;
mod stat;
mod stdio;
mod times;
#[cfg(unix)]
mod unix;
mod wait;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
use crate::unix as os;
#[cfg(windows)]
use crate::windows as os;

use std::ffi::OsStr;
use std::sync::{Arc, OnceLock};

use callgate_system::lookup::Resolver;
use callgate_system::{Clock, Directory, Network, Random, Result, Stdio, System, Waiter};
pub use cap_std::net::Pool;

use crate::bell::Bell;
use crate::clock::PortableClock;
use crate::directory::PortableDirectory;
use crate::network::PortableNetwork;
use crate::random::PortableRandom;
use crate::wait::PortableWaiter;

/// Any machine, as a guest's system.
pub struct Portable {
    network: PortableNetwork,
    bell: Arc<Bell>,
    stdio: OnceLock<Stdio>,
}

impl Portable {
    /// This machine, with every address of its network: what a guest may talk to is decided above.
    #[must_use]
    pub fn new() -> Self {
        Self::with_pool(network::everything())
    }

    /// This machine, with the addresses in `pool` only: any other is `NotPermitted`, whatever is decided above. Names are
    /// looked up all the same.
    #[must_use]
    pub fn with_pool(pool: Pool) -> Self {
        let bell = Arc::new(Bell::default());
        Self { network: PortableNetwork::new(pool, &bell), bell, stdio: OnceLock::new() }
    }

    /// The same, whose names `resolve` looks up: for a process that may not ask the system's resolver.
    #[must_use]
    pub fn resolving_by(self, resolve: Resolver) -> Self {
        Self { network: self.network.resolving_by(resolve), ..self }
    }
}

impl Default for Portable {
    fn default() -> Self {
        Self::new()
    }
}

impl System for Portable {
    fn name(&self) -> &'static str {
        "portable"
    }

    fn open_root(&self, host_path: &OsStr) -> Result<Arc<dyn Directory>> {
        Ok(Arc::new(PortableDirectory::root(host_path)?))
    }

    fn clock(&self) -> &dyn Clock {
        &PortableClock
    }

    fn random(&self) -> &dyn Random {
        &PortableRandom
    }

    fn network(&self) -> &dyn Network {
        &self.network
    }

    fn stdio(&self) -> Stdio {
        self.stdio.get_or_init(|| stdio::of_process(&self.bell)).clone()
    }

    fn waiter(&self) -> Box<dyn Waiter> {
        Box::new(PortableWaiter::new(&self.bell))
    }
}

#[cfg(test)]
mod tests;
