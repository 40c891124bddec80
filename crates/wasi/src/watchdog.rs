//! Ends the computing of a guest whose time is over.
//!
//! A thread sleeps until then and moves the engine's epoch on, which code compiled to be interruptible notices. A guest that
//! waits in the host is ended by the wait itself. Two cases remain: machine code without such checks, and a system call that
//! hangs. They can only be ended with the process, which is not the library's to end.

use std::io;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use wasmtime::Engine;

/// The thread, which ends with the run.
pub(crate) struct Watchdog {
    over: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Watchdog {
    /// Watches a run that began now.
    ///
    /// # Errors
    /// If no thread can be had.
    pub(crate) fn new(engine: Engine, timeout: Duration) -> io::Result<Self> {
        let (over, ended) = channel::<()>();
        let watch = move || {
            if let Err(RecvTimeoutError::Timeout) = ended.recv_timeout(timeout) {
                engine.increment_epoch();
            }
        };
        let thread = thread::Builder::new().name("callgate-watchdog".to_owned()).spawn(watch)?;
        Ok(Self { over: Some(over), thread: Some(thread) })
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
