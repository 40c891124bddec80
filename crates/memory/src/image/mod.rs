//! A tree from a tar file, and a tar file from a tree.
//!
//! The file may be hostile. So every extension header is bounded before it is read, nothing is believed that the quota does
//! not allow, no name leads up or through a symbolic link, and a name that is absolute is refused rather than bent. An error
//! leaves what was loaded before it.

mod load;
mod save;

use std::fmt;

use callgate_system::{Code, Error};

pub use self::load::Loaded;

/// Why a tar file could not be loaded or saved, in one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageError(String);

/// The longest name that is shown whole.
const SHOWN: usize = 200;

impl ImageError {
    /// About the file as a whole.
    fn new(what: impl fmt::Display) -> Self {
        // Another's message may hold anything.
        Self(what.to_string().chars().map(|char| if char.is_control() { ' ' } else { char }).collect())
    }

    /// About one entry.
    fn of(path: &[u8], what: impl fmt::Display) -> Self {
        let shown = path.get(..SHOWN).unwrap_or(path);
        let more = if shown.len() < path.len() { "…" } else { "" };
        Self::new(format!("\"{}{more}\": {what}", String::from_utf8_lossy(shown).escape_debug()))
    }

    /// About one entry that the tree refused.
    fn refused(path: &[u8], error: Error) -> Self {
        let what = match error.code {
            Code::Invalid => "its name, or its text, holds '..', a NUL byte, or nothing",
            Code::NameTooLong => "its name, or its text, is too long",
            Code::NotDirectory => "a file or a symbolic link is where it needs a directory",
            Code::IsDirectory => "a directory is in its place",
            Code::NoEntry => "the file that it is a hard link to is not there",
            Code::NotPermitted => "it is a hard link to a directory",
            Code::Quota => "it does not fit: the quota of the tree is used up",
            _ => return Self::of(path, error),
        };
        Self::of(path, what)
    }
}

impl fmt::Display for ImageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ImageError {}

impl From<std::io::Error> for ImageError {
    fn from(error: std::io::Error) -> Self {
        Self::new(error)
    }
}

impl From<Error> for ImageError {
    fn from(error: Error) -> Self {
        Self::new(error)
    }
}
