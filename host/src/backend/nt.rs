//! Windows.

use std::sync::Arc;

use callgate_nt::Nt;
use callgate_system::System;
use callgate_system::lookup::Resolver;

/// Nothing is locked here, so the system's own resolver serves.
pub(super) fn open(_: Option<Resolver>) -> Arc<dyn System> {
    Arc::new(Nt::new())
}

pub(super) fn facts() -> Vec<(&'static str, String)> {
    let nt = Nt::new();
    let facts = [
        ("paths", "component by component, each beneath the handle before it".to_owned()),
        ("clocks", super::resolutions(&nt)),
    ];
    let substitutes = nt.substitutes().into_iter().map(|instead| ("instead", instead.to_owned()));
    facts.into_iter().chain(substitutes).collect()
}
