//! The end of this process, in bounded time, whatever state its standard streams, its trace and its summary are in.
//!
//! Hazard: whoever reads standard error, or the trace, may have stopped, and then a write to it waits for ever, with a lock held.
//! So last words are written by threads of their own, which are left alone when they take too long; and the process ends by the
//! system's own call, which runs no destructor, flushes nothing and takes no lock.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use callgate_wasi::Observer;

use crate::platform;

/// The time that an ending process gives to whoever should take its last words.
const PATIENCE: Duration = Duration::from_millis(250);

/// The time that it gives the system to run the thread that says them: on a busy machine that says nothing of who should take them.
const START: Duration = Duration::from_secs(5);

/// True if somebody has begun to end the process.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// How the run ended, once somebody outside of it ended it.
static ENDING: OnceLock<String> = OnceLock::new();

static OBSERVERS: OnceLock<Vec<Arc<dyn Observer>>> = OnceLock::new();

/// Says `line` on standard error, and to the observers of the run, if somebody takes it in time, and ends the process with `code`. May be called
/// by any thread, whatever the others do; of several callers the first is served, and the others don't return either.
pub(crate) fn end(line: &str, code: u8) -> ! {
    take();
    finish(line.strip_prefix("callgate: ").unwrap_or(line));
    say(line);
    platform::exit(code)
}

/// Makes the end of the process the caller's: nobody else [ends](end) it from now on. Doesn't return where another was first.
pub(crate) fn take() {
    if TAKEN.swap(true, Ordering::SeqCst) {
        loop {
            thread::park();
        }
    }
}

/// Brings the trace and the summary out before a signal ends the process. Whoever else would end it meanwhile waits for that.
pub(crate) fn before_signal(name: &str) {
    TAKEN.store(true, Ordering::SeqCst);
    finish(&format!("ended by {name}"));
}

/// Says `line` on standard error if somebody takes it in time.
pub(crate) fn say(line: &str) {
    let text = format!("{line}\n");
    // One write, and no panic where standard error is closed: there is nobody to tell then.
    in_time(move || drop(io::stderr().write_all(text.as_bytes())));
}

/// From now on there are observers, whose last words must come out too.
pub(crate) fn keep(observers: Vec<Arc<dyn Observer>>) {
    OBSERVERS.get_or_init(|| observers);
}

/// How the run ended, in few words, where that was decided from outside.
pub(crate) fn ending() -> Option<&'static str> {
    ENDING.get().map(String::as_str)
}

/// Brings out what each observer holds back, and how the run ended, if somebody takes it in time.
fn finish(how: &str) {
    let how = ENDING.get_or_init(|| how.to_owned());
    for observer in OBSERVERS.get().into_iter().flatten() {
        in_time(move || drop(observer.finish(how)));
    }
}

/// Does `act` on a thread of its own, and leaves that alone where it takes longer. Where no thread can be had, it is not done.
fn in_time(act: impl FnOnce() + Send + 'static) {
    let (begins, begun) = channel::<()>();
    let act = move || {
        begins.send(()).ok();
        act();
        drop(begins);
    };
    drop(thread::Builder::new().name("last-words".into()).spawn(act));
    // The sender is dropped when the act is done, and when there is no thread.
    if begun.recv_timeout(START).is_ok() {
        begun.recv_timeout(PATIENCE).ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_too_long_is_left_alone() {
        in_time(|| {
            loop {
                thread::park();
            }
        });
    }

    #[test]
    fn what_is_done_in_time_is_waited_for() {
        let (did, seen) = channel();
        in_time(move || did.send(()).unwrap());
        assert_eq!(seen.recv(), Ok(()));
    }
}
