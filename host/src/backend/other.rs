//! An operating system without a backend of its own: the portable one serves.

use std::sync::Arc;

use anyhow::Result;
use callgate_portable::Portable;
use callgate_system::System;

#[allow(clippy::unnecessary_wraps, reason = "other systems can lack a backend")]
pub(super) fn open() -> Result<Arc<dyn System>> {
    Ok(Arc::new(Portable::new()))
}

pub(super) fn facts() -> Vec<(&'static str, String)> {
    vec![
        ("paths", "component by component, by the portable backend: this system has none of its own".to_owned()),
        ("clocks", super::resolutions(&Portable::new())),
    ]
}
