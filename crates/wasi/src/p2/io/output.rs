//! Output streams: a file from an offset on, a file's end, a sink such as standard output, or a connection.
//!
//! A file takes what it is given before the call returns. The others may have no room; what `check-write` permitted must be
//! taken all the same, so the rest is kept here, at most [`DRAIN_PERMIT`] bytes, and nothing more is permitted until it is out.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use callgate_gate::Mount;
use callgate_system::{Code, Error, File, Interest, Result, Sink, Socket};

use super::Flow;
use crate::handles::Named;

/// Bytes that a file takes in one call. Guest memory is written in place, so this costs no memory; it bounds the time
/// that one call takes.
const FILE_PERMIT: u64 = 16 << 20;

/// Bytes that a sink or a connection takes in one call, and that may wait here.
const DRAIN_PERMIT: u64 = 64 << 10;

/// An output stream.
pub(crate) struct OutputStream {
    name: String,
    mount: Option<Arc<Mount>>,
    to: To,
}

enum To {
    File { file: Arc<dyn File>, position: Cell<u64> },
    End(Arc<dyn File>),
    Drain { drain: Drain, pending: RefCell<Vec<u8>>, quits: bool },
}

/// Where bytes go that may have to wait.
enum Drain {
    Sink(Arc<dyn Sink>),
    Socket(Arc<dyn Socket>),
}

impl Drain {
    fn write(&self, contents: &[u8]) -> Result<usize> {
        match self {
            Self::Sink(sink) => sink.write(contents),
            Self::Socket(socket) => socket.send(contents),
        }
    }

    fn writable(&self) -> Interest<'_> {
        match self {
            Self::Sink(sink) => Interest::Writable(&**sink),
            Self::Socket(socket) => Interest::Sendable(&**socket),
        }
    }
}

impl OutputStream {
    /// Writes `file` from `offset` on.
    pub(crate) fn of_file(name: &str, mount: &Arc<Mount>, file: &Arc<dyn File>, offset: u64) -> Self {
        let to = To::File { file: Arc::clone(file), position: Cell::new(offset) };
        Self { name: name.to_owned(), mount: Some(Arc::clone(mount)), to }
    }

    /// Writes at the end of `file`.
    pub(crate) fn of_end(name: &str, mount: &Arc<Mount>, file: &Arc<dyn File>) -> Self {
        Self { name: name.to_owned(), mount: Some(Arc::clone(mount)), to: To::End(Arc::clone(file)) }
    }

    /// Writes to `sink`. With `quits`, the run is over when nobody reads it any more.
    pub(crate) fn of_sink(name: &str, sink: Arc<dyn Sink>, quits: bool) -> Self {
        Self::of_drain(name, Drain::Sink(sink), quits)
    }

    /// Writes to a connection.
    pub(crate) fn of_socket(socket: &Arc<dyn Socket>) -> Self {
        Self::of_drain("tcp", Drain::Socket(Arc::clone(socket)), false)
    }

    fn of_drain(name: &str, drain: Drain, quits: bool) -> Self {
        let to = To::Drain { drain, pending: RefCell::default(), quits };
        Self { name: name.to_owned(), mount: None, to }
    }

    /// Whether a person sits at it.
    pub(crate) fn is_terminal(&self) -> bool {
        matches!(&self.to, To::Drain { drain: Drain::Sink(sink), .. } if sink.is_terminal())
    }

    /// Whether the run is over once this stream is closed.
    pub(crate) fn quits(&self) -> bool {
        matches!(self.to, To::Drain { quits: true, .. })
    }

    /// Bytes that [`OutputStream::write`] takes at most.
    pub(crate) fn capacity(&self) -> u64 {
        match self.to {
            To::File { .. } | To::End(_) => FILE_PERMIT,
            To::Drain { .. } => DRAIN_PERMIT,
        }
    }

    /// Bytes that may be written now; 0 while earlier ones wait.
    pub(crate) fn check_write(&self) -> Result<Flow<u64>> {
        match self.flush()? {
            Flow::Closed => Ok(Flow::Closed),
            Flow::Open(()) => Ok(Flow::Open(if self.is_flushed() { self.capacity() } else { 0 })),
        }
    }

    /// Takes all of `contents`, in order behind what waits. Callers have seen to it that nothing waits, or that this
    /// is little.
    pub(crate) fn write(&self, contents: &[u8]) -> Result<Flow<()>> {
        match &self.to {
            To::File { file, position } => fill(contents, |rest| {
                let written = file.write_at(rest, position.get())?;
                position.set(position.get() + written as u64);
                Ok(written)
            }),
            To::End(file) => fill(contents, |rest| file.append(rest)),
            To::Drain { drain, pending, .. } => {
                let mut pending = pending.borrow_mut();
                let taken = if pending.is_empty() { take(drain, contents)? } else { Some(0) };
                let Some(taken) = taken else { return Ok(Flow::Closed) };
                pending.extend_from_slice(&contents[taken..]);
                Ok(Flow::Open(()))
            }
        }
    }

    /// Sends out what waits, as far as there is room.
    pub(crate) fn flush(&self) -> Result<Flow<()>> {
        let To::Drain { drain, pending, .. } = &self.to else { return Ok(Flow::Open(())) };
        let mut pending = pending.borrow_mut();
        if pending.is_empty() {
            return Ok(Flow::Open(()));
        }
        match take(drain, &pending) {
            Ok(Some(taken)) => {
                pending.drain(..taken);
                Ok(Flow::Open(()))
            }
            lost => {
                pending.clear();
                lost.map(|_| Flow::Closed)
            }
        }
    }

    /// Whether nothing waits.
    pub(crate) fn is_flushed(&self) -> bool {
        match &self.to {
            To::Drain { pending, .. } => pending.borrow().is_empty(),
            _ => true,
        }
    }

    /// What to wait for before more may be written; nothing, where more always may.
    pub(crate) fn writable(&self) -> Option<Interest<'_>> {
        match &self.to {
            To::Drain { drain, .. } => Some(drain.writable()),
            _ => None,
        }
    }
}

impl Named for OutputStream {
    fn name(&self) -> &str {
        &self.name
    }

    fn mount(&self) -> Option<&Mount> {
        self.mount.as_deref()
    }
}

/// Repeats a partial write until all is written.
fn fill(mut contents: &[u8], mut write: impl FnMut(&[u8]) -> Result<usize>) -> Result<Flow<()>> {
    while !contents.is_empty() {
        let written = write(contents)?;
        contents = &contents[written..];
    }
    Ok(Flow::Open(()))
}

/// Writes to `drain` until it has no more room, and says how much it took; `None` where nobody reads it any more.
fn take(drain: &Drain, contents: &[u8]) -> Result<Option<usize>> {
    let mut taken = 0;
    while taken < contents.len() {
        match drain.write(&contents[taken..]) {
            Ok(written) => taken += written,
            Err(Error { code: Code::WouldBlock, .. }) => break,
            Err(Error { code: Code::Pipe, .. }) => return Ok(None),
            Err(error) => return Err(error),
        }
    }
    Ok(Some(taken))
}
