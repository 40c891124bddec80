//! The system that a program runs on.

mod memory;
#[cfg(target_os = "linux")]
#[path = "linux.rs"]
mod native;
#[cfg(windows)]
#[path = "nt.rs"]
mod native;
#[cfg(not(any(target_os = "linux", windows)))]
#[path = "other.rs"]
mod native;
mod portable;

use std::sync::Arc;

use anyhow::{Result, bail};
use callgate_memory::Memory;
use callgate_system::lookup::Resolver;
use callgate_system::{Directory, Quota, System};

pub(crate) use memory::Out;

use crate::arguments::{BackendName, MemoryOptions};

/// The system of one run.
pub(crate) struct Backend {
    pub(crate) system: Arc<dyn System>,
    memory: Option<Arc<Memory>>,
}

impl Backend {
    /// Opens the one of this name; `options` are for the one in memory alone. `resolver` looks up names instead of the system's own.
    pub(crate) fn open(name: BackendName, options: &MemoryOptions, resolver: Option<Resolver>) -> Result<Self> {
        if name == BackendName::Memory {
            let memory = memory::open(options)?;
            return Ok(Self { system: Arc::clone(&memory) as Arc<dyn System>, memory: Some(memory) });
        }
        if let Some(option) = options.first() {
            bail!("{option} is for a system in memory; add --backend memory");
        }
        let system = if name == BackendName::Portable { portable::open(resolver) } else { native::open(resolver) };
        Ok(Self { system, memory: None })
    }

    /// An empty tree of files in memory, the run's `number`th, from 1.
    pub(crate) fn tree(&self, number: u32, quota: Quota) -> Arc<dyn Directory> {
        memory::tree(number, &self.system, quota)
    }

    /// The destination of its files when the run is over.
    pub(crate) fn out<'a>(&self, options: &'a MemoryOptions) -> Result<Option<Out<'a>>> {
        match (&self.memory, &options.out) {
            (Some(memory), Some(path)) => Out::new(path, memory).map(Some),
            _ => Ok(None),
        }
    }
}

/// The name of the native backend.
pub(crate) fn native_name() -> &'static str {
    native::open(None).name()
}

/// Facts about it on this machine, a line each.
pub(crate) fn native_facts() -> Vec<(&'static str, String)> {
    native::facts()
}

/// The steps of a system's clocks.
fn resolutions(system: &dyn System) -> String {
    let clock = system.clock();
    format!("monotonic {} ns, wall {} ns", clock.monotonic_resolution(), clock.wall_resolution())
}
