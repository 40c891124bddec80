//! Bytes on their way to where they may have to wait: a pipe, a terminal, a connection.
//!
//! Bytes that the guest was permitted to write are always taken. Those that find no room wait here, at most [`CAPACITY`] of
//! them, and no more are permitted until they are out. The guest may drop its stream meanwhile, or end its side of the
//! connection. The bytes written before still go out, and the end comes after them. Where they can't go out, the connection
//! is reset: a peer that saw an orderly end would take the part for the whole.
//!
//! Bytes that wait for a connection are charged to the guest's budget. A write that would not fit into the budget if it had to
//! wait fails before a byte of it is sent. Bytes that wait for a standard stream are not charged: there are two such streams,
//! and a guest that is out of memory has to be able to say so.

use std::sync::{Arc, Mutex};

use callgate_system::{Code, Error, Interest, Result, Shutdown, Sink, Socket};

use super::Flow;
use super::shared::{Flag, lock};
use crate::budget::{Budget, Charge};

/// Bytes that are taken in one call, and that may wait.
pub(crate) const CAPACITY: u64 = 64 << 10;

/// The destination of the bytes, and those that wait.
pub(crate) struct Outbox {
    to: To,
    /// The end of a wait before more goes out.
    room: Interest,
    waiting: Mutex<Waiting>,
    /// True while there are such bytes. Mostly there are none, and this tells so without the lock.
    waits: Flag,
    /// Nothing more will be written; a connection is told when the last byte is out.
    ended: Flag,
}

/// References that an outbox itself has to its connection: to send, and to wait for room.
const OWN: usize = 2;

enum To {
    Sink(Arc<dyn Sink>),
    Socket(Arc<dyn Socket>, Budget),
}

/// Bytes that wait.
#[derive(Default)]
struct Waiting {
    bytes: Vec<u8>,
    /// For their room; none of it is kept when nothing waits.
    charge: Option<Charge>,
}

impl Waiting {
    /// Adds `more`, which fits into `budget`, where there is one.
    fn add(&mut self, more: &[u8], budget: Option<&Budget>) -> Result<()> {
        if let Some(budget) = budget {
            self.charge.get_or_insert_with(|| budget.nothing()).grow(more.len())?;
        }
        self.bytes.reserve_exact(more.len());
        self.bytes.extend_from_slice(more);
        Ok(())
    }

    /// The first bytes are out.
    fn remove(&mut self, count: usize) {
        self.bytes.drain(..count);
        if self.bytes.is_empty() {
            *self = Self::default();
        }
    }
}

impl Outbox {
    pub(crate) fn of_sink(sink: Arc<dyn Sink>) -> Self {
        let room = Interest::Writable(Arc::clone(&sink));
        Self::new(To::Sink(sink), room)
    }

    pub(crate) fn of_socket(socket: &Arc<dyn Socket>, budget: &Budget) -> Self {
        let room = Interest::Sendable(Arc::clone(socket));
        Self::new(To::Socket(Arc::clone(socket), budget.clone()), room)
    }

    fn new(to: To, room: Interest) -> Self {
        Self { to, room, waiting: Mutex::default(), waits: Flag::default(), ended: Flag::default() }
    }

    /// True if the other end is a terminal (isatty).
    pub(crate) fn is_terminal(&self) -> bool {
        matches!(&self.to, To::Sink(sink) if sink.is_terminal())
    }

    /// Takes all of `contents`, in order after the bytes that wait.
    ///
    /// # Errors
    /// Those of the sink or the socket; `InsufficientMemory` where the contents could not wait, and then nothing is sent.
    pub(crate) fn write(&self, contents: &[u8]) -> Result<Flow<()>> {
        if self.ended.get() {
            return Ok(Flow::Closed);
        }
        let budget = self.budget();
        if budget.is_some_and(|budget| !budget.has(contents.len())) {
            return Err(Code::InsufficientMemory.into());
        }
        let taken = if self.waits.get() { Some(0) } else { self.send(contents)? };
        let Some(taken) = taken else { return Ok(Flow::Closed) };
        if taken < contents.len() {
            lock(&self.waiting).add(&contents[taken..], budget)?;
            self.waits.set(true);
        }
        Ok(Flow::Open(()))
    }

    /// Sends out what waits, as far as there is room.
    pub(crate) fn flush(&self) -> Result<Flow<()>> {
        if !self.waits.get() {
            return Ok(if self.ended.get() { Flow::Closed } else { Flow::Open(()) });
        }
        let mut waiting = lock(&self.waiting);
        let sent = self.send(&waiting.bytes);
        match sent {
            Ok(Some(taken)) => waiting.remove(taken),
            _ => *waiting = Waiting::default(),
        }
        self.waits.set(!waiting.bytes.is_empty());
        match sent? {
            None => return Ok(Flow::Closed),
            Some(_) if waiting.bytes.is_empty() && self.ended.get() => self.shut_down()?,
            Some(_) => {}
        }
        Ok(Flow::Open(()))
    }

    /// Ends this side of the connection after the bytes that wait.
    pub(crate) fn end(&self) -> Result<()> {
        self.ended.set(true);
        if self.is_empty() { self.shut_down() } else { Ok(()) }
    }

    /// True if no bytes wait, here or on the way out of the process.
    pub(crate) fn is_empty(&self) -> bool {
        let settled = match &self.to {
            To::Sink(sink) => sink.is_settled(),
            To::Socket(..) => true,
        };
        settled && !self.waits.get()
    }

    /// Bytes that wait here.
    pub(crate) fn len(&self) -> usize {
        lock(&self.waiting).bytes.len()
    }

    /// True if this outbox alone keeps a connection open.
    pub(crate) fn is_orphan(&self) -> bool {
        matches!(&self.to, To::Socket(socket, _) if Arc::strong_count(socket) == OWN)
    }

    /// The event to wait for before more goes out.
    pub(crate) fn room(&self) -> &Interest {
        &self.room
    }

    /// The budget that pays for the bytes that wait.
    fn budget(&self) -> Option<&Budget> {
        match &self.to {
            To::Sink(_) => None,
            To::Socket(_, budget) => Some(budget),
        }
    }

    fn shut_down(&self) -> Result<()> {
        match &self.to {
            To::Sink(_) => Ok(()),
            To::Socket(socket, _) => socket.shutdown(Shutdown::Send),
        }
    }

    /// Writes until there is no more room, and says how much was taken; `None` where nobody reads it any more.
    fn send(&self, contents: &[u8]) -> Result<Option<usize>> {
        let mut taken = 0;
        while taken < contents.len() {
            let written = match &self.to {
                To::Sink(sink) => sink.write(&contents[taken..]),
                To::Socket(socket, _) => socket.send(&contents[taken..]),
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
        if let To::Socket(socket, _) = &self.to
            && !self.is_empty()
        {
            // Where a system knows no reset, the connection ends as it can.
            let _ = socket.abort();
        }
    }
}
