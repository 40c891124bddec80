//! The backends that serve real files, on temporary directories.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(target_os = "linux"))]
#[path = "real/linux_nowhere.rs"]
mod linux;

use std::sync::Arc;

use callgate_conformance::unix::UnixGround;
use callgate_conformance::{Ground, Subject};
use callgate_portable::Portable;
use callgate_system::System;

struct Real {
    name: &'static str,
    system: Arc<dyn System>,
}

impl Subject for Real {
    fn name(&self) -> &'static str {
        self.name
    }

    fn system(&self) -> &dyn System {
        &*self.system
    }

    fn ground(&self) -> Box<dyn Ground> {
        ground(&*self.system)
    }
}

/// All of this machine, with their names; native ones first.
pub(crate) fn systems() -> Vec<(&'static str, Arc<dyn System>)> {
    let mut systems = linux::both_ways();
    systems.push(("portable", Arc::new(Portable::new())));
    systems
}

/// The same, to be compared.
pub(super) fn subjects() -> impl Iterator<Item = Box<dyn Subject>> {
    systems().into_iter().map(|(name, system)| -> Box<dyn Subject> { Box::new(Real { name, system }) })
}

/// Fresh ground, opened by `system`.
pub(super) fn ground(system: &dyn System) -> Box<dyn Ground> {
    Box::new(UnixGround::new(system))
}
