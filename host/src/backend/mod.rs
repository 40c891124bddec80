//! Which system a program runs on. An operating system without a backend has the file that says so.

#[cfg(target_os = "linux")]
#[path = "linux.rs"]
mod native;
#[cfg(not(target_os = "linux"))]
#[path = "none.rs"]
mod native;

use std::sync::Arc;

use anyhow::Result;
use callgate_system::System;

use crate::arguments::BackendName;

/// Opens a backend.
pub(crate) fn open(name: BackendName) -> Result<Arc<dyn System>> {
    match name {
        BackendName::Native => native::open(),
    }
}

/// Facts about the native backend on this machine, a line each.
pub(crate) fn native_facts() -> Vec<(&'static str, String)> {
    native::facts()
}
