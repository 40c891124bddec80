//! The standard streams. They are the process's own, shared with whoever started it: their mode is never changed.
//!
//! No portable call reads without waiting, so a thread reads standard input, one piece ahead at most, and from the first
//! time on that somebody asks. It is never waited for: the end of the process takes it along. Output goes out before the call
//! returns (`os::stdout`), so that nothing is lost at the end.
//!
//! Hazard: the end of input stays the end, on a terminal, too.

use std::io::{self, IsTerminal as _, Read};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use callgate_system::{Code, Error, Result, Source, Stdio};

use crate::bell::Bell;
use crate::error::{again, portable};
use crate::os;

/// As much as is read ahead.
const AHEAD: usize = 64 * 1024;

/// The streams of the process.
pub(crate) fn of_process(bell: &Arc<Bell>) -> Stdio {
    let terminal = io::stdin().is_terminal();
    let stdin = Arc::new(Input::of(|| Box::new(io::stdin()), terminal, bell));
    Stdio { stdin, stdout: os::stdout(), stderr: os::stderr() }
}

type Open = Box<dyn Fn() -> Box<dyn Read> + Send + Sync>;

/// Standard input.
pub(crate) struct Input {
    shared: Arc<Shared>,
    terminal: bool,
}

struct Shared {
    /// Makes the stream to read, in the thread that reads it.
    open: Open,
    state: Mutex<State>,
    taken: Condvar,
    bell: Arc<Bell>,
}

#[derive(Default)]
struct State {
    started: bool,
    /// Read, and not taken yet.
    ahead: Vec<u8>,
    /// The number of bytes of `ahead` that are taken.
    at: usize,
    /// The result of a read after those bytes, for ever.
    end: Option<Result<()>>,
}

impl State {
    fn rest(&self) -> &[u8] {
        self.ahead.get(self.at..).unwrap_or_default()
    }

    fn is_ready(&self) -> bool {
        !self.rest().is_empty() || self.end.is_some()
    }
}

impl Input {
    /// Reads the stream that `open` gives, from the first question on.
    fn of(open: impl Fn() -> Box<dyn Read> + Send + Sync + 'static, terminal: bool, bell: &Arc<Bell>) -> Self {
        let shared =
            Shared { open: Box::new(open), state: Mutex::default(), taken: Condvar::new(), bell: Arc::clone(bell) };
        Self { shared: Arc::new(shared), terminal }
    }

    /// True if a read would report something, be it the end or an error. Begins to read.
    pub(crate) fn is_ready(&self) -> bool {
        self.asked().map_or(true, |state| state.is_ready())
    }

    /// The state, with a thread at work on it.
    fn asked(&self) -> Result<MutexGuard<'_, State>> {
        let mut state = self.shared.state();
        if !state.started {
            let shared = Arc::clone(&self.shared);
            let thread = std::thread::Builder::new().name("stdin".into()).spawn(move || shared.read_ahead());
            thread.map_err(|_| Error::new(Code::InsufficientMemory))?;
            state.started = true;
        }
        Ok(state)
    }
}

impl Source for Input {
    fn read(&self, buffer: &mut Vec<u8>) -> Result<usize> {
        let room = buffer.capacity() - buffer.len();
        if room == 0 {
            return Ok(0);
        }
        let mut state = self.asked()?;
        let length = state.rest().len().min(room);
        if length == 0 {
            return state.end.unwrap_or(Err(Code::WouldBlock.into())).map(|()| 0);
        }
        buffer.extend_from_slice(&state.rest()[..length]);
        state.at += length;
        self.shared.taken.notify_one();
        Ok(length)
    }

    fn is_terminal(&self) -> bool {
        self.terminal
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        // No panic leaves it half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads a piece whenever the one before was taken, to the end.
    fn read_ahead(&self) {
        let mut input = (self.open)();
        let mut piece = vec![0; AHEAD];
        loop {
            let read = again(|| input.read(&mut piece));
            let mut state = self.state();
            match &read {
                Ok(0) => state.end = Some(Ok(())),
                Ok(length) => {
                    state.ahead.clear();
                    state.ahead.extend_from_slice(&piece[..(*length).min(AHEAD)]);
                    state.at = 0;
                }
                Err(_) => {}
            }
            if let Err(error) = read {
                state.end = Some(Err(portable(error)));
            }
            self.bell.ring();
            if state.end.is_some() {
                return;
            }
            drop(self.taken.wait_while(state, |state| !state.rest().is_empty()));
        }
    }
}

#[cfg(test)]
mod tests;
