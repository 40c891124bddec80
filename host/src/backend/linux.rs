//! Linux.

use std::sync::Arc;

use callgate_linux::Linux;
use callgate_system::System;

pub(super) fn open() -> Arc<dyn System> {
    callgate_linux::raise_open_files();
    Arc::new(Linux::new())
}

pub(super) fn facts() -> Vec<(&'static str, String)> {
    let linux = Linux::new();
    let paths = if linux.uses_openat2() {
        "openat2, beneath the mount"
    } else {
        "component by component (this kernel has no openat2, or CALLGATE_NO_OPENAT2=1 is set)"
    };
    vec![("paths", paths.to_owned()), ("clocks", super::resolutions(&linux))]
}
