//! `wasi:io/streams`: the host functions. What they do is in `input.rs` and `output.rs`; here is when they wait.

use callgate_gate::{Break, Call, Ended};
use callgate_system::Error;
use wasmtime::component::{ComponentType, Lift, Linker, Lower, Resource, WasmList};

use super::poll::wait_for;
use super::{Failure, Flow, InputStream, OutputStream, Pollable};
use crate::host::{Context, Host};
use crate::limits;
use crate::p2::{Interface, interface, resource};

/// Bytes that the `…-and-flush` functions take at most, by the standard.
const AND_FLUSH: u64 = 4096;

static ZEROS: [u8; 64 << 10] = [0; 64 << 10];

/// `wasi:io/streams.stream-error`.
#[derive(ComponentType, Lift, Lower)]
#[component(variant)]
enum StreamError {
    #[component(name = "last-operation-failed")]
    LastOperationFailed(Resource<Failure>),
    #[component(name = "closed")]
    Closed,
}

/// What a host function of a stream hands to the engine.
type Answer<T> = wasmtime::Result<(Result<T, StreamError>,)>;

fn answer<T>(host: &Host, result: Result<Flow<T>, Break>) -> Answer<T> {
    match result {
        Ok(Flow::Open(inner)) => Ok((Ok(inner),)),
        Ok(Flow::Closed) => Ok((Err(StreamError::Closed),)),
        Err(Break::Failed(error)) => {
            let failure = host.handles.add(Failure(error)).map_err(Break::from)?;
            Ok((Err(StreamError::LastOperationFailed(failure.into())),))
        }
        Err(ended) => Err(ended.into()),
    }
}

pub(super) fn link(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    let mut streams = interface(linker, "wasi:io/streams")?;
    resource::<InputStream>(&mut streams, "input-stream")?;
    resource::<OutputStream>(&mut streams, "output-stream")?;
    link_input(&mut streams)?;
    link_write(&mut streams)?;
    link_flush(&mut streams)?;
    link_zeroes(&mut streams)?;
    link_splice(&mut streams)
}

fn link_input(streams: &mut Interface<'_>) -> wasmtime::Result<()> {
    streams.func_wrap(
        "[method]input-stream.read",
        |cx: Context<'_>, (stream, len): (Resource<InputStream>, u64)| {
            let host = cx.data();
            let stream = host.find(&stream)?;
            let act = || stream.read(len);
            answer(host, host.gate.pass(Call::StreamRead { stream: stream.handle(), len }, act))
        },
    )?;
    streams.func_wrap(
        "[method]input-stream.blocking-read",
        |cx: Context<'_>, (stream, len): (Resource<InputStream>, u64)| {
            let host = cx.data();
            let stream = host.find(&stream)?;
            let act = || blocking_read(host, &stream, len);
            answer(host, host.gate.pass(Call::StreamBlockingRead { stream: stream.handle(), len }, act))
        },
    )?;
    streams.func_wrap(
        "[method]input-stream.skip",
        |cx: Context<'_>, (stream, len): (Resource<InputStream>, u64)| {
            let host = cx.data();
            let stream = host.find(&stream)?;
            let act = || Ok::<_, Error>(length(stream.read(len)?));
            answer(host, host.gate.pass(Call::StreamSkip { stream: stream.handle(), len }, act))
        },
    )?;
    streams.func_wrap(
        "[method]input-stream.blocking-skip",
        |cx: Context<'_>, (stream, len): (Resource<InputStream>, u64)| {
            let host = cx.data();
            let stream = host.find(&stream)?;
            let act = || Ok::<_, Break>(length(blocking_read(host, &stream, len)?));
            answer(host, host.gate.pass(Call::StreamBlockingSkip { stream: stream.handle(), len }, act))
        },
    )?;
    streams.func_wrap("[method]input-stream.subscribe", |cx: Context<'_>, (stream,): (Resource<InputStream>,)| {
        let host = cx.data();
        let stream = host.find(&stream)?;
        let act = || host.handles.add(Pollable::Readable(stream.share()));
        Ok((Resource::from(host.gate.pass(Call::InputSubscribe { stream: stream.handle() }, act)?),))
    })
}

fn link_write(streams: &mut Interface<'_>) -> wasmtime::Result<()> {
    streams.func_wrap(
        "[method]output-stream.check-write",
        |cx: Context<'_>, (stream,): (Resource<OutputStream>,)| {
            let host = cx.data();
            let stream = host.find(&stream)?;
            let act = || watch(&stream, stream.check_write());
            answer(host, host.gate.pass(Call::StreamCheckWrite { stream: stream.handle() }, act))
        },
    )?;
    streams.func_wrap(
        "[method]output-stream.write",
        |cx: Context<'_>, (stream, contents): (Resource<OutputStream>, WasmList<u8>)| {
            let host = cx.data();
            let (stream, contents) = (host.find(&stream)?, contents.as_le_slice(&cx));
            permitted(contents.len() as u64, writable_now(&stream))?;
            let act = || watch(&stream, stream.write(contents));
            answer(host, host.gate.pass(Call::StreamWrite { stream: stream.handle(), contents }, act))
        },
    )?;
    streams.func_wrap(
        "[method]output-stream.blocking-write-and-flush",
        |cx: Context<'_>, (stream, contents): (Resource<OutputStream>, WasmList<u8>)| {
            let host = cx.data();
            let (stream, contents) = (host.find(&stream)?, contents.as_le_slice(&cx));
            permitted(contents.len() as u64, AND_FLUSH)?;
            let act = || and_flush(host, &stream, contents);
            answer(host, host.gate.pass(Call::StreamBlockingWriteAndFlush { stream: stream.handle(), contents }, act))
        },
    )?;
    streams.func_wrap("[method]output-stream.subscribe", |cx: Context<'_>, (stream,): (Resource<OutputStream>,)| {
        let host = cx.data();
        let stream = host.find(&stream)?;
        let act = || host.handles.add(Pollable::Writable(stream.share()));
        Ok((Resource::from(host.gate.pass(Call::OutputSubscribe { stream: stream.handle() }, act)?),))
    })
}

fn link_flush(streams: &mut Interface<'_>) -> wasmtime::Result<()> {
    streams.func_wrap("[method]output-stream.flush", |cx: Context<'_>, (stream,): (Resource<OutputStream>,)| {
        let host = cx.data();
        let stream = host.find(&stream)?;
        let act = || watch(&stream, stream.flush());
        answer(host, host.gate.pass(Call::StreamFlush { stream: stream.handle() }, act))
    })?;
    streams.func_wrap(
        "[method]output-stream.blocking-flush",
        |cx: Context<'_>, (stream,): (Resource<OutputStream>,)| {
            let host = cx.data();
            let stream = host.find(&stream)?;
            let act = || blocking_flush(host, &stream);
            answer(host, host.gate.pass(Call::StreamBlockingFlush { stream: stream.handle() }, act))
        },
    )
}

fn link_zeroes(streams: &mut Interface<'_>) -> wasmtime::Result<()> {
    streams.func_wrap(
        "[method]output-stream.write-zeroes",
        |cx: Context<'_>, (stream, len): (Resource<OutputStream>, u64)| {
            let host = cx.data();
            let stream = host.find(&stream)?;
            permitted(len, writable_now(&stream))?;
            let act = || write_zeroes(&stream, len);
            answer(host, host.gate.pass(Call::StreamWriteZeroes { stream: stream.handle(), len }, act))
        },
    )?;
    streams.func_wrap(
        "[method]output-stream.blocking-write-zeroes-and-flush",
        |cx: Context<'_>, (stream, len): (Resource<OutputStream>, u64)| {
            let host = cx.data();
            let stream = host.find(&stream)?;
            permitted(len, AND_FLUSH)?;
            #[allow(clippy::cast_possible_truncation, reason = "permitted is below the page")]
            let act = || and_flush(host, &stream, &ZEROS[..len as usize]);
            answer(host, host.gate.pass(Call::StreamBlockingWriteZeroesAndFlush { stream: stream.handle(), len }, act))
        },
    )
}

fn link_splice(streams: &mut Interface<'_>) -> wasmtime::Result<()> {
    streams.func_wrap(
        "[method]output-stream.splice",
        |cx: Context<'_>, (stream, src, len): (Resource<OutputStream>, Resource<InputStream>, u64)| {
            let host = cx.data();
            let (stream, src) = (host.find(&stream)?, host.find(&src)?);
            let act = || splice(&stream, &src, len);
            answer(host, host.gate.pass(Call::StreamSplice { stream: stream.handle(), src: src.handle(), len }, act))
        },
    )?;
    streams.func_wrap(
        "[method]output-stream.blocking-splice",
        |cx: Context<'_>, (stream, src, len): (Resource<OutputStream>, Resource<InputStream>, u64)| {
            let host = cx.data();
            let (stream, src) = (host.find(&stream)?, host.find(&src)?);
            let act = || blocking_splice(host, &stream, &src, len);
            let call = Call::StreamBlockingSplice { stream: stream.handle(), src: src.handle(), len };
            answer(host, host.gate.pass(call, act))
        },
    )
}

/// Traps where a guest writes more than it was permitted, as the standard has it.
fn permitted(len: u64, permit: u64) -> wasmtime::Result<()> {
    if len <= permit { Ok(()) } else { Err(wasmtime::format_err!("wrote {len} bytes where {permit} were permitted")) }
}

/// What `write` takes now: while earlier bytes wait, nothing was permitted.
fn writable_now(stream: &OutputStream) -> u64 {
    if stream.is_flushed() { stream.capacity() } else { 0 }
}

/// Ends the run where the guest learns that nobody reads its output, and the run was told to end so.
pub(crate) fn watch<T>(stream: &OutputStream, result: Result<Flow<T>, Error>) -> Result<Flow<T>, Break> {
    match result? {
        Flow::Closed if stream.quits() => Err(Break::Ended(Ended::NobodyReads)),
        flow => Ok(flow),
    }
}

fn length(flow: Flow<Vec<u8>>) -> Flow<u64> {
    match flow {
        Flow::Open(bytes) => Flow::Open(bytes.len() as u64),
        Flow::Closed => Flow::Closed,
    }
}

pub(crate) fn blocking_read(host: &Host, stream: &InputStream, len: u64) -> Result<Flow<Vec<u8>>, Break> {
    loop {
        match stream.read(len)? {
            Flow::Open(bytes) if bytes.is_empty() && len > 0 => wait_for(host, stream.readable())?,
            flow => return Ok(flow),
        }
    }
}

/// Waits until nothing of `stream` waits.
fn blocking_flush(host: &Host, stream: &OutputStream) -> Result<Flow<()>, Break> {
    loop {
        match watch(stream, stream.flush())? {
            Flow::Open(()) if !stream.is_flushed() => wait_for(host, stream.writable())?,
            flow => return Ok(flow),
        }
    }
}

/// Waits for room, writes, and waits until it is out.
pub(crate) fn and_flush(host: &Host, stream: &OutputStream, contents: &[u8]) -> Result<Flow<()>, Break> {
    if let Flow::Closed = blocking_flush(host, stream)? {
        return Ok(Flow::Closed);
    }
    match watch(stream, stream.write(contents))? {
        Flow::Open(()) => blocking_flush(host, stream),
        Flow::Closed => Ok(Flow::Closed),
    }
}

fn write_zeroes(stream: &OutputStream, mut len: u64) -> Result<Flow<()>, Break> {
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

/// Moves what is there to read, as far as there is room.
fn splice(stream: &OutputStream, src: &InputStream, len: u64) -> Result<Flow<u64>, Break> {
    let Flow::Open(room) = watch(stream, stream.check_write())? else { return Ok(Flow::Closed) };
    let Flow::Open(bytes) = src.read(len.min(room).min(limits::TRANSFER))? else { return Ok(Flow::Closed) };
    match watch(stream, stream.write(&bytes))? {
        Flow::Open(()) => Ok(Flow::Open(bytes.len() as u64)),
        Flow::Closed => Ok(Flow::Closed),
    }
}

/// Waits for room, then for something to read, and moves it.
fn blocking_splice(host: &Host, stream: &OutputStream, src: &InputStream, len: u64) -> Result<Flow<u64>, Break> {
    if let Flow::Closed = blocking_flush(host, stream)? {
        return Ok(Flow::Closed);
    }
    let room = stream.capacity().min(limits::TRANSFER);
    let Flow::Open(bytes) = blocking_read(host, src, len.min(room))? else { return Ok(Flow::Closed) };
    match watch(stream, stream.write(&bytes))? {
        Flow::Open(()) => Ok(Flow::Open(bytes.len() as u64)),
        Flow::Closed => Ok(Flow::Closed),
    }
}
