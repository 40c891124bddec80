//! Linux, resolving paths by the kernel and by the walker.

use callgate_conformance::unix::UnixGround;
use callgate_conformance::{Ground, Subject};
use callgate_linux::Linux;
use callgate_system::System;

struct OnDisk<S> {
    name: &'static str,
    system: S,
}

impl<S: System> Subject for OnDisk<S> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn system(&self) -> &dyn System {
        &self.system
    }

    fn ground(&self) -> Box<dyn Ground> {
        Box::new(UnixGround::new(&self.system))
    }
}

pub(super) fn both_ways() -> Vec<Box<dyn Subject>> {
    vec![
        Box::new(OnDisk { name: "linux", system: Linux::with_openat2(true) }),
        Box::new(OnDisk { name: "linux without openat2", system: Linux::with_openat2(false) }),
    ]
}
