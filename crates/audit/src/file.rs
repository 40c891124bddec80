//! The file of an audit: locked, continued, and never left with half of a line.

use std::fmt;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use crate::chain::{Head, Key, LONGEST, Link};
use crate::log::Sink;

/// Bytes that are read at a time, from the end of a file.
const PIECE: u64 = 64 << 10;

/// An open audit file. Nobody else appends to it while it is open.
#[derive(Debug)]
pub struct AuditFile {
    file: File,
    /// Bytes of whole lines; none of a device or a pipe.
    len: Option<u64>,
    syncs: bool,
}

/// Why a file can't be continued.
#[derive(Debug)]
pub enum OpenError {
    /// The system says so.
    System(io::Error),
    /// Somebody else appends to it.
    Locked,
    /// Its last line has no end.
    Cut,
    /// Its last line is none of an audit.
    Foreign,
    /// The hash of its last line is another one.
    Broken,
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::System(error) => error.fmt(f),
            Self::Locked => f.write_str("another run writes to it; give each its own file"),
            Self::Cut => f.write_str("its last line is cut; keep it as it is, and name another file"),
            Self::Foreign => f.write_str("its last line is none of an audit; name another file"),
            Self::Broken => f.write_str(
                "its last line was changed, or made with another key; keep it as it is, and name another file",
            ),
        }
    }
}

impl std::error::Error for OpenError {}

impl From<io::Error> for OpenError {
    fn from(error: io::Error) -> Self {
        Self::System(error)
    }
}

impl AuditFile {
    /// Opens the file at `path`, or makes it, and looks at its last line. The head is where its chain goes on.
    ///
    /// # Errors
    /// If it can't be opened, somebody else has it open as an audit, or its end is broken.
    pub fn open(path: &Path, key: Option<&Key>) -> Result<(Self, Head), OpenError> {
        let mut file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
        let found = file.metadata()?;
        if !found.is_file() {
            return Ok((Self { file, len: None, syncs: false }, Head::START));
        }
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(OpenError::Locked),
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        // Only now nobody appends any more.
        let len = file.metadata()?.len();
        let head = head(&mut file, len, key)?;
        Ok((Self { file, len: Some(len), syncs: false }, head))
    }

    /// Waits after each line until the device has it.
    #[must_use]
    pub fn synced(self, syncs: bool) -> Self {
        Self { syncs, ..self }
    }
}

impl Sink for AuditFile {
    fn append(&mut self, line: &[u8]) -> io::Result<()> {
        let written = self.file.write_all(line).and_then(|()| if self.syncs { self.sync() } else { Ok(()) });
        match (&mut self.len, &written) {
            (Some(len), Ok(())) => *len += line.len() as u64,
            // Half a line would make the whole file one that can't be continued. Where this fails too, that is what it is.
            (Some(len), Err(_)) => drop(self.file.set_len(*len)),
            (None, _) => {}
        }
        written
    }

    fn sync(&mut self) -> io::Result<()> {
        if self.len.is_some() { self.file.sync_data() } else { Ok(()) }
    }
}

/// The end of the chain in a file of so many bytes.
fn head(file: &mut File, len: u64, key: Option<&Key>) -> Result<Head, OpenError> {
    if len == 0 {
        return Ok(Head::START);
    }
    let last = last_line(file, len)?;
    let link = Link::read(&last).ok_or(OpenError::Foreign)?;
    if link.is_sealed(key) { Ok(Head::of(&link)) } else { Err(OpenError::Broken) }
}

/// The last line, without its end.
fn last_line(file: &mut File, len: u64) -> Result<Vec<u8>, OpenError> {
    let (mut line, mut from) = (Vec::new(), len);
    while from > 0 && line.len() <= LONGEST {
        let size = PIECE.min(from);
        from -= size;
        let mut piece = vec![0; size as usize];
        file.seek(SeekFrom::Start(from))?;
        file.read_exact(&mut piece)?;
        piece.append(&mut line);
        line = piece;
        if line.last() != Some(&b'\n') {
            return Err(OpenError::Cut);
        }
        let body = &line[..line.len() - 1];
        if let Some(end) = body.iter().rposition(|byte| *byte == b'\n') {
            return Ok(body[end + 1..].to_vec());
        }
    }
    if from > 0 {
        return Err(OpenError::Foreign);
    }
    line.pop();
    Ok(line)
}
