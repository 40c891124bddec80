//! `--progress`: a line on the terminal that tells what the program is doing, and an answer to SIGUSR1.
//!
//! A thread of its own draws and answers; the guest's thread only notes what it does. When the guest is asked for its stack, the stack goes to that thread.
//!
//! Hazard: what is shown of calls is the guest's. [`Look`] escapes it.

use std::fmt;
use std::io::{self, IsTerminal as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use callgate_system::Untrusted;
use callgate_trace::{Activity, Look};
use callgate_wasi::{Call, Event, Observer, Sandbox, StackRequest, Value};

use crate::arguments::RunOptions;
use crate::{platform, say, status_line};

/// The time between two looks at the guest.
const TICK: Duration = Duration::from_millis(250);

/// The observer.
struct Looking {
    look: Look,
    /// The standard streams that the guest writes to a terminal, by name.
    terminals: Vec<&'static str>,
    is_over: AtomicBool,
}

/// Begins to catch the signal that asks. Until then it would end the process.
///
/// # Errors
/// If it can't be caught.
pub(super) fn listen(options: &RunOptions) -> Result<Arc<AtomicBool>> {
    let asked = Arc::default();
    if options.progress {
        platform::when_asked(&asked).context("--progress: cannot be told of signals")?;
    }
    Ok(asked)
}

/// Begins the look that was asked for; it is drawn, and `asked` is looked at, until the run is over.
///
/// # Errors
/// If no thread can be had.
pub(super) fn begin(
    sandbox: &mut Sandbox,
    options: &RunOptions,
    asked: &Arc<AtomicBool>,
) -> Result<Option<Arc<dyn Observer>>> {
    if !options.progress {
        return Ok(None);
    }
    if is_drawn(options) {
        status_line::open();
    }
    let streams = [("stdout", io::stdout().is_terminal()), ("stderr", io::stderr().is_terminal())];
    let terminals = streams.into_iter().filter(|(_, is_terminal)| *is_terminal).map(|(name, _)| name).collect();
    let looking = Arc::new(Looking { look: Look::new(), terminals, is_over: AtomicBool::new(false) });
    let (send, stacks) = channel();
    let request = sandbox.stack_on_request(move |stack| drop(send.send(stack)));
    let program = Untrusted::new(options.program().display()).to_string();
    let (observer, asked) = (Arc::clone(&looking), Arc::clone(asked));
    let watch = move || looking.watch(&program, &request, &stacks, &asked);
    thread::Builder::new().name("progress".into()).spawn(watch).context("--progress: no thread can be had")?;
    Ok(Some(observer))
}

/// True if a line is drawn. A trace on the same terminal shows each call anyway.
pub(super) fn is_drawn(options: &RunOptions) -> bool {
    options.progress && io::stderr().is_terminal() && !matches!(options.trace.file, Some(None))
}

impl Looking {
    fn watch(&self, program: &str, request: &StackRequest, stacks: &Receiver<String>, asked: &AtomicBool) {
        let mut before = self.look.now();
        while !self.is_over.load(Ordering::SeqCst) {
            match stacks.recv_timeout(TICK) {
                Ok(stack) => {
                    say(&format!("callgate: {program} is at\nwasm backtrace:\n{}", stack.trim_end()));
                    continue;
                }
                Err(RecvTimeoutError::Timeout) => {}
                // The sandbox is gone, and with it the run.
                Err(RecvTimeoutError::Disconnected) => return,
            }
            let now = self.look.now();
            if asked.swap(false, Ordering::SeqCst) {
                answer(program, &now, request);
            }
            status_line::draw(&format!("{}; {now}", now.totals(Some(&before))));
            before = now;
        }
    }

    /// What `call` writes to a terminal, if it does.
    fn shown<'a>(&self, call: &Call<'a>) -> Option<&'a [u8]> {
        let (stream, contents) = written(call).filter(|_| !self.terminals.is_empty())?;
        self.terminals.contains(&stream).then_some(contents)
    }
}

/// Tells what the guest is doing, and asks for its stack if it computes: in a call it could not answer.
fn answer(program: &str, now: &Activity, request: &StackRequest) {
    say(&format!("callgate: {program} after {}: {now}", now.totals(None)));
    if !now.is_in_call() {
        request.ask();
    }
}

/// The stream that a call writes to, if that is no file, and what it writes; nothing where that is not known.
fn written<'a>(call: &Call<'a>) -> Option<(&'a str, &'a [u8])> {
    let (stream, contents) = match *call {
        Call::StreamWrite { contents: [], .. } | Call::StreamBlockingWriteAndFlush { contents: [], .. } => return None,
        Call::StreamWrite { stream, contents } | Call::StreamBlockingWriteAndFlush { stream, contents } => {
            (stream, contents)
        }
        Call::StreamWriteZeroes { stream, .. }
        | Call::StreamBlockingWriteZeroesAndFlush { stream, .. }
        | Call::StreamSplice { stream, .. }
        | Call::StreamBlockingSplice { stream, .. } => (stream, &[][..]),
        _ => return None,
    };
    stream.mount.is_none().then_some((stream.name, contents))
}

/// True if all of `contents` was written, and it ends a line.
fn has_ended_line(contents: &[u8], event: &Event<'_>) -> bool {
    let is_whole = match event.outcome.result {
        Ok(Value::Done) => true,
        Ok(Value::Unsigned(written)) => written == contents.len() as u64,
        _ => false,
    };
    is_whole && contents.ends_with(b"\n")
}

impl Observer for Looking {
    fn begins(&self, call: &Call<'_>) {
        self.look.begins(call);
        if self.shown(call).is_some() {
            status_line::guest_writes();
        }
    }

    fn observe(&self, event: &Event<'_>) -> io::Result<()> {
        if let Some(contents) = self.shown(event.call) {
            status_line::guest_wrote(has_ended_line(contents, event));
        }
        self.look.observe(event)
    }

    fn finish(&self, _: &dyn fmt::Display) -> io::Result<()> {
        self.is_over.store(true, Ordering::SeqCst);
        status_line::close();
        Ok(())
    }
}
