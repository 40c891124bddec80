//! The channel of a waker: a pipe.

use std::io::{self, PipeReader, PipeWriter, Read as _, Write as _};

use rustix::fd::{AsFd as _, BorrowedFd};

use crate::error::again;

/// Both ends.
pub(crate) struct Channel {
    reader: PipeReader,
    writer: PipeWriter,
}

impl Channel {
    pub(crate) fn new() -> io::Result<Self> {
        let (reader, writer) = io::pipe()?;
        Ok(Self { reader, writer })
    }

    /// Puts a byte in, where there is none.
    pub(crate) fn put(&self) {
        // A pipe with room takes a byte, always.
        let _ = again(|| (&self.writer).write(&[0]));
    }

    /// Takes the byte out, where there is one.
    pub(crate) fn take(&self) {
        let _ = again(|| (&self.reader).read(&mut [0]));
    }

    pub(crate) fn fd(&self) -> BorrowedFd<'_> {
        self.reader.as_fd()
    }
}
