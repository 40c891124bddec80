//! The behaviour suite against this backend.

#[cfg(unix)]
mod host {
    use callgate_conformance::Deviation;
    pub(super) use callgate_conformance::unix::UnixGround as RealGround;

    pub(super) const DEVIATIONS: &[Deviation] = &[];
}

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
}

conformance!(portable, Real { portable: Portable::new() });
