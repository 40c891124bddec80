//! Standard input that may make a reader wait: a console or a pipe, read by a thread of its own.
//!
//! The thread starts with the first wish to read, and reads only while there is one, so nothing is taken from whoever shares the
//! stream that nobody here asked for; at most [`CHUNK`] bytes wait. It is never ended: a read under way can't be.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use callgate_system::{Code, Error, Result};

use crate::error::Status;
use crate::wake::{Wake, Wakers};

/// Bytes that are read ahead at most.
pub(super) const CHUNK: usize = 64 * 1024;

/// A read that may wait, appending to its argument; nothing at the end.
pub(super) type Wait = Box<dyn FnMut(&mut Vec<u8>) -> std::result::Result<(), Status> + Send>;

pub(super) struct Reader {
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    /// Something is wanted.
    asked: Condvar,
}

#[derive(Default)]
struct State {
    /// The function for the thread, until the thread is started.
    idle: Option<Wait>,
    bytes: Vec<u8>,
    /// The number of `bytes` that were taken.
    taken: usize,
    wanted: bool,
    end: Option<Result<()>>,
    wakers: Wakers,
}

impl Reader {
    pub(super) fn new(wait: Wait) -> Self {
        let state = Mutex::new(State { idle: Some(wait), ..State::default() });
        Self { shared: Arc::new(Shared { state, asked: Condvar::new() }) }
    }

    /// Takes what has come, into the spare capacity of `buffer`.
    pub(super) fn read(&self, buffer: &mut Vec<u8>) -> Result<usize> {
        let mut state = self.shared.lock();
        let waiting = state.bytes.get(state.taken..).unwrap_or_default();
        let count = waiting.len().min(buffer.capacity() - buffer.len());
        if count > 0 {
            buffer.extend(waiting.iter().take(count));
            state.taken += count;
            return Ok(count);
        }
        match state.end {
            Some(end) => end.map(|()| 0),
            None => {
                self.want(&mut state);
                Err(Code::WouldBlock.into())
            }
        }
    }

    /// True if something has come. If not, `waker` is woken when it has.
    pub(super) fn poll(&self, waker: &Arc<dyn Wake>) -> bool {
        let mut state = self.shared.lock();
        if state.taken < state.bytes.len() || state.end.is_some() {
            return true;
        }
        state.wakers.register(waker);
        self.want(&mut state);
        state.end.is_some()
    }

    fn want(&self, state: &mut State) {
        state.wanted = true;
        self.shared.asked.notify_one();
        let Some(wait) = state.idle.take() else { return };
        let shared = Arc::clone(&self.shared);
        let thread = std::thread::Builder::new().name("stdin".into());
        if thread.spawn(move || shared.run(wait)).is_err() {
            state.end = Some(Err(Error::new(Code::InsufficientMemory)));
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads whenever something is wanted, to the end.
    fn run(&self, mut wait: Wait) {
        let mut state = self.lock();
        while state.end.is_none() {
            if !state.wanted {
                state = self.asked.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            // Nobody reads them: something is wanted only when all are read.
            let mut bytes = std::mem::take(&mut state.bytes);
            state.taken = 0;
            drop(state);
            bytes.clear();
            let read = wait(&mut bytes);
            state = self.lock();
            state.wanted = false;
            if read.is_err() || bytes.is_empty() {
                state.end = Some(read.map_err(Status::portable));
            }
            state.bytes = bytes;
            state.wakers.wake_all();
        }
    }
}

#[cfg(test)]
mod tests;
