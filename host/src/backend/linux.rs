//! Linux.

use std::sync::Arc;

use anyhow::Result;
use callgate_linux::Linux;
use callgate_system::System;

#[allow(clippy::unnecessary_wraps, reason = "other systems can lack a backend")]
pub(super) fn open() -> Result<Arc<dyn System>> {
    callgate_linux::raise_open_files();
    Ok(Arc::new(Linux::new()))
}

pub(super) fn facts() -> Vec<(&'static str, String)> {
    let linux = Linux::new();
    let paths = if linux.uses_openat2() {
        "openat2, beneath the mount"
    } else {
        "component by component (this kernel has no openat2, or CALLGATE_NO_OPENAT2=1 is set)"
    };
    let clock = linux.clock();
    let resolution = format!("monotonic {} ns, wall {} ns", clock.monotonic_resolution(), clock.wall_resolution());
    vec![("paths", paths.to_owned()), ("clocks", resolution)]
}
