//! Input streams: a file from an offset on, or a source such as standard input.

use std::cell::Cell;
use std::sync::Arc;

use callgate_gate::Mount;
use callgate_system::{Code, Error, File, Interest, Result, Socket, Source};

use super::Flow;
use crate::handles::Named;
use crate::limits;

/// An input stream.
pub(crate) struct InputStream {
    name: String,
    mount: Option<Arc<Mount>>,
    from: From,
}

enum From {
    File { file: Arc<dyn File>, position: Cell<u64> },
    Source(Arc<dyn Source>),
    Socket(Arc<dyn Socket>),
}

impl InputStream {
    /// Reads `file` from `offset` on.
    pub(crate) fn of_file(name: &str, mount: &Arc<Mount>, file: &Arc<dyn File>, offset: u64) -> Self {
        let from = From::File { file: Arc::clone(file), position: Cell::new(offset) };
        Self { name: name.to_owned(), mount: Some(Arc::clone(mount)), from }
    }

    /// Reads what comes from `source`.
    pub(crate) fn of_source(name: &str, source: Arc<dyn Source>) -> Self {
        Self { name: name.to_owned(), mount: None, from: From::Source(source) }
    }

    /// Reads what a connection brings.
    pub(crate) fn of_socket(socket: &Arc<dyn Socket>) -> Self {
        Self { name: "tcp".to_owned(), mount: None, from: From::Socket(Arc::clone(socket)) }
    }

    /// Whether a person sits at it.
    pub(crate) fn is_terminal(&self) -> bool {
        matches!(&self.from, From::Source(source) if source.is_terminal())
    }

    /// Reads up to `len` bytes of what is there. Empty where nothing is there yet, or none were asked for.
    pub(crate) fn read(&self, len: u64) -> Result<Flow<Vec<u8>>> {
        #[allow(clippy::cast_possible_truncation, reason = "bounded by the limit")]
        let mut bytes = Vec::with_capacity(len.min(limits::TRANSFER) as usize);
        if len == 0 {
            return Ok(Flow::Open(bytes));
        }
        let read = match &self.from {
            From::File { file, position } => {
                let read = file.read_at(&mut bytes, position.get())?;
                position.set(position.get() + read as u64);
                read
            }
            From::Source(source) => match source.read(&mut bytes) {
                Err(Error { code: Code::WouldBlock, .. }) => return Ok(Flow::Open(Vec::new())),
                read => read?,
            },
            From::Socket(socket) => match socket.receive(&mut bytes) {
                Err(Error { code: Code::WouldBlock, .. }) => return Ok(Flow::Open(Vec::new())),
                read => read?,
            },
        };
        Ok(if read == 0 { Flow::Closed } else { Flow::Open(bytes) })
    }

    /// What to wait for before a read yields something; nothing, where it always does.
    pub(crate) fn readable(&self) -> Option<Interest<'_>> {
        match &self.from {
            From::File { .. } => None,
            From::Source(source) => Some(Interest::Readable(&**source)),
            From::Socket(socket) => Some(Interest::Receivable(&**socket)),
        }
    }
}

impl Named for InputStream {
    fn name(&self) -> &str {
        &self.name
    }

    fn mount(&self) -> Option<&Mount> {
        self.mount.as_deref()
    }
}
