//! An operating system without a backend of its own: the portable one serves.

use std::sync::Arc;

use callgate_portable::Portable;
use callgate_system::System;
use callgate_system::lookup::Resolver;

/// Nothing is locked here, so the system's own resolver serves.
pub(super) fn open(_: Option<Resolver>) -> Arc<dyn System> {
    Arc::new(Portable::new())
}

pub(super) fn facts() -> Vec<(&'static str, String)> {
    vec![
        ("paths", "component by component, by the portable backend: this system has none of its own".to_owned()),
        ("clocks", super::resolutions(&Portable::new())),
    ]
}
