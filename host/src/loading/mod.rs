//! Loading a program within limits of their own.
//!
//! A program decides what its compiler does: some kilobytes of text can take minutes and gigabytes. So reading and compiling is
//! watched, by a thread that ends the process at the limit of time, and by an allocator that counts for as long as it takes
//! (`memory.rs`). These limits are separate from those of the run, since what a program is allowed must not depend on whether its code is
//! in the cache.
//!
//! A short file is first looked up in the cache without a watch. That reads it once, and the program in it decides nothing.

pub(crate) mod memory;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle, Thread};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use callgate_system::Untrusted;
use callgate_wasi::{Binding, Bound, LoadError, Precompiled, Program, Runtime, RuntimeOptions};

use crate::WRONG_USE;
use crate::arguments::CompileLimits;
use crate::quantity::show_size;
use crate::{last_words, platform};

/// The longest file, in bytes, that is read without a watch where nothing has to be compiled: a hundredth of a second at the most.
const SHORT: u64 = 16 << 20;

/// The code of a program, as the options permit it to be had.
///
/// # Errors
/// Those of [`Runtime::load`]; machine code that the user did not ask for.
pub(crate) fn load(
    options: &RuntimeOptions,
    path: &Path,
    limits: &CompileLimits,
    allow_precompiled: bool,
) -> Result<Program> {
    let is_short = path.metadata().is_ok_and(|file| file.len() <= SHORT);
    let vouched = allow_precompiled && Program::is_machine_code(path);
    // Machine code is as it was compiled, with or without checks of a time limit.
    let interruptible = options.interruptible && !vouched;
    let runtime = Runtime::new(&RuntimeOptions { interruptible, ..options.clone() })?;
    let at_once = if is_short { load_at_once(&runtime, path, vouched) } else { Ok(None) };
    let loaded = match at_once.transpose() {
        Some(loaded) => loaded,
        None => within(limits, path, || load_whole(&runtime, path, vouched))?,
    };
    match loaded {
        Err(error) if error.is_machine_code() => {
            bail!("{error}; if you trust whoever made it, add --allow-precompiled")
        }
        loaded => Ok(loaded?),
    }
}

/// What takes no compiler, `None` where it takes one. The thread of a watch would take longer: an eighth of a whole start.
fn load_at_once(runtime: &Runtime, path: &Path, vouched: bool) -> Result<Option<Program>, LoadError> {
    if vouched { load_whole(runtime, path, vouched).map(Some) } else { runtime.load_cached(path) }
}

#[allow(unsafe_code, reason = "the user vouches for machine code by an option")]
fn load_whole(runtime: &Runtime, path: &Path, vouched: bool) -> Result<Program, LoadError> {
    if vouched {
        // SAFETY: the user has said that whoever made the file is trusted.
        unsafe { runtime.load_precompiled(path) }
    } else {
        runtime.load(path)
    }
}

/// How components are to be bound: `CALLGATE_BIND=engine` is for comparison, and for whoever suspects a fault of ours.
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

/// How a program's calls get to the host, which may take to look at its file once more.
///
/// # Errors
/// If no thread can be had to watch the limits.
pub(crate) fn bound(program: &Program, path: &Path, limits: &CompileLimits) -> Result<Bound> {
    within(limits, path, || program.bound())
}

/// What a file says of itself that holds code compiled ahead of time.
///
/// # Errors
/// If no thread can be had to watch the limits.
pub(crate) fn precompiled(path: &Path, limits: &CompileLimits) -> Result<Option<Precompiled>> {
    within(limits, path, || Program::precompiled(path))
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
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Watch {
    fn begin(limits: &CompileLimits, path: &Path) -> std::io::Result<Self> {
        let over = Arc::new(AtomicBool::new(false));
        let (seen, limits, path) = (Arc::clone(&over), *limits, path.to_owned());
        let watching = move || {
            if let Some(passed) = passed_limit(&limits, &seen) {
                last_words::end(&format!("callgate: {}: {passed}", Untrusted::new(path.display())), WRONG_USE);
            }
        };
        let thread = thread::Builder::new().name("loading".into()).spawn(watching)?;
        Ok(Self { over, thread: Some(thread) })
    }

    /// The thread to be woken where a limit is passed.
    fn thread(&self) -> Option<Thread> {
        self.thread.as_ref().map(|thread| thread.thread().clone())
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            platform::leave(thread);
        }
    }
}

/// Waits until loading is over, or has passed a limit: which, and what to do.
fn passed_limit(limits: &CompileLimits, over: &AtomicBool) -> Option<String> {
    let end = Instant::now().checked_add(limits.compile_timeout);
    loop {
        let left = end.map_or(Duration::MAX, |end| end.saturating_duration_since(Instant::now()));
        if over.load(Ordering::Acquire) {
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
