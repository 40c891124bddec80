//! The portable backend, on real files.

use callgate_conformance::unix::UnixGround;
use callgate_conformance::{Ground, Subject};
use callgate_portable::Portable;
use callgate_system::System;

struct Real(Portable);

impl Subject for Real {
    fn name(&self) -> &'static str {
        "portable"
    }

    fn system(&self) -> &dyn System {
        &self.0
    }

    fn ground(&self) -> Box<dyn Ground> {
        Box::new(UnixGround::new(&self.0))
    }
}

pub(super) fn subject() -> Box<dyn Subject> {
    Box::new(Real(Portable::new()))
}
