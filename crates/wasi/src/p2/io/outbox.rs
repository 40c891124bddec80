//! Bytes on their way to where they may have to wait: a pipe, a terminal, a connection.
//!
//! What the guest was permitted to write is taken, whatever room there is; what finds none waits here, at most [`CAPACITY`]
//! bytes, and nothing more is permitted until it is out. The guest may drop its stream meanwhile, or end its side of
//! the connection: what it wrote before still goes out, and the end comes behind it. Where it can't, the connection ends by a
//! reset: a peer that saw its end would take the part for the whole.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use callgate_system::{Code, Error, Interest, Result, Shutdown, Sink, Socket};

use super::Flow;

/// Bytes that are taken in one call, and that may wait.
pub(crate) const CAPACITY: u64 = 64 << 10;

/// Where the bytes go, and those that wait.
pub(crate) struct Outbox {
    to: To,
    waiting: RefCell<Vec<u8>>,
    /// Nothing more will be written; a connection is told when the last byte is out.
    ended: Cell<bool>,
}

enum To {
    Sink(Arc<dyn Sink>),
    Socket(Arc<dyn Socket>),
}

impl Outbox {
    pub(crate) fn of_sink(sink: Arc<dyn Sink>) -> Self {
        Self::new(To::Sink(sink))
    }

    pub(crate) fn of_socket(socket: Arc<dyn Socket>) -> Self {
        Self::new(To::Socket(socket))
    }

    fn new(to: To) -> Self {
        Self { to, waiting: RefCell::default(), ended: Cell::new(false) }
    }

    /// Whether a person sits at the other end.
    pub(crate) fn is_terminal(&self) -> bool {
        matches!(&self.to, To::Sink(sink) if sink.is_terminal())
    }

    /// Takes all of `contents`, in order behind what waits.
    pub(crate) fn write(&self, contents: &[u8]) -> Result<Flow<()>> {
        if self.ended.get() {
            return Ok(Flow::Closed);
        }
        let mut waiting = self.waiting.borrow_mut();
        let taken = if waiting.is_empty() { self.send(contents)? } else { Some(0) };
        let Some(taken) = taken else { return Ok(Flow::Closed) };
        waiting.extend_from_slice(&contents[taken..]);
        Ok(Flow::Open(()))
    }

    /// Sends out what waits, as far as there is room.
    pub(crate) fn flush(&self) -> Result<Flow<()>> {
        let mut waiting = self.waiting.borrow_mut();
        if waiting.is_empty() {
            return Ok(if self.ended.get() { Flow::Closed } else { Flow::Open(()) });
        }
        match self.send(&waiting) {
            Ok(Some(taken)) => {
                waiting.drain(..taken);
                if waiting.is_empty() && self.ended.get() {
                    self.shut_down()?;
                }
                Ok(Flow::Open(()))
            }
            lost => {
                waiting.clear();
                lost.map(|_| Flow::Closed)
            }
        }
    }

    /// Ends this side of the connection behind what waits.
    pub(crate) fn end(&self) -> Result<()> {
        self.ended.set(true);
        if self.is_empty() { self.shut_down() } else { Ok(()) }
    }

    /// Whether nothing waits, here or on the way out of the process.
    pub(crate) fn is_empty(&self) -> bool {
        let settled = match &self.to {
            To::Sink(sink) => sink.is_settled(),
            To::Socket(_) => true,
        };
        settled && self.len() == 0
    }

    /// Bytes that wait here.
    pub(crate) fn len(&self) -> usize {
        self.waiting.borrow().len()
    }

    /// Whether this alone keeps a connection open.
    pub(crate) fn is_orphan(&self) -> bool {
        matches!(&self.to, To::Socket(socket) if Arc::strong_count(socket) == 1)
    }

    /// What to wait for before more goes out.
    pub(crate) fn room(&self) -> Interest<'_> {
        match &self.to {
            To::Sink(sink) => Interest::Writable(&**sink),
            To::Socket(socket) => Interest::Sendable(&**socket),
        }
    }

    fn shut_down(&self) -> Result<()> {
        match &self.to {
            To::Sink(_) => Ok(()),
            To::Socket(socket) => socket.shutdown(Shutdown::Send),
        }
    }

    /// Writes until there is no more room, and says how much was taken; `None` where nobody reads it any more.
    fn send(&self, contents: &[u8]) -> Result<Option<usize>> {
        let mut taken = 0;
        while taken < contents.len() {
            let written = match &self.to {
                To::Sink(sink) => sink.write(&contents[taken..]),
                To::Socket(socket) => socket.send(&contents[taken..]),
            };
            match written {
                Ok(written) => taken += written,
                Err(Error { code: Code::WouldBlock, .. }) => break,
                Err(Error { code: Code::Pipe, .. }) => return Ok(None),
                Err(error) => return Err(error),
            }
        }
        Ok(Some(taken))
    }
}

impl Drop for Outbox {
    fn drop(&mut self) {
        if let To::Socket(socket) = &self.to
            && !self.is_empty()
        {
            // Where a system knows no reset, it ends as it can.
            let _ = socket.abort();
        }
    }
}
