//! Standard output that may make a writer wait: a pipe, written by a thread of its own, which starts with the first write.
//!
//! One piece is under way at a time, so at most [`CHUNK`] bytes are. Hazard: a piece was taken before it is out, so the process may not end
//! in between; [`Writer::is_settled`] tells.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use callgate_system::{Code, Error, Result};

use crate::error::Status;
use crate::wake::{Wake, Wakers};

/// Bytes that are under way at most.
const CHUNK: usize = 64 * 1024;

/// A write that may wait; how much went.
pub(super) type Wait = Box<dyn FnMut(&[u8]) -> std::result::Result<usize, Status> + Send>;

pub(super) struct Writer {
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    /// A piece was handed over.
    given: Condvar,
}

#[derive(Default)]
struct State {
    /// The function for the thread, until the thread is started.
    idle: Option<Wait>,
    piece: Option<Vec<u8>>,
    /// True while a piece is under way.
    busy: bool,
    failed: Option<Error>,
    wakers: Wakers,
}

impl Writer {
    pub(super) fn new(wait: Wait) -> Self {
        let state = Mutex::new(State { idle: Some(wait), ..State::default() });
        Self { shared: Arc::new(Shared { state, given: Condvar::new() }) }
    }

    /// Takes some of `buffer`, where nothing is under way.
    pub(super) fn write(&self, buffer: &[u8]) -> Result<usize> {
        let mut state = self.shared.lock();
        if let Some(error) = state.failed {
            return Err(error);
        }
        if state.busy {
            return Err(Code::WouldBlock.into());
        }
        self.start(&mut state)?;
        let piece: Vec<u8> = buffer.iter().take(CHUNK).copied().collect();
        let count = piece.len();
        state.piece = Some(piece);
        state.busy = true;
        self.shared.given.notify_one();
        Ok(count)
    }

    /// True if a write would take something or fail. If not, `waker` is woken when it would.
    pub(super) fn poll(&self, waker: &Arc<dyn Wake>) -> bool {
        let mut state = self.shared.lock();
        if state.busy {
            state.wakers.register(waker);
        }
        !state.busy
    }

    /// True if nothing is under way.
    pub(super) fn is_settled(&self) -> bool {
        !self.shared.lock().busy
    }

    fn start(&self, state: &mut State) -> Result<()> {
        let Some(wait) = state.idle.take() else { return Ok(()) };
        let shared = Arc::clone(&self.shared);
        let started = std::thread::Builder::new().name("stdout".into()).spawn(move || shared.run(wait));
        started.map(drop).map_err(|_| {
            let error = Error::new(Code::InsufficientMemory);
            state.failed = Some(error);
            error
        })
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes each piece that is handed over, until one fails.
    fn run(&self, mut wait: Wait) {
        let mut state = self.lock();
        while state.failed.is_none() {
            let Some(piece) = state.piece.take() else {
                state = self.given.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            drop(state);
            let written = write_all(&mut wait, &piece);
            state = self.lock();
            state.busy = false;
            state.failed = written.err().map(Status::portable);
            state.wakers.wake_all();
        }
    }
}

fn write_all(wait: &mut Wait, mut rest: &[u8]) -> std::result::Result<(), Status> {
    while !rest.is_empty() {
        match wait(rest)? {
            // No progress: never again, rather than for ever.
            0 => return Err(Status::PIPE_CLOSING),
            count => rest = rest.get(count..).unwrap_or_default(),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
