//! The portable system.

use std::sync::Arc;

use callgate_portable::Portable;
use callgate_system::System;

pub(super) fn open() -> Arc<dyn System> {
    Arc::new(Portable::new())
}
