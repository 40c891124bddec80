//! A real system with standard streams of its own: guests must neither read what this process is given, nor write where it
//! reports.

use std::ffi::OsStr;
use std::sync::{Arc, Mutex, PoisonError};

use callgate_conformance::Stranger;
use callgate_system::{Clock, Directory, Network, Random, Result, Sink, Source, Stdio, System, Waiter};

pub(super) struct Quiet {
    system: Arc<dyn System>,
    stdio: Stdio,
}

impl Quiet {
    /// Streams of nobody.
    pub(super) fn new(system: Arc<dyn System>) -> Self {
        let stdio = Stdio { stdin: Arc::new(Stranger), stdout: Arc::new(Stranger), stderr: Arc::new(Stranger) };
        Self { system, stdio }
    }

    /// Input of this text, and an output that is kept.
    pub(super) fn kept(system: Arc<dyn System>, input: &[u8], output: &Arc<Kept>) -> Self {
        let quiet = Self::new(system);
        let stdin = Arc::new(Input(Mutex::new(input.iter().rev().copied().collect())));
        let stdout = Arc::<Kept>::clone(output);
        Self { stdio: Stdio { stdin, stdout, ..quiet.stdio }, ..quiet }
    }
}

/// The bytes that are left to read, the last byte first.
struct Input(Mutex<Vec<u8>>);

impl Source for Input {
    fn read(&self, buffer: &mut Vec<u8>) -> Result<usize> {
        let mut left = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = left.len().min(buffer.capacity() - buffer.len());
        let rest = left.len() - count;
        buffer.extend(left.drain(rest..).rev());
        Ok(count)
    }

    fn is_terminal(&self) -> bool {
        false
    }
}

/// The bytes that a guest wrote.
#[derive(Default)]
pub(crate) struct Kept(Mutex<Vec<u8>>);

impl Kept {
    /// So far.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Sink for Kept {
    fn write(&self, buffer: &[u8]) -> Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(buffer);
        Ok(buffer.len())
    }

    fn is_terminal(&self) -> bool {
        false
    }
}

impl System for Quiet {
    fn name(&self) -> &'static str {
        self.system.name()
    }

    fn open_root(&self, host_path: &OsStr) -> Result<Arc<dyn Directory>> {
        self.system.open_root(host_path)
    }

    fn clock(&self) -> &dyn Clock {
        self.system.clock()
    }

    fn observer_clock(&self) -> &dyn Clock {
        self.system.observer_clock()
    }

    fn random(&self) -> &dyn Random {
        self.system.random()
    }

    fn network(&self) -> &dyn Network {
        self.system.network()
    }

    fn stdio(&self) -> Stdio {
        self.stdio.clone()
    }

    fn waiter(&self) -> Box<dyn Waiter> {
        self.system.waiter()
    }
}
