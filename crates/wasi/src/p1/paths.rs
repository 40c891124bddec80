//! `path_*`: a path below a directory, as the guest wrote it; the directory resolves it and keeps it inside.

use callgate_gate::Call;
use callgate_system::Error;

use super::descriptors::Held;
use super::errno::{Errno, Stop};
use super::memory::GuestMemory;
use super::rights::{
    PATH_CREATE_DIRECTORY, PATH_CREATE_FILE, PATH_FILESTAT_GET, PATH_FILESTAT_SET_SIZE, PATH_FILESTAT_SET_TIMES,
    PATH_LINK_SOURCE, PATH_LINK_TARGET, PATH_OPEN, PATH_READLINK, PATH_REMOVE_DIRECTORY, PATH_RENAME_SOURCE,
    PATH_RENAME_TARGET, PATH_SYMLINK, PATH_UNLINK_FILE, Rights,
};
use super::values::{self, FdFlags, Snapshot};
use crate::host::Host;

type Done = Result<(), Stop>;

/// A text in guest memory: its address and length.
pub(super) type Text = (u32, u32);

/// What `path_open` is told besides the path.
pub(super) struct How {
    pub(super) lookup: u32,
    pub(super) open: u32,
    pub(super) rights: Rights,
    pub(super) flags: u32,
}

pub(super) fn path_open(host: &Host, memory: &mut GuestMemory<'_>, dir: u32, path: Text, how: &How, out: u32) -> Done {
    memory.check(out, 4)?;
    let flags = FdFlags::from_bits(how.flags)?;
    let how = values::open_how(how.lookup, how.open, how.rights, flags)?;
    let creating = if how.create { PATH_CREATE_FILE } else { 0 };
    let cutting = if how.truncate { PATH_FILESTAT_SET_SIZE } else { 0 };
    let dir = directory(host, dir, PATH_OPEN | creating | cutting)?;
    let path = memory.text(path.0, path.1)?;
    let act = || host.p1.descriptors.add(dir.open(path, how, flags, &host.budget)?);
    let opened = host.gate.pass::<_, Error>(Call::OpenAt { dir: dir.handle(), path, how }, act)?;
    Ok(memory.put_u32(out, opened.fd)?)
}

pub(super) fn path_filestat_get(
    host: &Host,
    memory: &mut GuestMemory<'_>,
    snapshot: Snapshot,
    dir: u32,
    lookup: u32,
    path: Text,
    out: u32,
) -> Done {
    memory.check(out, values::size_of_filestat(snapshot))?;
    let dir = directory(host, dir, PATH_FILESTAT_GET)?;
    let (path, follow) = (memory.text(path.0, path.1)?, values::follow(lookup)?);
    let act = || dir.directory()?.directory.stat(path, follow);
    let stat = host.gate.pass(Call::StatAt { dir: dir.handle(), follow, path }, act)?;
    Ok(values::put_filestat(memory, out, snapshot, values::file_type(stat.kind), Some(&stat))?)
}

pub(super) fn path_filestat_set_times(
    host: &Host,
    memory: &GuestMemory<'_>,
    dir: u32,
    lookup: u32,
    path: Text,
    (accessed, modified, flags): (u64, u64, u32),
) -> Done {
    let dir = directory(host, dir, PATH_FILESTAT_SET_TIMES)?;
    let (path, follow) = (memory.text(path.0, path.1)?, values::follow(lookup)?);
    let [accessed, modified] = values::new_times(accessed, modified, flags)?;
    let act = || dir.directory()?.directory.set_times(path, follow, accessed, modified);
    Ok(host.gate.pass(Call::SetTimesAt { dir: dir.handle(), follow, path, accessed, modified }, act)?)
}

pub(super) fn path_create_directory(host: &Host, memory: &GuestMemory<'_>, dir: u32, path: Text) -> Done {
    let dir = directory(host, dir, PATH_CREATE_DIRECTORY)?;
    let path = memory.text(path.0, path.1)?;
    let act = || dir.directory()?.directory.create_directory(path);
    Ok(host.gate.pass(Call::CreateDirectoryAt { dir: dir.handle(), path }, act)?)
}

pub(super) fn path_remove_directory(host: &Host, memory: &GuestMemory<'_>, dir: u32, path: Text) -> Done {
    let dir = directory(host, dir, PATH_REMOVE_DIRECTORY)?;
    let path = memory.text(path.0, path.1)?;
    let act = || dir.directory()?.directory.remove_directory(path);
    Ok(host.gate.pass(Call::RemoveDirectoryAt { dir: dir.handle(), path }, act)?)
}

pub(super) fn path_unlink_file(host: &Host, memory: &GuestMemory<'_>, dir: u32, path: Text) -> Done {
    let dir = directory(host, dir, PATH_UNLINK_FILE)?;
    let path = memory.text(path.0, path.1)?;
    let act = || dir.directory()?.directory.unlink_file(path);
    Ok(host.gate.pass(Call::UnlinkFileAt { dir: dir.handle(), path }, act)?)
}

pub(super) fn path_rename(
    host: &Host,
    memory: &GuestMemory<'_>,
    (dir, path): (u32, Text),
    (new_dir, new_path): (u32, Text),
) -> Done {
    let dir = directory(host, dir, PATH_RENAME_SOURCE)?;
    let new_dir = directory(host, new_dir, PATH_RENAME_TARGET)?;
    let (path, new_path) = (memory.text(path.0, path.1)?, memory.text(new_path.0, new_path.1)?);
    let act = || dir.directory()?.directory.rename(path, &*new_dir.directory()?.directory, new_path);
    let call = Call::RenameAt { dir: dir.handle(), path, new_dir: new_dir.handle(), new_path };
    Ok(host.gate.pass(call, act)?)
}

pub(super) fn path_link(
    host: &Host,
    memory: &GuestMemory<'_>,
    lookup: u32,
    (dir, path): (u32, Text),
    (new_dir, new_path): (u32, Text),
) -> Done {
    let dir = directory(host, dir, PATH_LINK_SOURCE)?;
    let new_dir = directory(host, new_dir, PATH_LINK_TARGET)?;
    let follow = values::follow(lookup)?;
    let (path, new_path) = (memory.text(path.0, path.1)?, memory.text(new_path.0, new_path.1)?);
    let act = || dir.directory()?.directory.link(path, follow, &*new_dir.directory()?.directory, new_path);
    let call = Call::LinkAt { dir: dir.handle(), follow, path, new_dir: new_dir.handle(), new_path };
    Ok(host.gate.pass(call, act)?)
}

pub(super) fn path_symlink(host: &Host, memory: &GuestMemory<'_>, target: Text, dir: u32, path: Text) -> Done {
    let dir = directory(host, dir, PATH_SYMLINK)?;
    let (target, path) = (memory.text(target.0, target.1)?, memory.text(path.0, path.1)?);
    let act = || dir.directory()?.directory.symlink(target, path);
    Ok(host.gate.pass(Call::SymlinkAt { dir: dir.handle(), target, path }, act)?)
}

pub(super) fn path_readlink(
    host: &Host,
    memory: &mut GuestMemory<'_>,
    dir: u32,
    path: Text,
    (at, len): Text,
    out: u32,
) -> Done {
    memory.check(out, 4)?;
    memory.check(at, len)?;
    let dir = directory(host, dir, PATH_READLINK)?;
    let path = memory.text(path.0, path.1)?;
    let act = || dir.directory()?.directory.read_link(path);
    let target = host.gate.pass::<_, Error>(Call::ReadlinkAt { dir: dir.handle(), path }, act)?;
    // As on POSIX, what doesn't fit is cut off.
    let fitting = u32::try_from(target.len()).unwrap_or(u32::MAX).min(len);
    memory.scatter(&[(at, fitting)], target.as_bytes())?;
    Ok(memory.put_u32(out, fitting)?)
}

/// A directory, with the rights that a call takes.
fn directory(host: &Host, fd: u32, rights: Rights) -> Result<Held, Stop> {
    let dir = host.p1.descriptors.find(fd)?;
    dir.directory().map_err(|_| Errno::Notdir)?;
    dir.require(rights)?;
    Ok(dir)
}
