//! Lines of bounded length.

use std::io::{BufRead, Read};

use super::ReadError;

/// The bytes that are kept for the next line when a longer one is done with.
const KEPT: usize = 64 << 10;

pub(super) struct Lines<R> {
    input: R,
    line: Vec<u8>,
    number: u64,
}

/// A line, without its end.
pub(super) struct Line<'a> {
    pub(super) bytes: &'a [u8],
    /// Its number, from 1.
    pub(super) number: u64,
    /// False if the file ends in it.
    pub(super) is_whole: bool,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(input: R) -> Self {
        Self { input, line: Vec::new(), number: 0 }
    }

    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// The next line, of at most `most` bytes.
    pub(super) fn next(&mut self, most: u64) -> Result<Option<Line<'_>>, ReadError> {
        self.line.clear();
        self.line.shrink_to(KEPT);
        self.number += 1;
        // One byte more for the end of the line.
        let read = (&mut self.input).take(most + 1).read_until(b'\n', &mut self.line).map_err(ReadError::Io)?;
        if read == 0 {
            return Ok(None);
        }
        let is_whole = self.line.last() == Some(&b'\n');
        if is_whole {
            self.line.pop();
        } else if read as u64 > most {
            return Err(ReadError::TooLong { line: self.number });
        }
        Ok(Some(Line { bytes: &self.line, number: self.number, is_whole }))
    }
}
