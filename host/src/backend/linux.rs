//! Linux.

use std::sync::Arc;

use callgate_linux::Linux;
use callgate_system::System;
use callgate_system::lookup::Resolver;

pub(super) fn open(resolver: Option<Resolver>) -> Arc<dyn System> {
    callgate_linux::raise_open_files();
    let linux = Linux::new();
    Arc::new(match resolver {
        Some(resolver) => linux.resolving_by(resolver),
        None => linux,
    })
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
