//! The second wall on Linux, in the order in which it is built: Landlock refuses all files and ports but those granted, privileges are given
//! up, seccomp refuses all system calls but those that a run makes.
//!
//! Hazard: before its version 8 Landlock holds for the thread that asks and for those that it starts later. So no thread may have begun
//! before, and it is looked at how many there are; one that seccomp alone holds could be made to do the work of others.

mod calls;
mod domain;
mod facts;
#[cfg_attr(target_arch = "x86_64", path = "old_calls_x86_64.rs")]
#[cfg_attr(not(target_arch = "x86_64"), path = "old_calls_none.rs")]
mod old_calls;
mod privileges;
mod resolver;
#[cfg(debug_assertions)]
mod stand_in;
#[cfg(not(debug_assertions))]
#[path = "stand_in_none.rs"]
mod stand_in;

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use callgate_system::lookup::Resolver;

use super::Plan;

pub(crate) use facts::facts;
pub(crate) use resolver::serve as serve_lookups;
pub(crate) use stand_in::try_to_get_out;

/// How long threads that are about to end are waited for.
const PATIENCE: Duration = Duration::from_secs(1);

/// Builds the wall; what it lacks.
pub(super) fn begin(plan: &Plan) -> Vec<String> {
    // Procfs is asked by name once, and by handle from then on; without it some calls of the portable backend fail, as they do where
    // none is mounted.
    let _ = rustix_linux_procfs::proc_self_fd();
    let threads = other_threads();
    let mut missing = domain::enter(plan, threads);
    // Only now: who overrides the modes of files may have granted what is not to be opened otherwise.
    missing.extend(privileges::give_up().err().map(|error| format!("privileges could not be given up ({error})")));
    missing.extend(calls::restrict(plan).err().map(|error| format!("no seccomp ({error})")));
    missing
}

/// Does `work`, whose helping threads end with it. The compiler's would otherwise stay.
///
/// # Errors
/// If no thread can be had.
pub(crate) fn alone<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T> {
    let pool = rayon::ThreadPoolBuilder::new().build().context("--lockdown: no threads can be had to compile with")?;
    Ok(pool.install(work))
}

/// A resolver that is not locked.
///
/// # Errors
/// If it can't be started.
pub(crate) fn resolver() -> Result<Option<Resolver>> {
    resolver::start().map(Some)
}

/// The threads beside this one, once those that are about to end have done so; `None` where the system doesn't say.
fn other_threads() -> Option<usize> {
    let until = Instant::now() + PATIENCE;
    loop {
        let others = fs::read_dir("/proc/self/task").ok()?.count().checked_sub(1)?;
        if others == 0 || Instant::now() > until {
            return Some(others);
        }
        thread::sleep(Duration::from_micros(50));
    }
}
