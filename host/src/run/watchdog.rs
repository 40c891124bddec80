//! The time limit of a run, kept by the process.
//!
//! The library ends a guest that computes or waits, and that is how a run usually times out. But a thread can hang in a call of the
//! operating system, and nothing but the end of the process ends that: in a write to a trace that nobody reads, in one to a standard
//! stream whose pipe is full, in the opening of a FIFO. This thread sees to it until the process is gone.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::report::TRAPPED;
use crate::last_words;

/// The time that a run which was told to end may take to do so, before it counts as stuck.
const GRACE: Duration = Duration::from_millis(250);

/// The thread; dropped, it goes on.
pub(super) struct Watch {
    line: String,
    /// None where that is beyond what the clock counts.
    until: Option<Instant>,
    over: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

/// Ends the process, with `line`, when it is still there a moment after `timeout`. Only who [takes](last_words::take) the end
/// of the process is left alone.
pub(super) fn watch(timeout: Duration, line: String) -> io::Result<Watch> {
    Watch::begin(Instant::now().checked_add(timeout.saturating_add(GRACE)), line)
}

impl Watch {
    fn begin(until: Option<Instant>, line: String) -> io::Result<Self> {
        let over = Arc::new(AtomicBool::new(false));
        let (said, seen) = (line.clone(), Arc::clone(&over));
        let watch = move || {
            while !seen.load(Ordering::Acquire) {
                let left = until.map_or(Duration::MAX, |until| until.saturating_duration_since(Instant::now()));
                if left.is_zero() {
                    last_words::end(&said, TRAPPED);
                }
                thread::park_timeout(left);
            }
        };
        let thread = thread::Builder::new().name("time-limit".into()).spawn(watch)?;
        Ok(Self { line, until, over, thread })
    }

    /// Does `work` while nothing watches, with no thread of this: what restricts a thread leaves alone those that are there.
    pub(super) fn pause<T>(self, work: impl FnOnce() -> T) -> io::Result<T> {
        self.over.store(true, Ordering::Release);
        self.thread.thread().unpark();
        // It says nothing.
        drop(self.thread.join());
        let done = work();
        Self::begin(self.until, self.line)?;
        Ok(done)
    }
}
