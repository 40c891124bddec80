//! The ways in which a host function ends a run. They travel through the guest as a trap does.

use std::fmt;

use callgate_gate::AsError;
use callgate_system::{Code, Error};

/// Why the run is over, where the reason is not a trap of the guest's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// The guest asked for it, with this exit code.
    Exited(u8),
    /// Its time was over.
    TimedOut,
    /// It wrote to a standard output that nobody reads any more.
    NobodyReads,
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exited(code) => write!(f, "exited with code {code}"),
            Self::TimedOut => f.write_str("timed out"),
            Self::NobodyReads => f.write_str("wrote to a standard output that nobody reads"),
        }
    }
}

impl std::error::Error for Ended {}

/// Why an act did not succeed: it failed, which the guest is told, or it ended the run.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Break {
    Failed(Error),
    Ended(Ended),
}

impl From<Error> for Break {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl AsError for Break {
    fn as_error(&self) -> Error {
        match self {
            Self::Failed(error) => *error,
            Self::Ended(_) => Error::new(Code::Interrupted),
        }
    }
}

impl From<Break> for wasmtime::Error {
    /// A trap, for functions whose type has no place for an error.
    fn from(broken: Break) -> Self {
        match broken {
            Break::Failed(error) => Self::new(error),
            Break::Ended(ended) => Self::new(ended),
        }
    }
}
