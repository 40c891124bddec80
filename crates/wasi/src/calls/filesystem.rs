//! `wasi:filesystem`: descriptors, paths below them, listings, and the mounts that a guest begins with.

use std::sync::Arc;

use callgate_gate::{Call, CallError, Reply};
use callgate_system::{
    Advice, Code, Ending, Entry, Error, File, FileType, Follow, Identity, NewTimestamp, OpenHow, Result, Stat,
};

use super::Outcome;
use super::reach::{Path, on_path, on_paths};
use crate::host::Host;
use crate::objects::{At, Course, Descriptor, DirectoryEntries, Flags, Held, InputStream, OutputStream, Spot};

type Dir = Held<Descriptor>;

/// A path of a call that is about the name at its end.
fn name_at<'a>(dir: &'a Dir, text: &'a str) -> Path<'a> {
    Path { dir, text, ending: Ending::Name }
}

/// A path of a call that is about the file that it leads to.
fn file_at<'a>(dir: &'a Dir, follow: Follow, text: &'a str) -> Path<'a> {
    Path { dir, text, ending: Ending::File(follow) }
}

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
    let mut keep = Some(keep);
    let act = |at: Spot<'_>| {
        let opened = dir.open(at, how, flags, &host.budget)?;
        // It opens once: nothing that was opened is a link in the way.
        keep.take().map_or(Err(Code::Interrupted.into()), |keep| keep(opened))
    };
    let ending = if how.create && how.exclusive { Ending::Name } else { Ending::File(how.follow) };
    on_path(host, Call::OpenAt { dir: dir.handle(), path, how }, Path { dir, text: path, ending }, act)
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
    let recall = || host.recent.recall(handle.id, At::Path(follow, path), || host.moment());
    let act = |at: Spot<'_>| match recall().filter(|_| at.is_text) {
        Some(stat) => Ok(stat),
        None => at.directory.stat(at.path, follow),
    };
    on_path(host, Call::StatAt { dir: handle, follow, path }, file_at(dir, follow, path), act)
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
    let act = |at: Spot<'_>| at.directory.set_times(at.path, follow, accessed, modified);
    let call = Call::SetTimesAt { dir: dir.handle(), follow, path, accessed, modified };
    on_path(host, call, file_at(dir, follow, path), act)
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
    let text = At::Path(follow, path);
    let act = |at: Spot<'_>| {
        let now = || host.system.clock().monotonic();
        let recalled = host.recent.recall_entry(dir.address(), text, host.gate.calls(), now);
        if let Some(identity) = recalled.filter(|_| at.is_text) {
            return Ok(identity);
        }
        let stat = at.directory.stat(at.path, follow)?;
        // Where rules were asked about another place, the next call is asked about it too.
        if at.is_text {
            host.recent.note(host.moment(), handle.id, text, &stat);
        }
        Ok(stat.identity)
    };
    on_path(host, Call::MetadataHashAt { dir: handle, follow, path }, file_at(dir, follow, path), act)
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
    let act = |at: Spot<'_>| at.directory.create_directory(at.path);
    on_path(host, Call::CreateDirectoryAt { dir: dir.handle(), path }, name_at(dir, path), act)
}

pub(crate) fn remove_directory_at(host: &Host, dir: &Dir, path: &str) -> Outcome<()> {
    let act = |at: Spot<'_>| at.directory.remove_directory(at.path);
    on_path(host, Call::RemoveDirectoryAt { dir: dir.handle(), path }, name_at(dir, path), act)
}

pub(crate) fn unlink_file_at(host: &Host, dir: &Dir, path: &str) -> Outcome<()> {
    let act = |at: Spot<'_>| at.directory.unlink_file(at.path);
    on_path(host, Call::UnlinkFileAt { dir: dir.handle(), path }, name_at(dir, path), act)
}

pub(crate) fn rename_at(host: &Host, dir: &Dir, path: &str, new_dir: &Dir, new_path: &str) -> Outcome<()> {
    let act = |at: Spot<'_>, new: Spot<'_>| at.directory.rename(at.path, new.directory, new.path);
    let call = Call::RenameAt { dir: dir.handle(), path, new_dir: new_dir.handle(), new_path };
    on_paths(host, call, (name_at(dir, path), name_at(new_dir, new_path)), act)
}

pub(crate) fn link_at(
    host: &Host,
    dir: &Dir,
    follow: Follow,
    path: &str,
    new_dir: &Dir,
    new_path: &str,
) -> Outcome<()> {
    let act = |at: Spot<'_>, new: Spot<'_>| at.directory.link(at.path, follow, new.directory, new.path);
    let call = Call::LinkAt { dir: dir.handle(), follow, path, new_dir: new_dir.handle(), new_path };
    let from = if follow == Follow::Yes { file_at(dir, follow, path) } else { name_at(dir, path) };
    on_paths(host, call, (from, name_at(new_dir, new_path)), act)
}

/// Makes a link. Its text is only stored: rules are asked about where it leads when somebody follows it.
pub(crate) fn symlink_at(host: &Host, dir: &Dir, target: &str, path: &str) -> Outcome<()> {
    let act = |at: Spot<'_>| at.directory.symlink(target, at.path);
    on_path(host, Call::SymlinkAt { dir: dir.handle(), target, path }, name_at(dir, path), act)
}

pub(crate) fn readlink_at(host: &Host, dir: &Dir, path: &str) -> Outcome<String> {
    let act = |at: Spot<'_>| at.directory.read_link(at.path);
    on_path(host, Call::ReadlinkAt { dir: dir.handle(), path }, name_at(dir, path), act)
}
