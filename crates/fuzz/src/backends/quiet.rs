//! A real system with standard streams of nobody: guests must neither read what this process is given, nor write where it
//! reports.

use std::ffi::OsStr;
use std::sync::Arc;

use callgate_conformance::Stranger;
use callgate_portable::Portable;
use callgate_system::{Clock, Directory, Network, Random, Result, Stdio, System, Waiter};

struct Quiet<S>(S);

impl<S: System> System for Quiet<S> {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn open_root(&self, host_path: &OsStr) -> Result<Arc<dyn Directory>> {
        self.0.open_root(host_path)
    }

    fn clock(&self) -> &dyn Clock {
        self.0.clock()
    }

    fn random(&self) -> &dyn Random {
        self.0.random()
    }

    fn network(&self) -> &dyn Network {
        self.0.network()
    }

    fn stdio(&self) -> Stdio {
        Stdio { stdin: Arc::new(Stranger), stdout: Arc::new(Stranger), stderr: Arc::new(Stranger) }
    }

    fn waiter(&self) -> Box<dyn Waiter> {
        self.0.waiter()
    }
}

/// All real systems of this machine.
pub(super) fn systems() -> Vec<Arc<dyn System>> {
    let mut systems: Vec<Arc<dyn System>> = vec![Arc::new(Quiet(Portable::new()))];
    #[cfg(target_os = "linux")]
    systems.extend(
        [true, false]
            .map(|openat2| -> Arc<dyn System> { Arc::new(Quiet(callgate_linux::Linux::with_openat2(openat2))) }),
    );
    systems
}
