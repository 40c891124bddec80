//! What is wrong with a policy: one line, with the file and the line in it.

use std::fmt;
use std::path::Path;

use callgate_system::Untrusted;

/// Bytes of a text of the policy's that a message repeats.
const SHOWN: usize = 80;

/// A mistake in a policy file, or a file that can't be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyError {
    file: String,
    line: Option<usize>,
    message: String,
}

impl PolicyError {
    /// A mistake in the whole of `file`.
    pub(crate) fn of_file(file: &Path, message: impl Into<String>) -> Self {
        Self { file: shown_path(file), line: None, message: message.into() }
    }

    /// A mistake in line `line` of `file`, as it is shown; lines count from 1.
    pub(crate) fn at(file: &str, line: usize, message: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line: Some(line), message: message.into() }
    }

    /// The line of the file, from 1, where the mistake is in one.
    #[must_use]
    pub fn line(&self) -> Option<usize> {
        self.line
    }
}

impl fmt::Display for PolicyError {
    /// `p.toml:12: unknown key …`, on one line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {}", self.message)
    }
}

impl std::error::Error for PolicyError {}

/// A path of this machine in a message.
pub(crate) fn shown_path(path: &Path) -> String {
    Untrusted::new(path.display()).to_string()
}

/// A text of the policy's in a message.
pub(crate) fn shown(text: &str) -> String {
    format!("`{}`", Untrusted::new(text).at_most(SHOWN))
}
