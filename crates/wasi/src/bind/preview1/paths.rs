//! `path_*`: a path below a directory, as the guest wrote it; the directory resolves it and keeps it inside.

use std::sync::Arc;

use super::errno::Stop;
use super::fd::Fd;
use super::memory::GuestMemory;
use super::rights::{
    PATH_CREATE_DIRECTORY, PATH_CREATE_FILE, PATH_FILESTAT_GET, PATH_FILESTAT_SET_SIZE, PATH_FILESTAT_SET_TIMES,
    PATH_LINK_SOURCE, PATH_LINK_TARGET, PATH_OPEN, PATH_READLINK, PATH_REMOVE_DIRECTORY, PATH_RENAME_SOURCE,
    PATH_RENAME_TARGET, PATH_SYMLINK, PATH_UNLINK_FILE, Rights,
};
use super::values::{self, FdFlags, Snapshot};
use crate::calls::filesystem;
use crate::host::Host;
use crate::objects::{Descriptor, Flags, Held};

type Done = Result<(), Stop>;

/// A text in guest memory: its address and length.
pub(super) type Text = (u32, u32);

/// The arguments of `path_open` besides the path.
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
    let (dir, below) = host.preview1.fds.directory(dir, PATH_OPEN | creating | cutting)?;
    let path = memory.text(path.0, path.1)?;
    let uses = [(how.read, Flags::READ), (how.write, Flags::WRITE)];
    let uses = uses.into_iter().filter(|(wanted, _)| *wanted).fold(Flags::default(), |all, (_, flag)| all.and(flag));
    let keep = |opened: Arc<Descriptor>| {
        host.preview1.fds.add_descriptor(&host.handles, opened, |opened| Fd::opened(opened, below, how, flags))
    };
    let opened = filesystem::open_at(host, &dir, path, how, uses, keep)?;
    Ok(memory.put_u32(out, opened.number)?)
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
    let stat = filesystem::stat_at(host, &dir, follow, path)?;
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
    Ok(filesystem::set_times_at(host, &dir, follow, path, accessed, modified)?)
}

pub(super) fn path_create_directory(host: &Host, memory: &GuestMemory<'_>, dir: u32, path: Text) -> Done {
    let dir = directory(host, dir, PATH_CREATE_DIRECTORY)?;
    let path = memory.text(path.0, path.1)?;
    Ok(filesystem::create_directory_at(host, &dir, path)?)
}

pub(super) fn path_remove_directory(host: &Host, memory: &GuestMemory<'_>, dir: u32, path: Text) -> Done {
    let dir = directory(host, dir, PATH_REMOVE_DIRECTORY)?;
    let path = memory.text(path.0, path.1)?;
    Ok(filesystem::remove_directory_at(host, &dir, path)?)
}

pub(super) fn path_unlink_file(host: &Host, memory: &GuestMemory<'_>, dir: u32, path: Text) -> Done {
    let dir = directory(host, dir, PATH_UNLINK_FILE)?;
    let path = memory.text(path.0, path.1)?;
    Ok(filesystem::unlink_file_at(host, &dir, path)?)
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
    Ok(filesystem::rename_at(host, &dir, path, &new_dir, new_path)?)
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
    Ok(filesystem::link_at(host, &dir, follow, path, &new_dir, new_path)?)
}

pub(super) fn path_symlink(host: &Host, memory: &GuestMemory<'_>, target: Text, dir: u32, path: Text) -> Done {
    let dir = directory(host, dir, PATH_SYMLINK)?;
    let (target, path) = (memory.text(target.0, target.1)?, memory.text(path.0, path.1)?);
    Ok(filesystem::symlink_at(host, &dir, target, path)?)
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
    let target = filesystem::readlink_at(host, &dir, path)?;
    // As on POSIX, what doesn't fit is cut off.
    let fitting = u32::try_from(target.len()).unwrap_or(u32::MAX).min(len);
    memory.scatter(&[(at, fitting)], target.as_bytes())?;
    Ok(memory.put_u32(out, fitting)?)
}

/// A directory, for a call that takes these rights.
fn directory(host: &Host, fd: u32, rights: Rights) -> Result<Held<Descriptor>, Stop> {
    Ok(host.preview1.fds.directory(fd, rights)?.0)
}
