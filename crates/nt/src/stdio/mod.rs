//! The standard streams, which are not ours alone: their mode is never changed.
//!
//! So that no transfer waits, each has a way of its own: a file or the null device never waits; a pipe, and a console to read
//! from, are served by a thread (`reader`, `writer`), because what calls NT has that don't wait would change the pipe for
//! whoever shares it. A console speaks UTF-16 here, whatever its code page.
//!
//! Hazard: a console whose output a person has stopped, by marking text in it, makes a write wait until it goes on.

mod reader;
mod writer;

use std::os::windows::io::AsRawHandle as _;
use std::sync::{Arc, Mutex, PoisonError};

use callgate_system::{Code, Result, Sink, Source, Stdio};

use crate::error::{Portable as _, Status};
use crate::nt::console;
use crate::nt::stream::{Device, Inherited};
use crate::utf::{FromUtf8, FromUtf16};
use crate::wake::Wake;

use self::reader::Reader;
use self::writer::Writer;

/// Standard input.
pub(crate) struct Input {
    from: From,
    terminal: bool,
}

enum From {
    /// Nothing will ever come.
    Nothing,
    File(Inherited),
    Thread(Reader),
}

/// Standard output or standard error.
pub(crate) struct Output {
    to: To,
}

enum To {
    Nothing,
    File(Inherited),
    /// With the beginning of a character that is not whole yet.
    Console(Inherited, Mutex<FromUtf8>),
    Thread(Writer),
}

/// Units that one read of a console takes; more was rarely typed in one line.
const LINE: usize = 4096;

/// Bytes that are written to a console at once.
const CONSOLE_PIECE: usize = 8192;

/// The first character of a line that says the end: Ctrl+Z.
const END_OF_INPUT: u16 = 0x1A;

/// The character that the key that ends a line brings before the line feed.
const RETURN: u16 = 0x0D;

impl Input {
    fn new(stream: Inherited) -> Self {
        let device = stream.device();
        let from = match device {
            Device::None => From::Nothing,
            Device::File => From::File(stream),
            Device::Console => From::Thread(Reader::new(typed(stream))),
            Device::Pipe => From::Thread(Reader::new(piped(stream))),
        };
        Self { from, terminal: device == Device::Console }
    }

    /// True if a read would find bytes, the end or an error. If not, `waker` is woken when that may have changed.
    pub(crate) fn poll(&self, waker: &Arc<dyn Wake>) -> bool {
        match &self.from {
            From::Nothing | From::File(_) => true,
            From::Thread(reader) => reader.poll(waker),
        }
    }
}

/// Reads a pipe.
fn piped(stream: Inherited) -> reader::Wait {
    Box::new(move |buffer| read_piece(stream, buffer, reader::CHUNK).map(drop))
}

/// Reads a console, line by line; a line ends as everywhere, with a line feed alone.
fn typed(stream: Inherited) -> reader::Wait {
    let (mut decoder, mut units) = (FromUtf16::default(), [0; LINE]);
    Box::new(move |buffer| {
        // Half a surrogate pair alone is no byte yet, and no end.
        while buffer.is_empty() {
            match console::read(stream, &mut units).map(|count| units.get(..count).unwrap_or_default())? {
                [] | [END_OF_INPUT, ..] => break,
                // Nothing but the end of a line brings a carriage return here.
                units => {
                    let text: Vec<u16> = units.iter().copied().filter(|&unit| unit != RETURN).collect();
                    buffer.extend(decoder.bytes(&text));
                }
            }
        }
        Ok(())
    })
}

/// Reads up to `room` bytes, appending to `buffer`.
fn read_piece(stream: Inherited, buffer: &mut Vec<u8>, room: usize) -> std::result::Result<usize, Status> {
    let length = buffer.len();
    buffer.resize(length + room, 0);
    let read = stream.read(buffer.get_mut(length..).unwrap_or_default());
    buffer.truncate(length + read.unwrap_or(0));
    read
}

impl Output {
    fn new(stream: Inherited) -> Self {
        let to = match stream.device() {
            Device::None => To::Nothing,
            Device::File => To::File(stream),
            Device::Console => To::Console(stream, Mutex::default()),
            Device::Pipe => To::Thread(Writer::new(Box::new(move |bytes| stream.write(bytes)))),
        };
        Self { to }
    }

    /// True if a write would take a byte or fail. If not, `waker` is woken when that may have changed.
    pub(crate) fn poll(&self, waker: &Arc<dyn Wake>) -> bool {
        match &self.to {
            To::Nothing | To::File(_) | To::Console(..) => true,
            To::Thread(writer) => writer.poll(waker),
        }
    }
}

impl Source for Input {
    fn read(&self, buffer: &mut Vec<u8>) -> Result<usize> {
        let room = buffer.capacity() - buffer.len();
        match &self.from {
            _ if room == 0 => Ok(0),
            From::Nothing => Ok(0),
            From::File(stream) => read_piece(*stream, buffer, room.min(reader::CHUNK)).portable(),
            From::Thread(reader) => reader.read(buffer),
        }
    }

    fn is_terminal(&self) -> bool {
        self.terminal
    }
}

impl Sink for Output {
    fn write(&self, buffer: &[u8]) -> Result<usize> {
        match &self.to {
            _ if buffer.is_empty() => Ok(0),
            To::Nothing => Err(Code::BadDescriptor.into()),
            To::File(stream) => stream.write(buffer).portable(),
            To::Console(stream, decoder) => {
                let piece = buffer.get(..CONSOLE_PIECE).unwrap_or(buffer);
                let mut decoder = decoder.lock().unwrap_or_else(PoisonError::into_inner);
                show(*stream, &decoder.units(piece)).portable().map(|()| piece.len())
            }
            To::Thread(writer) => writer.write(buffer),
        }
    }

    fn is_terminal(&self) -> bool {
        matches!(self.to, To::Console(..))
    }

    fn is_settled(&self) -> bool {
        match &self.to {
            To::Thread(writer) => writer.is_settled(),
            _ => true,
        }
    }
}

fn show(console: Inherited, mut rest: &[u16]) -> std::result::Result<(), Status> {
    while !rest.is_empty() {
        match console::write(console, rest)? {
            0 => return Err(Status::UNSUCCESSFUL),
            count => rest = rest.get(count..).unwrap_or_default(),
        }
    }
    Ok(())
}

/// The streams of this process.
pub(crate) fn inherited() -> Stdio {
    Stdio {
        stdin: Arc::new(Input::new(Inherited::new(std::io::stdin().as_raw_handle()))),
        stdout: Arc::new(Output::new(Inherited::new(std::io::stdout().as_raw_handle()))),
        stderr: Arc::new(Output::new(Inherited::new(std::io::stderr().as_raw_handle()))),
    }
}

#[cfg(test)]
mod tests;
