//! `wasi:io`: errors and streams. The objects say what an operation does; here is when it waits.

use callgate_gate::{Call, CallError, RunEnd};
use callgate_system::{Code, Error};

use super::Outcome;
use super::poll::wait_for;
use crate::host::Host;
use crate::limits;
use crate::objects::{Failure, Flow, Held, InputStream, OutputStream, Pollable};

/// Bytes that the `…-and-flush` functions take at most, by the standard.
const AND_FLUSH: u64 = 4096;

static ZEROS: [u8; 64 << 10] = [0; 64 << 10];

/// The outcome of a stream's operation as the guest is told of it: a value, the handle of its error, or the end, which has none.
pub(crate) fn told<T>(host: &Host, outcome: Outcome<Flow<T>>) -> Outcome<Result<T, Option<Held<Failure>>>> {
    Ok(match CallError::told(outcome)? {
        Ok(Flow::Open(value)) => Ok(value),
        Ok(Flow::Closed) => Err(None),
        Err(error) => Err(Some(host.handles.add(Failure(error))?)),
    })
}

/// The error in words.
pub(crate) fn to_debug_string(host: &Host, error: &Held<Failure>) -> Outcome<String> {
    host.gate.pass(Call::ErrorToDebugString { error: error.handle() }, || Ok::<_, Error>(error.0.to_string()))
}

pub(crate) fn filesystem_error_code(host: &Host, error: &Held<Failure>) -> Outcome<Option<Error>> {
    host.gate.pass(Call::FilesystemErrorCode { error: error.handle() }, || Ok::<_, Error>(error.0.code.name()))?;
    Ok(Some(error.0))
}

pub(crate) fn network_error_code(host: &Host, error: &Held<Failure>) -> Outcome<Option<Error>> {
    host.gate.pass(Call::NetworkErrorCode { error: error.handle() }, || Ok::<_, Error>(error.0.code.name()))?;
    Ok(Some(error.0))
}

pub(crate) fn read(host: &Host, stream: &Held<InputStream>, len: u64) -> Outcome<Flow<Vec<u8>>> {
    host.gate.pass(Call::StreamRead { stream: stream.handle(), len }, || stream.read(len))
}

/// As [`read`], of a descriptor that does not wait: an error where nothing is there.
pub(crate) fn read_now(host: &Host, stream: &Held<InputStream>, len: u64) -> Outcome<Flow<Vec<u8>>> {
    let act = || match stream.read(len)? {
        Flow::Open(bytes) if bytes.is_empty() && len > 0 => Err(Error::new(Code::WouldBlock)),
        flow => Ok(flow),
    };
    host.gate.pass(Call::StreamRead { stream: stream.handle(), len }, act)
}

pub(crate) fn blocking_read(host: &Host, stream: &Held<InputStream>, len: u64) -> Outcome<Flow<Vec<u8>>> {
    host.gate.pass(Call::StreamBlockingRead { stream: stream.handle(), len }, || read_when_there(host, stream, len))
}

pub(crate) fn skip(host: &Host, stream: &Held<InputStream>, len: u64) -> Outcome<Flow<u64>> {
    let act = || Ok::<_, Error>(length(stream.read(len)?));
    host.gate.pass(Call::StreamSkip { stream: stream.handle(), len }, act)
}

pub(crate) fn blocking_skip(host: &Host, stream: &Held<InputStream>, len: u64) -> Outcome<Flow<u64>> {
    let act = || Ok::<_, CallError>(length(read_when_there(host, stream, len)?));
    host.gate.pass(Call::StreamBlockingSkip { stream: stream.handle(), len }, act)
}

pub(crate) fn subscribe_to_input(host: &Host, stream: &Held<InputStream>) -> Outcome<Held<Pollable>> {
    let act = || host.handles.add(Pollable::Readable(stream.share()));
    host.gate.pass(Call::InputSubscribe { stream: stream.handle() }, act)
}

pub(crate) fn check_write(host: &Host, stream: &Held<OutputStream>) -> Outcome<Flow<u64>> {
    host.gate.pass(Call::StreamCheckWrite { stream: stream.handle() }, || watch(stream, stream.check_write()))
}

/// Traps where more is written than was permitted, as the standard has it.
pub(crate) fn write(host: &Host, stream: &Held<OutputStream>, contents: &[u8]) -> Outcome<Flow<()>> {
    let act = || {
        permitted(contents.len() as u64, writable_now(stream))?;
        watch(stream, stream.write(contents))
    };
    host.gate.pass(Call::StreamWrite { stream: stream.handle(), contents }, act)
}

/// As [`write`], of a descriptor that does not wait: an error where there is no room.
pub(crate) fn write_now(host: &Host, stream: &Held<OutputStream>, contents: &[u8]) -> Outcome<Flow<()>> {
    let act = || match watch(stream, stream.check_write())? {
        Flow::Open(0) if !contents.is_empty() => Err(Error::new(Code::WouldBlock).into()),
        Flow::Open(_) => watch(stream, stream.write(contents)),
        Flow::Closed => Ok(Flow::Closed),
    };
    host.gate.pass::<_, CallError>(Call::StreamWrite { stream: stream.handle(), contents }, act)
}

pub(crate) fn blocking_write_and_flush(host: &Host, stream: &Held<OutputStream>, contents: &[u8]) -> Outcome<Flow<()>> {
    let act = || {
        permitted(contents.len() as u64, AND_FLUSH)?;
        and_flush(host, stream, contents)
    };
    host.gate.pass(Call::StreamBlockingWriteAndFlush { stream: stream.handle(), contents }, act)
}

/// As [`blocking_write_and_flush`], of any length.
pub(crate) fn write_when_there_is_room(host: &Host, stream: &Held<OutputStream>, contents: &[u8]) -> Outcome<Flow<()>> {
    let act = || and_flush(host, stream, contents);
    host.gate.pass(Call::StreamBlockingWriteAndFlush { stream: stream.handle(), contents }, act)
}

pub(crate) fn flush(host: &Host, stream: &Held<OutputStream>) -> Outcome<Flow<()>> {
    host.gate.pass(Call::StreamFlush { stream: stream.handle() }, || watch(stream, stream.flush()))
}

pub(crate) fn blocking_flush(host: &Host, stream: &Held<OutputStream>) -> Outcome<Flow<()>> {
    host.gate.pass(Call::StreamBlockingFlush { stream: stream.handle() }, || flush_all(host, stream))
}

pub(crate) fn subscribe_to_output(host: &Host, stream: &Held<OutputStream>) -> Outcome<Held<Pollable>> {
    let act = || host.handles.add(Pollable::Writable(stream.share()));
    host.gate.pass(Call::OutputSubscribe { stream: stream.handle() }, act)
}

pub(crate) fn write_zeroes(host: &Host, stream: &Held<OutputStream>, len: u64) -> Outcome<Flow<()>> {
    let act = || {
        permitted(len, writable_now(stream))?;
        zeroes(stream, len)
    };
    host.gate.pass(Call::StreamWriteZeroes { stream: stream.handle(), len }, act)
}

pub(crate) fn blocking_write_zeroes_and_flush(host: &Host, stream: &Held<OutputStream>, len: u64) -> Outcome<Flow<()>> {
    let act = || {
        permitted(len, AND_FLUSH)?;
        #[allow(clippy::cast_possible_truncation, reason = "what is permitted is below the page")]
        and_flush(host, stream, &ZEROS[..len as usize])
    };
    host.gate.pass(Call::StreamBlockingWriteZeroesAndFlush { stream: stream.handle(), len }, act)
}

/// Moves what is there to read, as far as there is room.
pub(crate) fn splice(
    host: &Host,
    stream: &Held<OutputStream>,
    src: &Held<InputStream>,
    len: u64,
) -> Outcome<Flow<u64>> {
    let act = || {
        let Flow::Open(room) = watch(stream, stream.check_write())? else { return Ok(Flow::Closed) };
        let Flow::Open(bytes) = src.read(len.min(room).min(limits::TRANSFER))? else { return Ok(Flow::Closed) };
        moved(stream, &bytes)
    };
    host.gate.pass::<_, CallError>(Call::StreamSplice { stream: stream.handle(), src: src.handle(), len }, act)
}

/// Waits for room, then for something to read, and moves it.
pub(crate) fn blocking_splice(
    host: &Host,
    stream: &Held<OutputStream>,
    src: &Held<InputStream>,
    len: u64,
) -> Outcome<Flow<u64>> {
    let act = || {
        if let Flow::Closed = flush_all(host, stream)? {
            return Ok(Flow::Closed);
        }
        let room = stream.capacity().min(limits::TRANSFER);
        let Flow::Open(bytes) = read_when_there(host, src, len.min(room))? else { return Ok(Flow::Closed) };
        moved(stream, &bytes)
    };
    host.gate.pass::<_, CallError>(Call::StreamBlockingSplice { stream: stream.handle(), src: src.handle(), len }, act)
}

/// Ends the run where a guest writes more than it was permitted, as the standard has it.
fn permitted(len: u64, permit: u64) -> Outcome<()> {
    if len <= permit { Ok(()) } else { Err(CallError::EndedRun(RunEnd::Overwrote { len, permit })) }
}

/// Bytes that `write` takes now: while earlier bytes wait, none were permitted.
fn writable_now(stream: &OutputStream) -> u64 {
    if stream.is_flushed() { stream.capacity() } else { 0 }
}

/// Ends the run where the guest learns that nobody reads its output, and the run was told to end so.
fn watch<T>(stream: &OutputStream, result: Result<Flow<T>, Error>) -> Outcome<Flow<T>> {
    match result? {
        Flow::Closed if stream.quits() => Err(CallError::EndedRun(RunEnd::NobodyReads)),
        flow => Ok(flow),
    }
}

fn length(flow: Flow<Vec<u8>>) -> Flow<u64> {
    match flow {
        Flow::Open(bytes) => Flow::Open(bytes.len() as u64),
        Flow::Closed => Flow::Closed,
    }
}

fn read_when_there(host: &Host, stream: &InputStream, len: u64) -> Outcome<Flow<Vec<u8>>> {
    loop {
        match stream.read(len)? {
            Flow::Open(bytes) if bytes.is_empty() && len > 0 => wait_for(host, stream.readable())?,
            flow => return Ok(flow),
        }
    }
}

/// Waits until nothing of `stream` waits.
fn flush_all(host: &Host, stream: &OutputStream) -> Outcome<Flow<()>> {
    loop {
        match watch(stream, stream.flush())? {
            Flow::Open(()) if !stream.is_flushed() => wait_for(host, stream.writable())?,
            flow => return Ok(flow),
        }
    }
}

/// Waits for room, writes, and waits until it is out.
fn and_flush(host: &Host, stream: &OutputStream, contents: &[u8]) -> Outcome<Flow<()>> {
    if let Flow::Closed = flush_all(host, stream)? {
        return Ok(Flow::Closed);
    }
    match watch(stream, stream.write(contents))? {
        Flow::Open(()) => flush_all(host, stream),
        Flow::Closed => Ok(Flow::Closed),
    }
}

fn zeroes(stream: &OutputStream, mut len: u64) -> Outcome<Flow<()>> {
    while len > 0 {
        #[allow(clippy::cast_possible_truncation, reason = "at most the length of the page")]
        let step = len.min(ZEROS.len() as u64) as usize;
        if let Flow::Closed = watch(stream, stream.write(&ZEROS[..step]))? {
            return Ok(Flow::Closed);
        }
        len -= step as u64;
    }
    Ok(Flow::Open(()))
}

fn moved(stream: &OutputStream, bytes: &[u8]) -> Outcome<Flow<u64>> {
    match watch(stream, stream.write(bytes))? {
        Flow::Open(()) => Ok(Flow::Open(bytes.len() as u64)),
        Flow::Closed => Ok(Flow::Closed),
    }
}
