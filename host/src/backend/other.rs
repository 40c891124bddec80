//! An operating system without a backend of its own: the portable one serves.

use std::sync::Arc;

use callgate_portable::Portable;
use callgate_system::System;

pub(super) fn open() -> Arc<dyn System> {
    Arc::new(Portable::new())
}

pub(super) fn facts() -> Vec<(&'static str, String)> {
    vec![
        ("paths", "component by component, by the portable backend: this system has none of its own".to_owned()),
        ("clocks", super::resolutions(&Portable::new())),
    ]
}
