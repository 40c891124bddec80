//! The standard streams.

use std::sync::Arc;

use callgate_system::{Code, Result, Sink, Source, Stdio};

use crate::wake::Wake;

/// Standard input.
pub(crate) struct Input;

/// Standard output or standard error.
pub(crate) struct Output;

impl Input {
    /// Whether a read would find bytes, the end or an error; if not, `waker` is woken when that may have changed.
    pub(crate) fn poll(&self, _waker: &Arc<dyn Wake>) -> bool {
        true
    }
}

impl Output {
    /// Whether a write would take a byte or fail; if not, `waker` is woken when that may have changed.
    pub(crate) fn poll(&self, _waker: &Arc<dyn Wake>) -> bool {
        true
    }
}

impl Source for Input {
    fn read(&self, _buffer: &mut Vec<u8>) -> Result<usize> {
        Err(Code::Unsupported.into())
    }

    fn is_terminal(&self) -> bool {
        false
    }
}

impl Sink for Output {
    fn write(&self, _buffer: &[u8]) -> Result<usize> {
        Err(Code::Unsupported.into())
    }

    fn is_terminal(&self) -> bool {
        false
    }
}

/// The streams of this process.
pub(crate) fn inherited() -> Stdio {
    Stdio { stdin: Arc::new(Input), stdout: Arc::new(Output), stderr: Arc::new(Output) }
}
