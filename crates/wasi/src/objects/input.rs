//! Input streams: a file from an offset on, or a source such as standard input.

use std::sync::Arc;

use callgate_gate::Mount;
use callgate_system::{Code, Error, File, Interest, Result, Socket, Source};

use super::shared::{Flag, Number};
use super::{Flow, Name, Named};
use crate::limits;

/// An input stream.
pub(crate) struct InputStream {
    name: Name,
    mount: Option<Arc<Mount>>,
    from: From,
    /// The last read of more than nothing found the end, or failed. Not final: a file may grow, and a terminal goes on.
    ended: Flag,
}

enum From {
    File { file: Arc<dyn File>, position: Number },
    Source { source: Arc<dyn Source>, readable: Interest },
    Socket { socket: Arc<dyn Socket>, receivable: Interest, hung_up: HungUp },
}

/// True if the guest wants nothing more from a connection. This closes the connection's input stream, whatever has come or
/// still comes. Some systems go on handing out bytes that came before, so none is asked.
pub(crate) type HungUp = Arc<Flag>;

impl InputStream {
    /// Reads `file` from `offset` on.
    pub(crate) fn of_file(name: &Name, mount: &Arc<Mount>, file: &Arc<dyn File>, offset: u64) -> Self {
        let from = From::File { file: Arc::clone(file), position: Number::new(offset) };
        Self { name: name.clone(), mount: Some(Arc::clone(mount)), from, ended: Flag::default() }
    }

    /// Reads what comes from `source`.
    pub(crate) fn of_source(name: &'static str, source: Arc<dyn Source>) -> Self {
        let readable = Interest::Readable(Arc::clone(&source));
        Self { name: Name::Fixed(name), mount: None, from: From::Source { source, readable }, ended: Flag::default() }
    }

    /// Reads what a connection brings, until the guest has hung up.
    pub(crate) fn of_socket(name: &Name, socket: &Arc<dyn Socket>, hung_up: &HungUp) -> Self {
        let receivable = Interest::Receivable(Arc::clone(socket));
        let from = From::Socket { socket: Arc::clone(socket), receivable, hung_up: Arc::clone(hung_up) };
        Self { name: name.clone(), mount: None, from, ended: Flag::default() }
    }

    /// True if a person sits at it.
    pub(crate) fn is_terminal(&self) -> bool {
        matches!(&self.from, From::Source { source, .. } if source.is_terminal())
    }

    /// Reads up to `len` bytes of what is there. Empty where nothing is there yet. A read of none asks nobody: it tells whether
    /// the stream was open at the last read.
    pub(crate) fn read(&self, len: u64) -> Result<Flow<Vec<u8>>> {
        if self.has_hung_up() || (len == 0 && self.ended.get()) {
            return Ok(Flow::Closed);
        }
        #[allow(clippy::cast_possible_truncation, reason = "bounded by the limit")]
        let mut bytes = Vec::with_capacity(len.min(limits::TRANSFER) as usize);
        if len == 0 {
            return Ok(Flow::Open(bytes));
        }
        let read = match self.fill(&mut bytes) {
            Err(Error { code: Code::WouldBlock, .. }) if self.readable().is_some() => {
                return Ok(Flow::Open(Vec::new()));
            }
            read => read,
        };
        self.ended.set(!matches!(read, Ok(1..)));
        Ok(if read? == 0 { Flow::Closed } else { Flow::Open(bytes) })
    }

    /// Reads into the spare capacity of `bytes`; 0 at the end.
    fn fill(&self, bytes: &mut Vec<u8>) -> Result<usize> {
        match &self.from {
            From::File { file, position } => {
                let at = position.get();
                let read = file.read_at(bytes, at)?;
                position.set(at + read as u64);
                Ok(read)
            }
            From::Source { source, .. } => source.read(bytes),
            From::Socket { socket, .. } => socket.receive(bytes),
        }
    }

    fn has_hung_up(&self) -> bool {
        matches!(&self.from, From::Socket { hung_up, .. } if hung_up.get())
    }

    /// The event to wait for before a read yields something; `None` where it always does.
    pub(crate) fn readable(&self) -> Option<&Interest> {
        match &self.from {
            From::File { .. } => None,
            From::Source { readable, .. } => Some(readable),
            From::Socket { hung_up, .. } if hung_up.get() => None,
            From::Socket { receivable, .. } => Some(receivable),
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
