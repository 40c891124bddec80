//! The backend as a whole.

use std::ffi::OsStr;
use std::sync::{Arc, OnceLock};

use callgate_system::{Clock, Directory, Network, Random, Result, Stdio, System, Waiter};

use crate::clock::NtClock;
use crate::directory::NtDirectory;
use crate::net::{NtNetwork, NtWaiter};
use crate::nt::optional::entry_points;
use crate::random::NtRandom;
use crate::stdio;

/// Windows NT, as a guest's system.
#[derive(Default)]
pub struct Nt {
    clock: NtClock,
    network: NtNetwork,
    stdio: OnceLock<Stdio>,
}

impl Nt {
    /// This machine.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Substitutes for calls that this NT lacks, each in a few words for people.
    #[must_use]
    pub fn substitutes(&self) -> Vec<&'static str> {
        let here = entry_points();
        let substitutes = [
            (here.system_time_precise.is_some(), "the wall clock steps by ticks: no RtlGetSystemTimePrecise"),
            (here.flush_buffers_file_ex.is_some(), "sync-data does what sync does: no NtFlushBuffersFileEx"),
            (here.process_prng.is_some(), "random bytes come from RtlGenRandom: no ProcessPrng"),
            (here.appends_at_once, "an append is two steps: this is Wine"),
        ];
        substitutes.into_iter().filter(|(there, _)| !there).map(|(_, instead)| instead).collect()
    }
}

impl System for Nt {
    fn name(&self) -> &'static str {
        "nt"
    }

    fn open_root(&self, host_path: &OsStr) -> Result<Arc<dyn Directory>> {
        Ok(Arc::new(NtDirectory::root(host_path)?))
    }

    fn clock(&self) -> &dyn Clock {
        &self.clock
    }

    fn random(&self) -> &dyn Random {
        &NtRandom
    }

    fn network(&self) -> &dyn Network {
        &self.network
    }

    fn stdio(&self) -> Stdio {
        self.stdio.get_or_init(stdio::inherited).clone()
    }

    fn waiter(&self) -> Box<dyn Waiter> {
        Box::new(NtWaiter::default())
    }
}
