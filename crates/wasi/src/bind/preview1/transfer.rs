//! Bytes in and out: `fd_read`, `fd_write`, `fd_pread`, `fd_pwrite`, `fd_seek`, `fd_tell`, and what sockets share with them.
//!
//! One buffer is read and written where it lies in guest memory; several small ones go as one transfer, so that what a C
//! library wrote as one line is one line also in a file that others append to.

use std::borrow::Cow;

use callgate_gate::Call;
use callgate_system::{Code, Error, File, FileType};

use super::errno::{Errno, Stop};
use super::memory::{Buffers, GuestMemory};
use super::rights::{FD_READ, FD_SEEK, FD_TELL, FD_WRITE};
use super::values::Snapshot;
use crate::calls::{filesystem, io};
use crate::host::Host;
use crate::objects::{Descriptor, Flow, Held, InputStream, OutputStream};

/// A list of buffers in guest memory: its address and length.
pub(super) type List = (u32, u32);

pub(super) fn fd_read(host: &Host, memory: &mut GuestMemory<'_>, fd: u32, list: List, out: u32) -> Result<(), Stop> {
    memory.check(out, 4)?;
    let held = host.preview1.fds.find(fd)?.needing(FD_READ);
    held.no_directory()?;
    let buffers = memory.buffers(list.0, list.1)?;
    let read = if let Some(stream) = held.input() {
        read_stream(host, memory, &stream, held.is_nonblocking(), &buffers)?
    } else {
        let read = read_file(host, memory, &held.file(Errno::Badf)?, held.position.get(), &buffers)?;
        held.position.set(held.position.get() + u64::from(read));
        read
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
    let held = host.preview1.fds.find(fd)?.needing(FD_READ | FD_SEEK);
    let file = held.file(Errno::Spipe)?;
    let buffers = memory.buffers(list.0, list.1)?;
    let read = read_file(host, memory, &file, offset, &buffers)?;
    Ok(memory.put_u32(out, read)?)
}

pub(super) fn fd_write(host: &Host, memory: &mut GuestMemory<'_>, fd: u32, list: List, out: u32) -> Result<(), Stop> {
    memory.check(out, 4)?;
    let held = host.preview1.fds.find(fd)?.needing(FD_WRITE);
    held.no_directory()?;
    let contents = contents(memory, list)?;
    let written = if let Some(stream) = held.output() {
        write_stream(host, &stream, held.is_nonblocking(), &contents)?
    } else if held.flags().append {
        let (written, size) = filesystem::append(host, &held.file(Errno::Badf)?, &contents, true)?;
        // The position is after the bytes that were written, as POSIX has it.
        held.position.set(size.unwrap_or_else(|| held.position.get()));
        number(written)
    } else {
        let written = filesystem::write(host, &held.file(Errno::Badf)?, &contents, held.position.get())?;
        held.position.set(held.position.get() + written);
        number(written)
    };
    drop(contents);
    Ok(memory.put_u32(out, written)?)
}

/// A descriptor that appends does so here too, as on Linux: whoever gave it to a program to log by means the end of the file. An
/// offset that no file has is refused all the same.
pub(super) fn fd_pwrite(
    host: &Host,
    memory: &mut GuestMemory<'_>,
    fd: u32,
    list: List,
    offset: u64,
    out: u32,
) -> Result<(), Stop> {
    memory.check(out, 4)?;
    let held = host.preview1.fds.find(fd)?.needing(FD_WRITE | FD_SEEK);
    let file = held.file(Errno::Spipe)?;
    let contents = contents(memory, list)?;
    let written = if held.flags().append {
        i64::try_from(offset).map_err(|_| Errno::Inval)?;
        filesystem::append(host, &file, &contents, false)?.0
    } else {
        filesystem::write(host, &file, &contents, offset)?
    };
    drop(contents);
    Ok(memory.put_u32(out, number(written))?)
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
    let held = host.preview1.fds.find(fd)?;
    let file = held.file(Errno::Spipe)?;
    let whence = Whence::new(whence, snapshot)?;
    // Only moving takes the right to; asking where it is doesn't.
    let held = held.needing(if offset == 0 && whence == Whence::Current { FD_TELL } else { FD_SEEK });
    let act = || {
        let base = match whence {
            Whence::Set => 0,
            Whence::Current => held.position.get(),
            Whence::End => file.stat()?.size,
        };
        let position = base.checked_add_signed(offset).filter(|position| i64::try_from(*position).is_ok());
        let position = seekable(&file).and(position.ok_or(Code::Invalid.into()))?;
        held.position.set(position);
        Ok::<u64, Error>(position)
    };
    let position = host.gate.pass(Call::FdSeek { file: held.handle(), offset, whence: whence as u8 }, act)?;
    Ok(memory.put_u64(out, position)?)
}

pub(super) fn fd_tell(host: &Host, memory: &mut GuestMemory<'_>, fd: u32, out: u32) -> Result<(), Stop> {
    memory.check(out, 8)?;
    let held = host.preview1.fds.find(fd)?.needing(FD_TELL);
    let file = held.file(Errno::Spipe)?;
    let act = || seekable(&file).map(|()| held.position.get());
    let position = host.gate.pass(Call::FdTell { file: held.handle() }, act)?;
    Ok(memory.put_u64(out, position)?)
}

/// The origin that an offset counts from, as preview1 numbers it.
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

fn seekable(file: &Descriptor) -> Result<(), Error> {
    match file.kind()? {
        FileType::RegularFile | FileType::BlockDevice => Ok(()),
        _ => Err(Code::InvalidSeek.into()),
    }
}

/// The contents of a list of buffers: of one in place, of several small ones gathered.
pub(super) fn contents<'a>(memory: &'a GuestMemory<'_>, list: List) -> Result<Cow<'a, [u8]>, Errno> {
    Ok(match memory.buffers(list.0, list.1)? {
        Buffers::One(at, len) => Cow::Borrowed(memory.bytes(at, len)?),
        Buffers::Several(buffers, _) => Cow::Owned(memory.gather(&buffers)?),
    })
}

fn read_file(
    host: &Host,
    memory: &mut GuestMemory<'_>,
    file: &Held<Descriptor>,
    offset: u64,
    buffers: &Buffers,
) -> Result<u32, Stop> {
    match buffers {
        Buffers::One(at, len) => {
            let buffer = memory.bytes_mut(*at, *len)?;
            let into = |file: &dyn File| {
                let filled = buffer;
                let read = file.read_into(filled, offset)?;
                Ok(&filled[..read])
            };
            Ok(length(filesystem::read(host, file, (*len).into(), offset, into)?))
        }
        Buffers::Several(buffers, total) => {
            let into = |file: &dyn File| {
                let mut bytes = Vec::with_capacity(*total as usize);
                file.read_at(&mut bytes, offset)?;
                Ok(bytes)
            };
            let bytes = filesystem::read(host, file, (*total).into(), offset, into)?;
            memory.scatter(buffers, &bytes)?;
            Ok(length(&bytes))
        }
    }
}

/// Reads what comes, waiting for it unless the descriptor doesn't.
pub(super) fn read_stream(
    host: &Host,
    memory: &mut GuestMemory<'_>,
    stream: &Held<InputStream>,
    nonblocking: bool,
    buffers: &Buffers,
) -> Result<u32, Stop> {
    let wanted = match buffers {
        Buffers::One(_, len) => *len,
        Buffers::Several(_, total) => *total,
    };
    let read = if nonblocking { io::read_now } else { io::blocking_read };
    let Flow::Open(bytes) = read(host, stream, wanted.into())? else { return Ok(0) };
    match buffers {
        Buffers::One(at, _) => memory.scatter(&[(*at, length(&bytes))], &bytes)?,
        Buffers::Several(buffers, _) => memory.scatter(buffers, &bytes)?,
    }
    Ok(length(&bytes))
}

/// Writes as much as the stream takes in one go, and waits until it is out unless the descriptor doesn't.
pub(super) fn write_stream(
    host: &Host,
    stream: &Held<OutputStream>,
    nonblocking: bool,
    contents: &[u8],
) -> Result<u32, Stop> {
    let most = usize::try_from(stream.capacity()).unwrap_or(usize::MAX);
    let contents = contents.get(..most).unwrap_or(contents);
    let write = if nonblocking { io::write_now } else { io::write_when_there_is_room };
    match write(host, stream, contents)? {
        Flow::Open(()) => Ok(length(contents)),
        Flow::Closed => Err(Errno::Pipe.into()),
    }
}

fn number(bytes: u64) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

/// Of bytes that lie in guest memory, or are to.
fn length(bytes: &[u8]) -> u32 {
    number(bytes.len() as u64)
}
