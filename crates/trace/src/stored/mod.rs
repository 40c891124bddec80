//! Stored traces: a reader of JSONL, version 1, as `docs/trace.md` describes it.
//!
//! A trace is read line by line, so that a file of any size takes the memory of its longest line, and that is bounded. Whatever was read of
//! a line is borrowed from it where it has no escapes.
//!
//! Hazard: a file is hostile, and need not come from `callgate`. Every text in a [`Record`] may be anything; numbers may be anything too.

mod error;
mod lines;
mod record;
#[cfg(test)]
mod tests;
mod text;
mod value;

use std::io::BufRead;

pub use error::ReadError;
pub use record::{Arguments, Call, Ending, Failure, Header, Native, Outcome, Record, Refused};
pub use text::Text;
pub use value::Value;

use lines::{Line, Lines};

/// The version that is read.
pub const VERSION: u64 = 1;

/// Bytes that the first line may have: it holds the arguments of the program.
const HEADER: u64 = 16 << 20;

/// Bytes that any other line may have.
const LINE: u64 = 1 << 20;

/// Reads a stored trace.
pub struct Reader<R> {
    lines: Lines<R>,
    header: Header,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// More may come.
    Open,
    /// The last line was read.
    Whole,
    /// The file ended without it.
    Cut,
}

impl<R: BufRead> Reader<R> {
    /// Reads the header of the trace in `input`.
    ///
    /// # Errors
    /// [`ReadError::Foreign`] where it is no trace in this format, [`ReadError::Version`] where it is of another version, and those of
    /// [`Reader::next`].
    pub fn new(input: R) -> Result<Self, ReadError> {
        let mut lines = Lines::new(input);
        let header = match lines.next(HEADER) {
            Ok(Some(line)) => Header::read(&line)?,
            Ok(None) => return Err(ReadError::Foreign("is empty")),
            Err(ReadError::TooLong { .. }) => return Err(ReadError::Foreign(error::NO_TRACE)),
            Err(error) => return Err(error),
        };
        Ok(Self { lines, header, state: State::Open })
    }

    /// The first line.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The next record; none after the last one. A file that ends in the middle of a line, or without a [`Record::End`], is no error: see
    /// [`Reader::is_cut`].
    ///
    /// # Errors
    /// [`ReadError::Io`] where the file can't be read, [`ReadError::Broken`] at a line that is no record, [`ReadError::TooLong`] at one of
    /// more than 1 MiB. Nothing sensible comes after an error.
    #[allow(clippy::should_implement_trait, reason = "a record borrows from the reader, which no iterator can express")]
    pub fn next(&mut self) -> Result<Option<Record<'_>>, ReadError> {
        if self.state == State::Cut {
            return Ok(None);
        }
        let Some(line) = self.lines.next(LINE)? else {
            if self.state == State::Open {
                self.state = State::Cut;
            }
            return Ok(None);
        };
        if self.state == State::Whole {
            return Err(ReadError::Broken {
                line: line.number,
                why: "comes after the last line of the trace".to_owned(),
            });
        }
        match Record::read(&line) {
            Ok(record) => {
                if let Record::End(_) = record {
                    self.state = State::Whole;
                }
                Ok(Some(record))
            }
            Err(_) if !line.is_whole => {
                self.state = State::Cut;
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// True once the file turned out to end without the last line of a trace: the run was killed, or is not over.
    pub fn is_cut(&self) -> bool {
        self.state == State::Cut
    }

    /// The number of the line that was read last, from 1.
    pub fn line(&self) -> u64 {
        self.lines.number()
    }
}

/// What serde says of a line, without the place, which is the line's number here.
fn broken(line: &Line<'_>, error: &serde_json::Error) -> ReadError {
    let why = error.to_string();
    let why = why.split(" at line ").next().unwrap_or_default();
    ReadError::Broken { line: line.number, why: why.to_owned() }
}
