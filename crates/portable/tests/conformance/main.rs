//! The behaviour suite against this backend.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
use crate::unix as host;
#[cfg(windows)]
use crate::windows as host;

use callgate_conformance::{Deviation, Ground, Subject, conformance};
use callgate_portable::Portable;
use callgate_system::System;

struct Real {
    portable: Portable,
}

impl Subject for Real {
    fn name(&self) -> &'static str {
        "portable"
    }

    fn system(&self) -> &dyn System {
        &self.portable
    }

    fn ground(&self) -> Box<dyn Ground> {
        Box::new(host::RealGround::new(&self.portable))
    }

    fn deviations(&self) -> &'static [Deviation] {
        host::DEVIATIONS
    }

    fn skips(&self, group: &str) -> Option<&'static str> {
        host::skips(group)
    }
}

conformance!(portable, Real { portable: Portable::new() });
