//! The limits that a case must keep in this process: it must neither panic nor hang nor take memory without bounds. When a case
//! hangs, a thread ends the process.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use anyhow::{Result, bail};

/// The most time that one case may take, whatever else the machine does. Cases that are let run end within a tenth of a second.
const HANG: Duration = Duration::from_secs(120);

/// The most bytes that one case may add to the process: linear memory, one answer of random bytes, compiled code, and room to spare.
const MEMORY: u64 = 512 << 20;

/// Watches cases. The seed of one that hangs is printed, and the process ended.
pub(crate) struct Watch(Sender<String>);

impl Watch {
    pub(crate) fn new() -> Self {
        let (sender, cases) = channel::<String>();
        thread::spawn(move || {
            let mut case = String::new();
            loop {
                // Between cases and before the first one, nothing can hang.
                let next = if case.is_empty() {
                    cases.recv().map_err(|_| RecvTimeoutError::Disconnected)
                } else {
                    cases.recv_timeout(HANG)
                };
                match next {
                    Ok(next) => case = next,
                    Err(RecvTimeoutError::Timeout) => {
                        eprintln!("{case} has been running for {} s", HANG.as_secs());
                        std::process::abort();
                    }
                    Err(RecvTimeoutError::Disconnected) => return,
                }
            }
        });
        Self(sender)
    }

    /// Does `work`, which is the case of this name.
    ///
    /// # Errors
    /// Those of `work`; where it panics, or took too much memory meanwhile.
    pub(crate) fn over<T>(&self, case: String, work: impl FnOnce() -> Result<T>) -> Result<T> {
        forget_peak();
        let before = peak();
        // The thread ends only with this.
        let _ = self.0.send(case);
        let result = catch_unwind(AssertUnwindSafe(work));
        let _ = self.0.send(String::new());
        let result = match result {
            Ok(result) => result?,
            Err(panic) => bail!("the host panicked: {}", crate::panicked(&*panic)),
        };
        match (before, peak()) {
            (Some(before), Some(after)) if after.saturating_sub(before) > MEMORY => {
                bail!("the host took {} MiB more", (after - before) >> 20)
            }
            _ => Ok(result),
        }
    }
}

/// The most memory that this process has held since [`forget_peak`], in bytes; `None` where the system doesn't tell.
fn peak() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kib| kib << 10)
}

/// Begins to measure anew, where the system lets us.
fn forget_peak() {
    let _ = fs::write("/proc/self/clear_refs", "5");
}
