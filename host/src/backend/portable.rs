//! The portable system.

use std::sync::Arc;

use callgate_portable::Portable;
use callgate_system::System;
use callgate_system::lookup::Resolver;

pub(super) fn open(resolver: Option<Resolver>) -> Arc<dyn System> {
    let portable = Portable::new();
    Arc::new(match resolver {
        Some(resolver) => portable.resolving_by(resolver),
        None => portable,
    })
}
