//! Linux, resolving paths by the kernel and by the walker.

use std::sync::Arc;

use callgate_linux::Linux;
use callgate_system::System;

pub(super) fn both_ways() -> Vec<(&'static str, Arc<dyn System>)> {
    vec![
        ("linux", Arc::new(Linux::with_openat2(true))),
        ("linux without openat2", Arc::new(Linux::with_openat2(false))),
    ]
}
