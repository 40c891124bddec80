//! Output streams: a file from an offset on, a file's end, or an outbox, which is standard output's or a connection's.
//!
//! A file takes the bytes that it is given before the call returns. `outbox.rs` says what an outbox does.

use std::sync::Arc;

use callgate_gate::Mount;
use callgate_system::{File, Interest, Result, Sink};

use super::outbox::{self, Outbox};
use super::{Flow, Name, Named, Number};

/// Bytes that a file takes in one call. Guest memory is written in place, so this costs no memory. The limit bounds the time
/// that one call takes.
const FILE_PERMIT: u64 = 16 << 20;

/// An output stream.
pub(crate) struct OutputStream {
    name: Name,
    mount: Option<Arc<Mount>>,
    to: To,
}

enum To {
    File { file: Arc<dyn File>, position: Number },
    End(Arc<dyn File>),
    Outbox { outbox: Arc<Outbox>, quits: bool },
}

impl OutputStream {
    /// Writes `file` from `offset` on.
    pub(crate) fn of_file(name: &Name, mount: &Arc<Mount>, file: &Arc<dyn File>, offset: u64) -> Self {
        let to = To::File { file: Arc::clone(file), position: Number::new(offset) };
        Self { name: name.clone(), mount: Some(Arc::clone(mount)), to }
    }

    /// Writes at the end of `file`.
    pub(crate) fn of_end(name: &Name, mount: &Arc<Mount>, file: &Arc<dyn File>) -> Self {
        Self { name: name.clone(), mount: Some(Arc::clone(mount)), to: To::End(Arc::clone(file)) }
    }

    /// Writes to `sink`. With `quits`, the run is over when nobody reads it any more.
    pub(crate) fn of_sink(name: &'static str, sink: Arc<dyn Sink>, quits: bool) -> Self {
        let to = To::Outbox { outbox: Arc::new(Outbox::of_sink(sink)), quits };
        Self { name: Name::Fixed(name), mount: None, to }
    }

    /// Writes to a connection.
    pub(crate) fn of_connection(name: &Name, outbox: &Arc<Outbox>) -> Self {
        let to = To::Outbox { outbox: Arc::clone(outbox), quits: false };
        Self { name: name.clone(), mount: None, to }
    }

    /// True if it is a terminal (isatty).
    pub(crate) fn is_terminal(&self) -> bool {
        matches!(&self.to, To::Outbox { outbox, .. } if outbox.is_terminal())
    }

    /// True if the run ends once this stream is closed.
    pub(crate) fn quits(&self) -> bool {
        matches!(self.to, To::Outbox { quits: true, .. })
    }

    /// Bytes that [`OutputStream::write`] takes at most.
    pub(crate) fn capacity(&self) -> u64 {
        match self.to {
            To::File { .. } | To::End(_) => FILE_PERMIT,
            To::Outbox { .. } => outbox::CAPACITY,
        }
    }

    /// Bytes that may be written now; 0 while earlier ones wait.
    pub(crate) fn check_write(&self) -> Result<Flow<u64>> {
        match self.flush()? {
            Flow::Closed => Ok(Flow::Closed),
            Flow::Open(()) => Ok(Flow::Open(if self.is_flushed() { self.capacity() } else { 0 })),
        }
    }

    /// Takes all of `contents`, in order after the bytes that wait. Callers have seen to it that no bytes wait, or that
    /// `contents` is short.
    pub(crate) fn write(&self, contents: &[u8]) -> Result<Flow<()>> {
        match &self.to {
            To::File { file, position } => fill(contents, |rest| {
                let at = position.get();
                let written = file.write_at(rest, at)?;
                position.set(at + written as u64);
                Ok(written)
            }),
            To::End(file) => fill(contents, |rest| file.append(rest)),
            To::Outbox { outbox, .. } => outbox.write(contents),
        }
    }

    /// Sends out what waits, as far as there is room.
    pub(crate) fn flush(&self) -> Result<Flow<()>> {
        match &self.to {
            To::Outbox { outbox, .. } => outbox.flush(),
            _ => Ok(Flow::Open(())),
        }
    }

    /// True if no bytes wait.
    pub(crate) fn is_flushed(&self) -> bool {
        self.unsent().is_none()
    }

    /// The outbox of the bytes that still wait, if any. They are sent even when the stream is gone.
    pub(crate) fn unsent(&self) -> Option<Arc<Outbox>> {
        match &self.to {
            To::Outbox { outbox, .. } if !outbox.is_empty() => Some(Arc::clone(outbox)),
            _ => None,
        }
    }

    /// The event to wait for before more may be written; `None` where more always may.
    pub(crate) fn writable(&self) -> Option<&Interest> {
        match &self.to {
            To::Outbox { outbox, .. } => Some(outbox.room()),
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
