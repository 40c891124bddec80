//! The network and the one place that sleeps.

use std::sync::Arc;

use callgate_system::{AddressFamily, Code, Interest, Kind, Lookup, Nanoseconds, Network, Result, Socket, Waiter};

use crate::clock;

/// The network of this machine.
#[derive(Default)]
pub(crate) struct NtNetwork;

impl Network for NtNetwork {
    fn socket(&self, _kind: Kind, _family: AddressFamily) -> Result<Arc<dyn Socket>> {
        Err(Code::Unsupported.into())
    }

    fn resolve(&self, _name: &str) -> Result<Arc<dyn Lookup>> {
        Err(Code::Unsupported.into())
    }
}

/// A place to wait.
#[derive(Default)]
pub(crate) struct NtWaiter;

impl Waiter for NtWaiter {
    fn wait(&mut self, interests: &[Interest<'_>], until: Option<Nanoseconds>, ready: &mut Vec<usize>) -> Result<()> {
        ready.clear();
        if interests.is_empty() && until.is_none() {
            return Err(Code::Invalid.into());
        }
        ready.extend(0..interests.len());
        while interests.is_empty() && until.is_some_and(|until| clock::monotonic() < until) {
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        Ok(())
    }
}
