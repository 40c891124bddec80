//! Loading a program within limits of their own.
//!
//! A program decides what its compiler does: some kilobytes of text can take minutes and gigabytes. So reading and compiling is
//! watched, by a thread that ends the process at the limit of time, and by an allocator that counts for as long as it takes
//! (`memory.rs`). These limits are separate from those of the run, since what a program is allowed must not depend on whether its code is
//! in the cache.
//!
//! Work that takes no more than a few milliseconds by its length is done without a watch: looking a short program up in the cache, and
//! loading short machine code.

pub(crate) mod memory;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::thread::{self, JoinHandle, Thread};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use callgate_system::Untrusted;
use callgate_wasi::{Binding, Bound, Program, ProgramFile, Runtime, RuntimeOptions};

use crate::WRONG_USE;
use crate::arguments::CompileLimits;
use crate::quantity::show_size;
use crate::{last_words, lockdown, platform};

/// What becomes of the compiler's threads when it is done.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Threads {
    /// They wait for more.
    Stay,
    /// They end.
    End,
}

/// The code of a program, as the options permit it to be had.
///
/// # Errors
/// Those of [`Runtime::load_file`]; machine code that the user did not ask for.
pub(crate) fn load(
    options: &RuntimeOptions,
    path: &Path,
    limits: &CompileLimits,
    allow_precompiled: bool,
) -> Result<Program> {
    load_file(options, &ProgramFile::open(path)?, limits, allow_precompiled, Threads::Stay)
}

/// The same, of an open file.
///
/// # Errors
/// As [`load`].
pub(crate) fn load_file(
    options: &RuntimeOptions,
    file: &ProgramFile,
    limits: &CompileLimits,
    allow_precompiled: bool,
    threads: Threads,
) -> Result<Program> {
    let path = file.path();
    if file.is_machine_code() && allow_precompiled {
        return load_vouched(options, file, limits);
    }
    let runtime = Runtime::new(options)?;
    // The thread of a watch would take longer: an eighth of a whole start.
    if let Some(program) = runtime.load_at_once(file) {
        return Ok(program);
    }
    let compile = || match threads {
        Threads::Stay => Ok(runtime.load_file(file)),
        Threads::End => lockdown::alone(|| runtime.load_file(file)),
    };
    match within(limits, path, compile)?? {
        Err(error) if error.is_machine_code() => {
            bail!("{error}; if you trust whoever made it, add --allow-precompiled")
        }
        loaded => Ok(loaded?),
    }
}

/// Machine code that the user vouches for.
#[allow(unsafe_code, reason = "the user vouches for machine code by an option")]
fn load_vouched(options: &RuntimeOptions, file: &ProgramFile, limits: &CompileLimits) -> Result<Program> {
    // It is as it was compiled, with or without checks of a time limit.
    let runtime = Runtime::new(&RuntimeOptions { interruptible: false, ..options.clone() })?;
    // SAFETY: the user has said that whoever made the file is trusted.
    let load = || unsafe { runtime.load_precompiled(file) };
    Ok(if file.is_short() { load() } else { within(limits, file.path(), load)? }?)
}

/// The binding of components that the environment asks for. `CALLGATE_BIND=engine` is for comparison, and for whoever suspects a fault
/// of ours.
///
/// # Errors
/// If it is neither `engine` nor `direct`.
pub(crate) fn binding() -> Result<Binding> {
    match std::env::var_os("CALLGATE_BIND") {
        None => Ok(Binding::Direct),
        Some(value) if value == "direct" => Ok(Binding::Direct),
        Some(value) if value == "engine" => Ok(Binding::Engine),
        Some(value) => bail!("CALLGATE_BIND is {value:?}; make it `direct` or `engine`, or unset it"),
    }
}

/// The way that a program's calls reach the host. To tell it may take another look at the program's file.
///
/// # Errors
/// If no thread can be had to watch the limits.
pub(crate) fn bound(program: &Program, path: &Path, limits: &CompileLimits) -> Result<Bound> {
    within(limits, path, || program.bound())
}

/// Does `work` on the program in `path`; the process ends where that takes more than the limits.
fn within<T>(limits: &CompileLimits, path: &Path, work: impl FnOnce() -> T) -> Result<T> {
    let watch = Watch::begin(limits, path).context("cannot start a thread to watch the compiler")?;
    let counted = memory::Counted::begin(limits.compile_memory, watch.thread());
    let done = work();
    drop(counted);
    drop(watch);
    Ok(done)
}

/// A thread that ends the process when the limits are passed, until this is dropped.
struct Watch {
    state: Arc<AtomicU8>,
    thread: Option<JoinHandle<()>>,
}

/// Loading goes on.
const LOADING: u8 = 0;
/// It is over, and the thread with it.
const OVER: u8 = 1;
/// It has passed a limit first, and the thread ends the process.
const PASSED: u8 = 2;

impl Watch {
    fn begin(limits: &CompileLimits, path: &Path) -> std::io::Result<Self> {
        let state = Arc::new(AtomicU8::new(LOADING));
        let (seen, limits, path) = (Arc::clone(&state), *limits, path.to_owned());
        let watching = move || {
            let Some(passed) = passed_limit(&limits, &seen) else { return };
            // A program that is loaded from now on is not run, however long the last words take.
            if seen.compare_exchange(LOADING, PASSED, Ordering::AcqRel, Ordering::Acquire).is_ok() {
                last_words::end(&format!("callgate: {}: {passed}", Untrusted::new(path.display())), WRONG_USE);
            }
        };
        let thread = thread::Builder::new().name("loading".into()).spawn(watching)?;
        Ok(Self { state, thread: Some(thread) })
    }

    /// The thread to be woken where a limit is passed.
    fn thread(&self) -> Option<Thread> {
        self.thread.as_ref().map(|thread| thread.thread().clone())
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let Some(thread) = self.thread.take() else { return };
        if self.state.swap(OVER, Ordering::AcqRel) == PASSED {
            // It ends the process.
            drop(thread.join());
        } else {
            thread.thread().unpark();
            platform::leave(thread);
        }
    }
}

/// Waits until loading is over, or has passed a limit: which, and what to do.
fn passed_limit(limits: &CompileLimits, state: &AtomicU8) -> Option<String> {
    let end = Instant::now().checked_add(limits.compile_timeout);
    loop {
        let left = end.map_or(Duration::MAX, |end| end.saturating_duration_since(Instant::now()));
        if state.load(Ordering::Acquire) == OVER {
            return None;
        }
        if memory::is_passed() {
            let memory = show_size(limits.compile_memory);
            return Some(format!("to load it takes more than {memory} of memory; allow more with --compile-memory"));
        }
        if left.is_zero() {
            return Some(format!(
                "to load it takes longer than {:?}; allow more with --compile-timeout",
                limits.compile_timeout
            ));
        }
        thread::park_timeout(left);
    }
}
