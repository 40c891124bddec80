//! The functions that concern one descriptor: `fd_close`, `fd_renumber`, `fd_fdstat_*`, `fd_filestat_*`, `fd_prestat_*`, `fd_sync` …

use callgate_gate::{Call, CallError};
use callgate_system::{Code, Error, Result, Stat};

use super::errno::{Errno, Stop};
use super::fd::Object;
use super::fds::HeldFd;
use super::memory::GuestMemory;
use super::rights::{
    self, FD_ADVISE, FD_ALLOCATE, FD_DATASYNC, FD_FDSTAT_SET_FLAGS, FD_FILESTAT_GET, FD_FILESTAT_SET_SIZE,
    FD_FILESTAT_SET_TIMES, FD_SYNC, FD_WRITE, Rights,
};
use super::values::{self, FdFlags, Snapshot};
use crate::calls::{self, filesystem};
use crate::host::Host;

type Done = std::result::Result<(), Stop>;

pub(super) fn fd_close(host: &Host, fd: u32) -> Done {
    let fds = &host.preview1.fds;
    let closing = fds.closing(&host.handles, fd)?;
    Ok(calls::close_after(host, closing, || fds.remove(fd))?)
}

/// As `dup2` and `close` in one, onto a number that is open. Those of the standard streams always count as open: Yosys moves its
/// output away and another file there, in two steps, and later moves its output back.
pub(super) fn fd_renumber(host: &Host, from: u32, to: u32) -> Done {
    const STANDARD_STREAMS: u32 = 3;
    let fds = &host.preview1.fds;
    let (file, replaced) = (fds.find(from)?, fds.find(to));
    let replaced = if to < STANDARD_STREAMS { replaced.ok() } else { Some(replaced?) };
    let act = || {
        fds.renumber(from, to);
        let closing = replaced.filter(|_| from != to).and_then(|replaced| replaced.closing(&host.handles));
        closing.map_or(Ok(()), |closing| host.close(closing))
    };
    Ok(host.gate.pass(Call::FdRenumber { file: file.handle(), to: to.into() }, act)?)
}

pub(super) fn fd_fdstat_get(host: &Host, memory: &mut GuestMemory<'_>, fd: u32, out: u32) -> Done {
    memory.check(out, 24)?;
    let held = host.preview1.fds.find(fd)?;
    let (base, inheriting) = held.rights();
    let act = || held.file_type().map(u32::from);
    let kind = host.gate.pass::<u32, Error>(Call::GetFlags { file: held.handle() }, act)?;
    memory.put_u64(out, u64::from(kind) | u64::from(held.flags().bits()) << 16)?;
    memory.put_u64(out + 8, base)?;
    Ok(memory.put_u64(out + 16, inheriting)?)
}

pub(super) fn fd_fdstat_set_flags(host: &Host, fd: u32, bits: u32) -> Done {
    let held = host.preview1.fds.find(fd)?.needing(FD_FDSTAT_SET_FLAGS);
    held.no_directory()?;
    let flags = FdFlags::from_bits(bits)?;
    let synced = |flags: FdFlags| (flags.dsync, flags.rsync, flags.sync);
    let act = || {
        // The sync flags of `open` hold for as long as the file is open.
        if matches!(held.object, Object::File(_)) && synced(flags) != synced(held.flags()) {
            return Err(Code::Unsupported.into());
        }
        held.set_flags(flags);
        Ok::<(), Error>(())
    };
    Ok(host.gate.pass(Call::FdFdstatSetFlags { file: held.handle(), flags: bits.into() }, act)?)
}

pub(super) fn fd_fdstat_set_rights(host: &Host, fd: u32, base: Rights, inheriting: Rights) -> Done {
    let held = host.preview1.fds.find(fd)?;
    let (has, hands_on) = held.rights();
    let gains = base & !has != 0 || inheriting & !hands_on != 0;
    let held = held.denied_by(gains.then_some(Code::NotCapable));
    let act = || {
        held.set_rights(base, inheriting);
        Ok::<(), Error>(())
    };
    Ok(host.gate.pass(Call::FdFdstatSetRights { file: held.handle(), base, inheriting }, act)?)
}

pub(super) fn fd_filestat_get(
    host: &Host,
    memory: &mut GuestMemory<'_>,
    snapshot: Snapshot,
    fd: u32,
    out: u32,
) -> Done {
    memory.check(out, values::size_of_filestat(snapshot))?;
    let held = host.preview1.fds.find(fd)?.needing(FD_FILESTAT_GET);
    if let Some(file) = held.descriptor() {
        let stat = filesystem::stat(host, &file)?;
        return Ok(values::put_filestat(memory, out, snapshot, values::file_type(stat.kind), Some(&stat))?);
    }
    // An object that is in no file system has a type, and nothing else.
    let mut kind = values::UNKNOWN;
    let act = || {
        kind = held.file_type()?;
        Ok::<Option<Stat>, Error>(None)
    };
    host.gate.pass(Call::Stat { file: held.handle() }, act)?;
    Ok(values::put_filestat(memory, out, snapshot, kind, None)?)
}

pub(super) fn fd_filestat_set_size(host: &Host, fd: u32, size: u64) -> Done {
    let held = host.preview1.fds.find(fd)?.needing(FD_FILESTAT_SET_SIZE);
    // As on POSIX, where `ftruncate` of what isn't open for writing is `EINVAL`.
    let not_writable = rights::missing(held.rights().0, FD_WRITE).and(Some(Code::Invalid));
    let file = held.denied_by(not_writable).file(Errno::Inval)?;
    Ok(filesystem::set_size(host, &file, size)?)
}

pub(super) fn fd_filestat_set_times(host: &Host, fd: u32, accessed: u64, modified: u64, flags: u32) -> Done {
    let held = host.preview1.fds.find(fd)?.needing(FD_FILESTAT_SET_TIMES);
    let [accessed, modified] = values::new_times(accessed, modified, flags)?;
    let Some(file) = held.descriptor() else { return Err(Errno::Badf.into()) };
    Ok(filesystem::set_times(host, &file, accessed, modified)?)
}

pub(super) fn fd_advise(host: &Host, fd: u32, offset: u64, length: u64, advice: u32) -> Done {
    let held = host.preview1.fds.find(fd)?.needing(FD_ADVISE);
    let file = held.file(Errno::Spipe)?;
    let advice = values::advice(advice)?;
    Ok(filesystem::advise(host, &file, offset, length, advice)?)
}

/// Unsupported on every file, as in 0.2: few systems can do it, and one that can't would have to write.
pub(super) fn fd_allocate(host: &Host, fd: u32, offset: u64, length: u64) -> Done {
    let held = host.preview1.fds.find(fd)?.needing(FD_ALLOCATE);
    held.file(Errno::Spipe)?;
    let act = || Err::<(), _>(Error::new(Code::Unsupported));
    Ok(host.gate.pass(Call::FdAllocate { file: held.handle(), offset, length }, act)?)
}

pub(super) fn fd_sync(host: &Host, fd: u32) -> Done {
    let held = host.preview1.fds.find(fd)?.needing(FD_SYNC);
    // A stream has no such right, and says `Inval` as POSIX does.
    let file = held.file(Errno::Inval)?;
    Ok(filesystem::sync(host, &file)?)
}

pub(super) fn fd_datasync(host: &Host, fd: u32) -> Done {
    let held = host.preview1.fds.find(fd)?.needing(FD_DATASYNC);
    let file = held.file(Errno::Inval)?;
    Ok(filesystem::sync_data(host, &file)?)
}

/// The C library calls this for each number from 3 on, until one is `Badf`. A socket that was handed in has no name. Libraries
/// pass over a kind that they don't know, and go on to the directories after it.
pub(super) fn fd_prestat_get(host: &Host, memory: &mut GuestMemory<'_>, fd: u32, out: u32) -> Done {
    const OF_A_DIRECTORY: u64 = 0;
    const OF_ANYTHING_ELSE: u64 = 1;
    memory.check(out, 8)?;
    let held = host.preview1.fds.find(fd)?;
    let name = handed_in(host, &held)?;
    let kind = if matches!(held.object, Object::Listener(_)) { OF_ANYTHING_ELSE } else { OF_A_DIRECTORY };
    Ok(memory.put_u64(out, (name.len() as u64) << 32 | kind)?)
}

pub(super) fn fd_prestat_dir_name(host: &Host, memory: &mut GuestMemory<'_>, fd: u32, at: u32, len: u32) -> Done {
    let held = host.preview1.fds.find(fd)?;
    let name = handed_in(host, &held)?;
    let Some(room) = memory.bytes_mut(at, len)?.get_mut(..name.len()) else {
        return Err(Errno::Nametoolong.into());
    };
    room.copy_from_slice(name.as_bytes());
    Ok(())
}

/// The name of a descriptor that the guest did not open.
fn handed_in<'a>(host: &Host, held: &'a HeldFd) -> Result<&'a str, CallError> {
    host.gate.pass::<_, Error>(Call::GetDirectories, || match &held.object {
        Object::Directory(_) if held.is_root => Ok(held.handle().name),
        Object::Listener(_) => Ok(""),
        _ => Err(Code::BadDescriptor.into()),
    })
}
