//! The time limit of a run, kept by the process.
//!
//! The library ends a guest that computes or waits, and that is how a run usually times out. But a thread can hang in a call of the
//! operating system, and nothing but the end of the process ends that: in a write to a trace that nobody reads, in one to a standard
//! stream whose pipe is full, in the opening of a FIFO. This thread sees to it until the process is gone.

use std::io;
use std::thread;
use std::time::Duration;

use super::report::TRAPPED;
use crate::last_words;

/// The time that a run which was told to end may take to do so, before it counts as stuck.
const GRACE: Duration = Duration::from_millis(250);

/// Ends the process, with `line`, when it is still there a moment after `timeout`. Only who [takes](last_words::take) the end
/// of the process is left alone.
pub(super) fn watch(timeout: Duration, line: String) -> io::Result<()> {
    let watch = move || {
        thread::sleep(timeout.saturating_add(GRACE));
        last_words::end(&line, TRAPPED)
    };
    thread::Builder::new().name("time-limit".into()).spawn(watch).map(drop)
}
