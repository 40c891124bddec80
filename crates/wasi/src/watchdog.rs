//! Ends a run whose time is over.
//!
//! A thread sleeps until then and moves the engine's epoch on, which code compiled to be interruptible notices. A guest that
//! waits in the host is ended by the wait itself. What neither ends, machine code without such checks or a system call
//! that hangs, is reported to whoever asked for that, who may end the process.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use wasmtime::Engine;

/// How long a run that was told to end may take to do so before it counts as stuck.
const GRACE: Duration = Duration::from_millis(250);

/// Called from a thread of its own when a run doesn't end.
pub(crate) type Stuck = Box<dyn FnOnce() + Send>;

/// The thread; it ends with the run.
pub(crate) struct Watchdog {
    over: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Watchdog {
    /// Watches a run that began now. `None` where no thread can be had.
    pub(crate) fn new(engine: Engine, timeout: Duration, interruptible: bool, stuck: Option<Stuck>) -> Option<Self> {
        let (over, ended) = channel();
        let watch = move || watch(&engine, timeout, interruptible, stuck, &ended);
        let thread = thread::Builder::new().name("callgate-watchdog".to_owned()).spawn(watch).ok()?;
        Some(Self { over: Some(over), thread: Some(thread) })
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        drop(self.over.take());
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

fn watch(engine: &Engine, timeout: Duration, interruptible: bool, stuck: Option<Stuck>, ended: &Receiver<()>) {
    let is_over = |time| !matches!(ended.recv_timeout(time), Err(RecvTimeoutError::Timeout));
    if is_over(timeout) {
        return;
    }
    if interruptible {
        engine.increment_epoch();
    }
    if !is_over(GRACE)
        && let Some(stuck) = stuck
    {
        stuck();
    }
}
