//! The behaviour suite against this backend, on Windows or under Wine.

#![cfg(windows)]

use callgate_conformance::windows::WindowsGround;
use callgate_conformance::{Ground, Subject, conformance};
use callgate_nt::Nt;
use callgate_system::System;

struct Kernel(Nt);

impl Subject for Kernel {
    fn name(&self) -> &'static str {
        "nt"
    }

    fn system(&self) -> &dyn System {
        &self.0
    }

    fn ground(&self) -> Box<dyn Ground> {
        Box::new(WindowsGround::new(&self.0))
    }
}

conformance!(nt, Kernel(Nt::new()));
