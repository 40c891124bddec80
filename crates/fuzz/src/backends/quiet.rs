//! A real system with standard streams of nobody: guests must neither read what this process is given, nor write where it
//! reports.

use std::ffi::OsStr;
use std::sync::Arc;

use callgate_conformance::Stranger;
use callgate_system::{Clock, Directory, Network, Random, Result, Stdio, System, Waiter};

pub(super) struct Quiet(pub(super) Arc<dyn System>);

impl System for Quiet {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn open_root(&self, host_path: &OsStr) -> Result<Arc<dyn Directory>> {
        self.0.open_root(host_path)
    }

    fn clock(&self) -> &dyn Clock {
        self.0.clock()
    }

    fn observer_clock(&self) -> &dyn Clock {
        self.0.observer_clock()
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
