//! The behaviour suite against this backend, both ways of resolving paths.

#![cfg(target_os = "linux")]

use callgate_conformance::unix::UnixGround;
use callgate_conformance::{Ground, Subject, conformance};
use callgate_linux::Linux;
use callgate_system::System;

struct Kernel {
    name: &'static str,
    linux: Linux,
}

impl Subject for Kernel {
    fn name(&self) -> &'static str {
        self.name
    }

    fn system(&self) -> &dyn System {
        &self.linux
    }

    fn ground(&self) -> Box<dyn Ground> {
        Box::new(UnixGround::new(&self.linux))
    }
}

conformance!(openat2, Kernel { name: "linux", linux: Linux::with_openat2(true) });
conformance!(walker, Kernel { name: "linux without openat2", linux: Linux::with_openat2(false) });
