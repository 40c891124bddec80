//! The reasons for which a file can't be read as a trace, in words for a person.

use std::fmt;
use std::io;

use callgate_system::Untrusted;

use super::VERSION;

pub(super) const NO_TRACE: &str = "is no trace of callgate's";

/// Bytes that are shown of what is wrong with a line: it may quote the line.
const SHOWN: usize = 200;

/// A file could not be read as a trace. Shown behind the name of the file, it makes a line: `FILE is empty; record …`.
#[derive(Debug)]
#[non_exhaustive]
pub enum ReadError {
    /// The system could not read it.
    Io(io::Error),
    /// It is something else: this.
    Foreign(&'static str),
    /// It is a trace of this version.
    Version(u64),
    /// A line is no record of a trace.
    Broken {
        /// Its number, from 1.
        line: u64,
        /// The reason. It may quote the line.
        why: String,
    },
    /// A line is longer than any of a trace.
    TooLong {
        /// Its number, from 1.
        line: u64,
    },
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(f, "can't be read: {error}"),
            Self::Foreign(what) => {
                write!(f, "{what}; record one with `callgate run --trace=FILE --trace-format jsonl`")
            }
            Self::Version(version) => write!(
                f,
                "is a trace of version {version}, and this callgate reads version {VERSION}; use the callgate that recorded it, or record it anew"
            ),
            Self::Broken { line, why } => {
                let why = Untrusted::new(why).at_most(SHOWN);
                write!(f, "is damaged at line {line}: {why}; keep the lines before it, or record the trace anew")
            }
            Self::TooLong { line } => write!(
                f,
                "is damaged at line {line}: it is longer than 1 MiB; keep the lines before it, or record the trace anew"
            ),
        }
    }
}

impl std::error::Error for ReadError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        if let Self::Io(error) = self { Some(error) } else { None }
    }
}
