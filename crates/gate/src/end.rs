//! The ways in which a call ends a run. They travel through the guest as a trap does.

use std::fmt;

use callgate_system::{Code, Error};

/// Why the run is over, where the reason is not a trap of the guest's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunEnd {
    /// The guest asked for it, with this exit code.
    Exited(u8),
    /// Its time was over.
    TimedOut,
    /// It wrote to a standard output that nobody reads any more.
    NobodyReads,
    /// An observer could not take note of what it did; [`Gate::unrecorded`](crate::Gate::unrecorded) tells why.
    Unrecorded,
    /// It wrote more bytes to a stream than it had been permitted, which the standard has trap.
    Overwrote {
        /// Bytes that it wrote.
        len: u64,
        /// Bytes that were permitted.
        permit: u64,
    },
}

impl fmt::Display for RunEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exited(code) => write!(f, "exited with code {code}"),
            Self::TimedOut => f.write_str("timed out"),
            Self::NobodyReads => f.write_str("wrote to a standard output that nobody reads"),
            Self::Unrecorded => f.write_str("did what could not be recorded"),
            Self::Overwrote { len, permit } => write!(f, "wrote {len} bytes where {permit} were permitted"),
        }
    }
}

/// Why a call did not succeed: it failed, which the guest is told, or it ended the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallError {
    /// The guest is told, and goes on.
    Failed(Error),
    /// The guest must not run on.
    EndedRun(RunEnd),
}

impl CallError {
    /// The result that the guest is told of, where it goes on.
    ///
    /// # Errors
    /// If the run is over.
    pub fn told<T>(result: Result<T, Self>) -> Result<Result<T, Error>, Self> {
        match result {
            Ok(value) => Ok(Ok(value)),
            Err(Self::Failed(error)) => Ok(Err(error)),
            Err(ended) => Err(ended),
        }
    }

    /// Why the run is over, where it is.
    #[must_use]
    pub fn run_end(&self) -> Option<RunEnd> {
        match self {
            Self::Failed(_) => None,
            Self::EndedRun(end) => Some(*end),
        }
    }

    /// The error to note and to show.
    pub(crate) fn as_error(&self) -> Error {
        match self {
            Self::Failed(error) => *error,
            Self::EndedRun(_) => Error::new(Code::Interrupted),
        }
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(error) => error.fmt(f),
            Self::EndedRun(end) => end.fmt(f),
        }
    }
}

/// As a trap it ends the run in either case: not every function's type has a place for an error.
impl std::error::Error for CallError {}

impl From<RunEnd> for CallError {
    fn from(end: RunEnd) -> Self {
        Self::EndedRun(end)
    }
}

impl From<Code> for CallError {
    fn from(code: Code) -> Self {
        Self::Failed(code.into())
    }
}

impl From<Error> for CallError {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}
