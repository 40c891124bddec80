//! Which system a program runs on.

#[cfg(target_os = "linux")]
#[path = "linux.rs"]
mod native;
#[cfg(windows)]
#[path = "nt.rs"]
mod native;
#[cfg(not(any(target_os = "linux", windows)))]
#[path = "other.rs"]
mod native;

use std::sync::Arc;

use anyhow::Result;
use callgate_portable::Portable;
use callgate_system::System;

use crate::arguments::BackendName;

/// Opens a backend.
pub(crate) fn open(name: BackendName) -> Result<Arc<dyn System>> {
    match name {
        BackendName::Native => native::open(),
        BackendName::Portable => Ok(Arc::new(Portable::new())),
    }
}

/// Facts about the native backend on this machine, a line each.
pub(crate) fn native_facts() -> Vec<(&'static str, String)> {
    native::facts()
}

/// The steps of its clocks.
fn resolutions(system: &dyn System) -> String {
    let clock = system.clock();
    format!("monotonic {} ns, wall {} ns", clock.monotonic_resolution(), clock.wall_resolution())
}
