//! The files of a policy: the one that was named, and those that it includes.
//!
//! Hazards: a name may be that of a directory, of a FIFO that nobody writes to, or of a file without an end. So only regular files are read,
//! opened without waiting, and not beyond a limit.

use std::fs::{File, Metadata};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::error::{PolicyError, shown_path};
use crate::open;

/// Bytes of all files of a policy together.
pub(crate) const BYTES: u64 = 4 << 20;

/// Files of a policy.
pub(crate) const FILES: usize = 64;

/// Includes within each other.
pub(crate) const DEPTH: usize = 8;

/// A file of a policy, read.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) path: PathBuf,
    /// Its path, for messages.
    pub(crate) shown: String,
    pub(crate) text: String,
    /// The state in which it was read; none of a text that is in no file.
    pub(crate) state: Option<State>,
    /// The offset at which each line begins.
    lines: Vec<usize>,
}

impl Source {
    /// A text that stands for the file at `path`.
    ///
    /// # Errors
    /// If it is not UTF-8.
    pub(crate) fn new(path: &Path, bytes: Vec<u8>) -> Result<Self, PolicyError> {
        let shown = shown_path(path);
        let text = String::from_utf8(bytes).map_err(|error| {
            let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
            PolicyError::at(&shown, line, "not UTF-8; save the file in that encoding")
        })?;
        // A byte order mark, as editors of Windows leave it.
        let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        let lines = std::iter::once(0).chain(ends).collect();
        Ok(Self { path: path.to_owned(), shown, text, state: None, lines })
    }

    /// The line, from 1, of the byte at `offset`.
    pub(crate) fn line(&self, offset: usize) -> usize {
        self.lines.partition_point(|start| *start <= offset)
    }

    /// A mistake at the byte at `offset`.
    pub(crate) fn error(&self, offset: usize, message: impl Into<String>) -> PolicyError {
        PolicyError::at(&self.shown, self.line(offset), message)
    }
}

/// Reads the file at `path`, of at most `most` bytes.
pub(crate) fn read(path: &Path, most: u64) -> Result<Source, PolicyError> {
    let fail = |message: String| PolicyError::of_file(path, message);
    let unread = |error: io::Error| {
        fail(match error.kind() {
            io::ErrorKind::NotFound => "no such file".to_owned(),
            io::ErrorKind::IsADirectory => "a directory; give a file".to_owned(),
            _ => format!("can't be read: {error}"),
        })
    };
    let found = path.metadata().map_err(unread)?;
    regular(&found).map_err(|what| fail(what.to_owned()))?;
    let file = open::without_waiting(path).map_err(unread)?;
    // The name may have come to mean another file.
    let opened = file.metadata().map_err(unread)?;
    regular(&opened).map_err(|what| fail(what.to_owned()))?;
    let bytes = bytes(&file, most).map_err(unread)?;
    if bytes.len() as u64 > most {
        return Err(fail(format!("too long; a policy may have {} KiB, includes counted", BYTES >> 10)));
    }
    Ok(Source { state: Some(State::new(&opened)), ..Source::new(path, bytes)? })
}

fn bytes(file: &File, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn regular(found: &Metadata) -> Result<(), &'static str> {
    if found.is_file() {
        Ok(())
    } else if found.is_dir() {
        Err("a directory; give a file")
    } else {
        Err("no regular file; a policy can't be a pipe or a device")
    }
}

/// The state of a file, by which a change is noticed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct State {
    length: u64,
    modified: Option<SystemTime>,
    identity: open::Identity,
}

impl State {
    /// The state of the file at `path`; none where there is no such file.
    pub(crate) fn of(path: &Path) -> Option<Self> {
        path.metadata().ok().map(|found| Self::new(&found))
    }

    fn new(found: &Metadata) -> Self {
        Self { length: found.len(), modified: found.modified().ok(), identity: open::identity(found) }
    }
}
