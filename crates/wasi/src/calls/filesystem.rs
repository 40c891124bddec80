//! `wasi:filesystem`: descriptors, paths below them, listings, and the mounts that a guest begins with.

use std::sync::Arc;

use callgate_gate::{Call, CallError, Reply};
use callgate_system::{Advice, Entry, Error, File, FileType, Follow, Identity, NewTimestamp, OpenHow, Result, Stat};

use super::Outcome;
use crate::host::Host;
use crate::objects::{At, Course, Descriptor, DirectoryEntries, Flags, Held, InputStream, OutputStream};

type Dir = Held<Descriptor>;

/// The mounts, and where they are in the guest's eyes.
pub(crate) fn get_directories(host: &Host) -> Outcome<Vec<(Dir, String)>> {
    let mut list = Vec::new();
    let act = || {
        for (mount, directory) in &host.surroundings.mounts {
            let root = Descriptor::root(mount, directory, &host.budget)?;
            list.push((host.handles.add(root)?, mount.guest_path.clone()));
        }
        Ok::<_, Error>(list.iter().map(|(_, path)| path.clone()).collect::<Vec<String>>())
    };
    if let Err(ended) = host.gate.pass(Call::GetDirectories, act) {
        // The guest must not have handles that it is not told of. The last number is the first to be used again.
        list.iter().rev().for_each(|(root, _)| host.handles.remove(root.id()));
        return Err(ended);
    }
    Ok(list)
}

/// Opens `path`; `keep` puts what was opened into a table.
pub(crate) fn open_at<T: Reply>(
    host: &Host,
    dir: &Dir,
    path: &str,
    how: OpenHow,
    flags: Flags,
    keep: impl FnOnce(Arc<Descriptor>) -> Result<T>,
) -> Outcome<T> {
    let act = || keep(dir.open(path, how, flags, &host.budget)?);
    host.gate.pass(Call::OpenAt { dir: dir.handle(), path, how }, act)
}

pub(crate) fn get_flags(host: &Host, file: &Held<Descriptor>) -> Outcome<Flags> {
    host.gate.pass(Call::GetFlags { file: file.handle() }, || Ok::<_, Error>(file.flags()))
}

pub(crate) fn get_type(host: &Host, file: &Held<Descriptor>) -> Outcome<FileType> {
    host.gate.pass(Call::GetType { file: file.handle() }, || file.kind())
}

pub(crate) fn read_via_stream(host: &Host, file: &Held<Descriptor>, offset: u64) -> Outcome<Held<InputStream>> {
    let act = || host.handles.add(file.read_via_stream(offset)?);
    host.gate.pass(Call::ReadViaStream { file: file.handle(), offset }, act)
}

pub(crate) fn write_via_stream(host: &Host, file: &Held<Descriptor>, offset: u64) -> Outcome<Held<OutputStream>> {
    let act = || host.handles.add(file.write_via_stream(offset)?);
    host.gate.pass(Call::WriteViaStream { file: file.handle(), offset }, act)
}

pub(crate) fn append_via_stream(host: &Host, file: &Held<Descriptor>) -> Outcome<Held<OutputStream>> {
    let act = || host.handles.add(file.append_via_stream()?);
    host.gate.pass(Call::AppendViaStream { file: file.handle() }, act)
}

/// Reads up to `length` bytes at `offset`; `into` says where they go.
pub(crate) fn read<T: Reply>(
    host: &Host,
    file: &Held<Descriptor>,
    length: u64,
    offset: u64,
    into: impl FnOnce(&dyn File) -> Result<T>,
) -> Outcome<T> {
    host.gate.pass(Call::Read { file: file.handle(), length, offset }, || into(&**file.readable()?))
}

pub(crate) fn write(host: &Host, file: &Held<Descriptor>, buffer: &[u8], offset: u64) -> Outcome<u64> {
    let act = || Ok::<_, Error>(file.writable()?.write_at(buffer, offset)? as u64);
    host.gate.pass(Call::Write { file: file.handle(), buffer, offset }, act)
}

/// Writes at the end; the bytes that were written, and the size of the file thereafter where it is asked for. Nobody can tell
/// where the bytes went but by that, since others may append too.
pub(crate) fn append(
    host: &Host,
    file: &Held<Descriptor>,
    contents: &[u8],
    sized: bool,
) -> Outcome<(u64, Option<u64>)> {
    let mut size = None;
    let act = || {
        let file = file.writable()?;
        let written = file.append(contents)? as u64;
        if sized {
            size = Some(file.stat()?.size);
        }
        Ok::<_, Error>(written)
    };
    let written = host.gate.pass(Call::StreamWrite { stream: file.handle(), contents }, act)?;
    Ok((written, size))
}

pub(crate) fn advise(host: &Host, file: &Held<Descriptor>, offset: u64, length: u64, advice: Advice) -> Outcome<()> {
    let act = || file.file()?.advise(offset, length, advice);
    host.gate.pass(Call::Advise { file: file.handle(), offset, length, advice }, act)
}

pub(crate) fn stat(host: &Host, file: &Held<Descriptor>) -> Outcome<Stat> {
    let handle = file.handle();
    let act = || match host.recent.recall(handle.id, At::Itself, || host.moment()) {
        Some(stat) => Ok(stat),
        None => file.stat(),
    };
    host.gate.pass(Call::Stat { file: handle }, act)
}

pub(crate) fn stat_at(host: &Host, dir: &Dir, follow: Follow, path: &str) -> Outcome<Stat> {
    let handle = dir.handle();
    let act = || match host.recent.recall(handle.id, At::Path(follow, path), || host.moment()) {
        Some(stat) => Ok(stat),
        None => dir.directory()?.stat(path, follow),
    };
    host.gate.pass(Call::StatAt { dir: handle, follow, path }, act)
}

pub(crate) fn set_size(host: &Host, file: &Held<Descriptor>, size: u64) -> Outcome<()> {
    host.gate.pass(Call::SetSize { file: file.handle(), size }, || file.set_size(size))
}

pub(crate) fn set_times(
    host: &Host,
    file: &Held<Descriptor>,
    accessed: NewTimestamp,
    modified: NewTimestamp,
) -> Outcome<()> {
    let act = || file.set_times(accessed, modified);
    host.gate.pass(Call::SetTimes { file: file.handle(), accessed, modified }, act)
}

pub(crate) fn set_times_at(
    host: &Host,
    dir: &Dir,
    follow: Follow,
    path: &str,
    accessed: NewTimestamp,
    modified: NewTimestamp,
) -> Outcome<()> {
    let act = || dir.directory()?.set_times(path, follow, accessed, modified);
    host.gate.pass(Call::SetTimesAt { dir: dir.handle(), follow, path, accessed, modified }, act)
}

/// The interface has no error here: objects that can't be known to be the same aren't.
pub(crate) fn is_same_object(host: &Host, file: &Held<Descriptor>, other: &Held<Descriptor>) -> Outcome<bool> {
    let act = || Ok::<_, Error>(file.identity()? == other.identity()?);
    let call = Call::IsSameObject { file: file.handle(), other: other.handle() };
    Ok(CallError::told(host.gate.pass(call, act))?.unwrap_or(false))
}

pub(crate) fn metadata_hash(host: &Host, file: &Held<Descriptor>) -> Outcome<Identity> {
    let handle = file.handle();
    let act = || {
        let stat = file.stat()?;
        host.recent.note(host.moment(), handle.id, At::Itself, &stat);
        host.recent.note_constant(host.gate.calls());
        Ok::<_, Error>(stat.identity)
    };
    host.gate.pass(Call::MetadataHash { file: handle }, act)
}

pub(crate) fn metadata_hash_at(host: &Host, dir: &Dir, follow: Follow, path: &str) -> Outcome<Identity> {
    let handle = dir.handle();
    let at = At::Path(follow, path);
    let act = || {
        let now = || host.system.clock().monotonic();
        if let Some(identity) = host.recent.recall_entry(dir.address(), at, host.gate.calls(), now) {
            return Ok(identity);
        }
        let stat = dir.directory()?.stat(path, follow)?;
        host.recent.note(host.moment(), handle.id, at, &stat);
        Ok::<_, Error>(stat.identity)
    };
    host.gate.pass(Call::MetadataHashAt { dir: handle, follow, path }, act)
}

pub(crate) fn sync(host: &Host, file: &Held<Descriptor>) -> Outcome<()> {
    host.gate.pass(Call::Sync { file: file.handle() }, || file.sync())
}

pub(crate) fn sync_data(host: &Host, file: &Held<Descriptor>) -> Outcome<()> {
    host.gate.pass(Call::SyncData { file: file.handle() }, || file.sync_data())
}

/// Begins to list a directory; `keep` puts the listing into a table.
pub(crate) fn read_directory(
    host: &Host,
    dir: &Dir,
    keep: impl FnOnce(DirectoryEntries) -> Result<Held<DirectoryEntries>>,
) -> Outcome<Held<DirectoryEntries>> {
    let act = || {
        let course = Course::begin(dir.address(), host.gate.calls());
        keep(DirectoryEntries::of(dir.share(), &host.budget, course)?)
    };
    host.gate.pass(Call::ReadDirectory { dir: dir.handle() }, act)
}

pub(crate) fn read_directory_entry(host: &Host, entries: &Held<DirectoryEntries>) -> Outcome<Option<Entry>> {
    let note = |course: &mut _, entry: Option<&_>, is_new| {
        host.recent.note_entry(host.gate.calls(), course, entry, is_new);
    };
    let act = || entries.next(note);
    host.gate.pass(Call::ReadDirectoryEntry { entries: entries.handle() }, act)
}

pub(crate) fn create_directory_at(host: &Host, dir: &Dir, path: &str) -> Outcome<()> {
    let act = || dir.directory()?.create_directory(path);
    host.gate.pass(Call::CreateDirectoryAt { dir: dir.handle(), path }, act)
}

pub(crate) fn remove_directory_at(host: &Host, dir: &Dir, path: &str) -> Outcome<()> {
    let act = || dir.directory()?.remove_directory(path);
    host.gate.pass(Call::RemoveDirectoryAt { dir: dir.handle(), path }, act)
}

pub(crate) fn unlink_file_at(host: &Host, dir: &Dir, path: &str) -> Outcome<()> {
    let act = || dir.directory()?.unlink_file(path);
    host.gate.pass(Call::UnlinkFileAt { dir: dir.handle(), path }, act)
}

pub(crate) fn rename_at(host: &Host, dir: &Dir, path: &str, new_dir: &Dir, new_path: &str) -> Outcome<()> {
    let act = || dir.directory()?.rename(path, &**new_dir.directory()?, new_path);
    let call = Call::RenameAt { dir: dir.handle(), path, new_dir: new_dir.handle(), new_path };
    host.gate.pass(call, act)
}

pub(crate) fn link_at(
    host: &Host,
    dir: &Dir,
    follow: Follow,
    path: &str,
    new_dir: &Dir,
    new_path: &str,
) -> Outcome<()> {
    let act = || dir.directory()?.link(path, follow, &**new_dir.directory()?, new_path);
    let call = Call::LinkAt { dir: dir.handle(), follow, path, new_dir: new_dir.handle(), new_path };
    host.gate.pass(call, act)
}

pub(crate) fn symlink_at(host: &Host, dir: &Dir, target: &str, path: &str) -> Outcome<()> {
    let act = || dir.directory()?.symlink(target, path);
    host.gate.pass(Call::SymlinkAt { dir: dir.handle(), target, path }, act)
}

pub(crate) fn readlink_at(host: &Host, dir: &Dir, path: &str) -> Outcome<String> {
    let act = || dir.directory()?.read_link(path);
    host.gate.pass(Call::ReadlinkAt { dir: dir.handle(), path }, act)
}
