//! Bytes in and out: `fd_read`, `fd_write`, `fd_pread`, `fd_pwrite`, `fd_seek`, `fd_tell`, and what sockets share with them.
//!
//! One buffer is read and written where it lies in guest memory; several small ones go as one transfer, so that what a C
//! library wrote as one line is one line also in a file that others append to.

use std::borrow::Cow;

use callgate_gate::{Break, Call};
use callgate_system::{Code, Error, FileType};

use super::descriptor::{Object, OpenFile};
use super::descriptors::Held;
use super::errno::{Errno, Stop};
use super::memory::{Buffers, GuestMemory};
use super::rights::{FD_READ, FD_SEEK, FD_TELL, FD_WRITE};
use super::values::Snapshot;
use crate::host::Host;
use crate::p2::io::{Flow, InputStream, OutputStream, and_flush, blocking_read, watch};

/// A list of buffers in guest memory: its address and length.
pub(super) type List = (u32, u32);

pub(super) fn fd_read(host: &Host, memory: &mut GuestMemory<'_>, fd: u32, list: List, out: u32) -> Result<(), Stop> {
    memory.check(out, 4)?;
    let held = host.p1.descriptors.find(fd)?;
    held.no_directory()?;
    held.require(FD_READ)?;
    let buffers = memory.buffers(list.0, list.1)?;
    let read = match &held.object {
        Object::File(file) => {
            let read = read_file(host, memory, &held, file, file.position.get(), &buffers)?;
            file.position.set(file.position.get() + u64::from(read));
            read
        }
        Object::Input(stream) => read_stream(host, memory, &held, stream, &buffers)?,
        Object::Connection(connection) => read_stream(host, memory, &held, &connection.input, &buffers)?,
        _ => return Err(Errno::Badf.into()),
    };
    Ok(memory.put_u32(out, read)?)
}

pub(super) fn fd_pread(
    host: &Host,
    memory: &mut GuestMemory<'_>,
    fd: u32,
    list: List,
    offset: u64,
    out: u32,
) -> Result<(), Stop> {
    memory.check(out, 4)?;
    let held = host.p1.descriptors.find(fd)?;
    let file = held.file(Errno::Spipe)?;
    held.require(FD_READ | FD_SEEK)?;
    let buffers = memory.buffers(list.0, list.1)?;
    let read = read_file(host, memory, &held, file, offset, &buffers)?;
    Ok(memory.put_u32(out, read)?)
}

pub(super) fn fd_write(host: &Host, memory: &mut GuestMemory<'_>, fd: u32, list: List, out: u32) -> Result<(), Stop> {
    memory.check(out, 4)?;
    let held = host.p1.descriptors.find(fd)?;
    held.no_directory()?;
    held.require(FD_WRITE)?;
    let contents = contents(memory, list)?;
    let written = match &held.object {
        Object::File(file) if held.flags.get().append => append(host, &held, file, &contents, true)?,
        Object::File(file) => {
            let written = write_file(host, &held, file, &contents, file.position.get())?;
            file.position.set(file.position.get() + u64::from(written));
            written
        }
        Object::Output(stream) => write_stream(host, &held, stream, &contents)?,
        Object::Connection(connection) => write_stream(host, &held, &connection.output, &contents)?,
        _ => return Err(Errno::Badf.into()),
    };
    drop(contents);
    Ok(memory.put_u32(out, written)?)
}

/// A descriptor that appends does so here too, as on Linux: whoever gave it to a program to log by means the end of the file.
pub(super) fn fd_pwrite(
    host: &Host,
    memory: &mut GuestMemory<'_>,
    fd: u32,
    list: List,
    offset: u64,
    out: u32,
) -> Result<(), Stop> {
    memory.check(out, 4)?;
    let held = host.p1.descriptors.find(fd)?;
    let file = held.file(Errno::Spipe)?;
    held.require(FD_WRITE | FD_SEEK)?;
    let contents = contents(memory, list)?;
    let written = if held.flags.get().append {
        append(host, &held, file, &contents, false)?
    } else {
        write_file(host, &held, file, &contents, offset)?
    };
    drop(contents);
    Ok(memory.put_u32(out, written)?)
}

pub(super) fn fd_seek(
    host: &Host,
    memory: &mut GuestMemory<'_>,
    snapshot: Snapshot,
    fd: u32,
    offset: i64,
    whence: u32,
    out: u32,
) -> Result<(), Stop> {
    memory.check(out, 8)?;
    let held = host.p1.descriptors.find(fd)?;
    let file = held.file(Errno::Spipe)?;
    let whence = Whence::new(whence, snapshot)?;
    // Only moving takes the right to; asking where it is doesn't.
    held.require(if offset == 0 && whence == Whence::Current { FD_TELL } else { FD_SEEK })?;
    let act = || {
        let base = match whence {
            Whence::Set => 0,
            Whence::Current => file.position.get(),
            Whence::End => file.file.stat()?.size,
        };
        let position = base.checked_add_signed(offset).filter(|position| i64::try_from(*position).is_ok());
        let position = seekable(file).and(position.ok_or(Code::Invalid.into()))?;
        file.position.set(position);
        Ok::<u64, Error>(position)
    };
    let position = host.gate.pass(Call::FdSeek { file: held.handle(), offset, whence: whence as u8 }, act)?;
    Ok(memory.put_u64(out, position)?)
}

pub(super) fn fd_tell(host: &Host, memory: &mut GuestMemory<'_>, fd: u32, out: u32) -> Result<(), Stop> {
    memory.check(out, 8)?;
    let held = host.p1.descriptors.find(fd)?;
    let file = held.file(Errno::Spipe)?;
    held.require(FD_TELL)?;
    let act = || seekable(file).map(|()| file.position.get());
    let position = host.gate.pass(Call::FdTell { file: held.handle() }, act)?;
    Ok(memory.put_u64(out, position)?)
}

/// Where an offset counts from, as preview1 numbers it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whence {
    Set,
    Current,
    End,
}

impl Whence {
    fn new(number: u32, snapshot: Snapshot) -> Result<Self, Errno> {
        let order = match snapshot {
            Snapshot::Preview0 => [Self::Current, Self::End, Self::Set],
            Snapshot::Preview1 => [Self::Set, Self::Current, Self::End],
        };
        order.get(number as usize).copied().ok_or(Errno::Inval)
    }
}

fn seekable(file: &OpenFile) -> Result<(), Error> {
    match file.kind()? {
        FileType::RegularFile | FileType::BlockDevice => Ok(()),
        _ => Err(Code::InvalidSeek.into()),
    }
}

/// What a list of buffers holds: in place, or of several small ones gathered.
pub(super) fn contents<'a>(memory: &'a GuestMemory<'_>, list: List) -> Result<Cow<'a, [u8]>, Errno> {
    Ok(match memory.buffers(list.0, list.1)? {
        Buffers::One(at, len) => Cow::Borrowed(memory.bytes(at, len)?),
        Buffers::Several(buffers, _) => Cow::Owned(memory.gather(&buffers)?),
    })
}

fn read_file(
    host: &Host,
    memory: &mut GuestMemory<'_>,
    held: &Held,
    OpenFile { file, .. }: &OpenFile,
    offset: u64,
    buffers: &Buffers,
) -> Result<u32, Stop> {
    let call = |len: u32| Call::Read { file: held.handle(), length: len.into(), offset };
    match buffers {
        Buffers::One(at, len) => {
            let buffer = memory.bytes_mut(*at, *len)?;
            let act = move || {
                let filled = buffer;
                let read = file.read_into(filled, offset)?;
                Ok::<_, Error>(&filled[..read])
            };
            Ok(length(host.gate.pass(call(*len), act)?))
        }
        Buffers::Several(buffers, total) => {
            let act = || {
                let mut bytes = Vec::with_capacity(*total as usize);
                file.read_at(&mut bytes, offset)?;
                Ok::<_, Error>(bytes)
            };
            let bytes = host.gate.pass(call(*total), act)?;
            memory.scatter(buffers, &bytes)?;
            Ok(length(&bytes))
        }
    }
}

fn write_file(host: &Host, held: &Held, file: &OpenFile, buffer: &[u8], offset: u64) -> Result<u32, Stop> {
    let act = || Ok::<_, Error>(file.file.write_at(buffer, offset)? as u64);
    written(host.gate.pass(Call::Write { file: held.handle(), buffer, offset }, act))
}

fn append(host: &Host, held: &Held, file: &OpenFile, contents: &[u8], moves: bool) -> Result<u32, Stop> {
    let act = || {
        let written = file.file.append(contents)? as u64;
        if moves {
            // The position is behind what was written, as POSIX has it; where that is, nobody else may be asked.
            file.position.set(file.file.stat()?.size);
        }
        Ok::<_, Error>(written)
    };
    written(host.gate.pass(Call::StreamWrite { stream: held.handle(), contents }, act))
}

/// Reads what comes, waiting for it unless the descriptor doesn't.
pub(super) fn read_stream(
    host: &Host,
    memory: &mut GuestMemory<'_>,
    held: &Held,
    stream: &InputStream,
    buffers: &Buffers,
) -> Result<u32, Stop> {
    let wanted = match buffers {
        Buffers::One(_, len) => *len,
        Buffers::Several(_, total) => *total,
    };
    let (stream_handle, len) = (held.handle(), u64::from(wanted));
    let flow = if held.is_nonblocking() {
        let act = || match stream.read(len)? {
            Flow::Open(bytes) if bytes.is_empty() && len > 0 => Err(Error::new(Code::WouldBlock).into()),
            flow => Ok(flow),
        };
        host.gate.pass::<_, Break>(Call::StreamRead { stream: stream_handle, len }, act)?
    } else {
        let act = || blocking_read(host, stream, len);
        host.gate.pass(Call::StreamBlockingRead { stream: stream_handle, len }, act)?
    };
    let Flow::Open(bytes) = flow else { return Ok(0) };
    match buffers {
        Buffers::One(at, _) => memory.scatter(&[(*at, length(&bytes))], &bytes)?,
        Buffers::Several(buffers, _) => memory.scatter(buffers, &bytes)?,
    }
    Ok(length(&bytes))
}

/// Writes as much as the stream takes in one go, and waits until it is out unless the descriptor doesn't.
pub(super) fn write_stream(host: &Host, held: &Held, stream: &OutputStream, contents: &[u8]) -> Result<u32, Stop> {
    let most = usize::try_from(stream.capacity()).unwrap_or(usize::MAX);
    let contents = contents.get(..most).unwrap_or(contents);
    let handle = held.handle();
    let flow = if held.is_nonblocking() {
        let act = || match watch(stream, stream.check_write())? {
            Flow::Open(0) if !contents.is_empty() => Err(Error::new(Code::WouldBlock).into()),
            Flow::Open(_) => watch(stream, stream.write(contents)),
            Flow::Closed => Ok(Flow::Closed),
        };
        host.gate.pass::<_, Break>(Call::StreamWrite { stream: handle, contents }, act)?
    } else {
        let act = || and_flush(host, stream, contents);
        host.gate.pass(Call::StreamBlockingWriteAndFlush { stream: handle, contents }, act)?
    };
    match flow {
        Flow::Open(()) => Ok(length(contents)),
        Flow::Closed => Err(Errno::Pipe.into()),
    }
}

fn written(result: Result<u64, Break>) -> Result<u32, Stop> {
    Ok(u32::try_from(result?).unwrap_or(u32::MAX))
}

/// Of bytes that lie in guest memory, or are to.
fn length(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX)
}
