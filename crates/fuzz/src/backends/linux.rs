//! Linux, resolving paths by the kernel and by the walker.

use callgate_conformance::unix::UnixGround;
use callgate_conformance::{Ground, Subject};
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

pub(super) fn both_ways() -> [Box<dyn Subject>; 2] {
    [
        Box::new(Kernel { name: "linux", linux: Linux::with_openat2(true) }),
        Box::new(Kernel { name: "linux without openat2", linux: Linux::with_openat2(false) }),
    ]
}
