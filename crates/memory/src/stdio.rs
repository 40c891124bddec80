//! The standard streams: whatever reader and writers the maker of the system hands in.
//!
//! The pieces in which the bytes of a pipe arrive depend on timing. So a read goes on until its buffer is full or the input
//! ends, and blocks in doing so; it never says `WouldBlock`, and a wait for it is always met. A write takes all it is given.
//! Neither is ever a terminal: there, what a person types comes when it comes. Once ended, input stays ended.
//!
//! Hazard: while a read blocks, its guest does not wait in virtual time, so time stands still for the others.

use std::io::{ErrorKind, Read, Write};
use std::sync::{Arc, Mutex, PoisonError};

use callgate_system::{Code, Error, Result, Sink, Source, Stdio};

/// Standard input.
pub(crate) struct Input(Mutex<Open>);

struct Open {
    reader: Box<dyn Read + Send>,
    ended: bool,
}

/// Standard output, or standard error.
pub(crate) struct Output(Mutex<Box<dyn Write + Send>>);

pub(crate) fn streams(
    stdin: Box<dyn Read + Send>,
    stdout: Box<dyn Write + Send>,
    stderr: Box<dyn Write + Send>,
) -> Stdio {
    Stdio {
        stdin: Arc::new(Input(Mutex::new(Open { reader: stdin, ended: false }))),
        stdout: Arc::new(Output(Mutex::new(stdout))),
        stderr: Arc::new(Output(Mutex::new(stderr))),
    }
}

impl Open {
    /// Reads until `buffer` is full or the input ends.
    fn fill(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let mut filled = 0;
        while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty() && !self.ended) {
            match self.reader.read(rest) {
                Ok(0) => self.ended = true,
                Ok(read) => filled += read,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // The bytes read before the error are returned first. The next read meets the error again, or goes on.
                Err(_) if filled > 0 => break,
                Err(error) => return Err(portable(&error)),
            }
        }
        Ok(filled)
    }
}

impl Source for Input {
    fn read(&self, buffer: &mut Vec<u8>) -> Result<usize> {
        let (before, capacity) = (buffer.len(), buffer.capacity());
        buffer.resize(capacity, 0);
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let filled = open.fill(buffer.get_mut(before..).unwrap_or_default());
        buffer.truncate(before + *filled.as_ref().unwrap_or(&0));
        filled
    }

    fn is_terminal(&self) -> bool {
        false
    }
}

impl Sink for Output {
    fn write(&self, buffer: &[u8]) -> Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        let mut writer = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match writer.write_all(buffer).and_then(|()| writer.flush()) {
            Ok(()) => Ok(buffer.len()),
            Err(error) => Err(portable(&error)),
        }
    }

    fn is_terminal(&self) -> bool {
        false
    }
}

/// The error in portable words. The native code of the host's stream is left out: it is the host's, and differs from one
/// to the next.
fn portable(error: &std::io::Error) -> Error {
    match error.kind() {
        ErrorKind::BrokenPipe => Code::Pipe,
        ErrorKind::StorageFull => Code::InsufficientSpace,
        ErrorKind::FileTooLarge => Code::FileTooLarge,
        _ => Code::Io,
    }
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives `self.0` in pieces of one byte, interrupted before each.
    struct Drips(Vec<u8>, bool);

    impl Read for Drips {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            self.1 = !self.1;
            match self.0.first().copied() {
                _ if self.1 => Err(ErrorKind::Interrupted.into()),
                Some(byte) => {
                    buffer[0] = byte;
                    self.0.remove(0);
                    Ok(1)
                }
                None => Ok(0),
            }
        }
    }

    struct Closed;

    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn the_pieces_of_a_pipe_do_not_show() {
        let stdio = streams(Box::new(Drips(b"0123456789".to_vec(), false)), Box::new(Closed), Box::new(Closed));
        let mut buffer = Vec::with_capacity(6);
        assert_eq!(stdio.stdin.read(&mut buffer), Ok(6));
        assert_eq!(buffer, b"012345");
        assert_eq!(stdio.stdin.read(&mut buffer), Ok(0), "no spare capacity");
        buffer.clear();
        assert_eq!(stdio.stdin.read(&mut buffer), Ok(4));
        assert_eq!(buffer, b"6789");
        buffer.clear();
        assert_eq!(stdio.stdin.read(&mut buffer), Ok(0));
        assert_eq!(stdio.stdout.write(b"x"), Err(Code::Pipe.into()));
        assert_eq!(stdio.stdout.write(b""), Ok(0));
    }
}
