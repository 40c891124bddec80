//! `wasi:filesystem/types`: the host functions.

use callgate_gate::{AsReply, Break, Call, Reply};
use callgate_system::{Error, Follow};
use wasmtime::component::{Linker, Resource, WasmList, WasmStr};

use super::recent::At;
use super::values::{
    Advice, DescriptorFlags, DescriptorStat, DescriptorType, DirectoryEntry, ErrorCode, MetadataHash, NewTimestamp,
    OpenFlags, PathFlags, open_how,
};
use super::{Descriptor, DirectoryEntries};
use crate::host::{Context, Host};
use crate::limits;
use crate::p2::io::Failure;
use crate::p2::{Interface, interface, resource};

/// What a host function of this interface hands to the engine.
type Answer<T> = wasmtime::Result<(Result<T, ErrorCode>,)>;

type File = Resource<Descriptor>;

fn answer<T>(result: Result<T, Break>) -> Answer<T> {
    Ok((Break::told(result)?.map_err(ErrorCode::from),))
}

pub(super) fn link(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    let mut types = interface(linker, "wasi:filesystem/types")?;
    resource::<Descriptor>(&mut types, "descriptor")?;
    resource::<DirectoryEntries>(&mut types, "directory-entry-stream")?;
    link_open(&mut types)?;
    link_streams(&mut types)?;
    link_transfer(&mut types)?;
    link_attributes(&mut types)?;
    link_times(&mut types)?;
    link_identity(&mut types)?;
    link_sync(&mut types)?;
    link_directories(&mut types)?;
    link_names(&mut types)?;
    link_links(&mut types)?;
    types.func_wrap("filesystem-error-code", |cx: Context<'_>, (error,): (Resource<Failure>,)| {
        let host = cx.data();
        let error = host.find(&error)?;
        let act = || Ok::<_, Error>(error.0.code.name());
        host.gate.pass(Call::FilesystemErrorCode { error: error.handle() }, act)?;
        Ok((Some(ErrorCode::from(error.0)),))
    })
}

fn link_open(types: &mut Interface<'_>) -> wasmtime::Result<()> {
    types.func_wrap(
        "[method]descriptor.open-at",
        |cx: Context<'_>,
         (dir, path_flags, path, open, flags): (File, PathFlags, WasmStr, OpenFlags, DescriptorFlags)| {
            let host = cx.data();
            let (dir, path) = (host.find(&dir)?, path.to_str(&cx)?);
            let how = open_how(path_flags, open, flags);
            let act = || host.handles.add(dir.open(&path, how, flags, &host.budget)?);
            answer(host.gate.pass(Call::OpenAt { dir: dir.handle(), path: &path, how }, act).map(Resource::from))
        },
    )?;
    types.func_wrap("[method]descriptor.get-flags", |cx: Context<'_>, (file,): (File,)| {
        let host = cx.data();
        let file = host.find(&file)?;
        answer(host.gate.pass(Call::GetFlags { file: file.handle() }, || Ok::<_, Error>(file.flags())))
    })?;
    types.func_wrap("[method]descriptor.get-type", |cx: Context<'_>, (file,): (File,)| {
        let host = cx.data();
        let file = host.find(&file)?;
        answer(host.gate.pass(Call::GetType { file: file.handle() }, || file.kind()).map(DescriptorType::from))
    })
}

fn link_streams(types: &mut Interface<'_>) -> wasmtime::Result<()> {
    types.func_wrap("[method]descriptor.read-via-stream", |cx: Context<'_>, (file, offset): (File, u64)| {
        let host = cx.data();
        let file = host.find(&file)?;
        let act = || host.handles.add(file.read_via_stream(offset)?);
        answer(host.gate.pass(Call::ReadViaStream { file: file.handle(), offset }, act).map(Resource::from))
    })?;
    types.func_wrap("[method]descriptor.write-via-stream", |cx: Context<'_>, (file, offset): (File, u64)| {
        let host = cx.data();
        let file = host.find(&file)?;
        let act = || host.handles.add(file.write_via_stream(offset)?);
        answer(host.gate.pass(Call::WriteViaStream { file: file.handle(), offset }, act).map(Resource::from))
    })?;
    types.func_wrap("[method]descriptor.append-via-stream", |cx: Context<'_>, (file,): (File,)| {
        let host = cx.data();
        let file = host.find(&file)?;
        let act = || host.handles.add(file.append_via_stream()?);
        answer(host.gate.pass(Call::AppendViaStream { file: file.handle() }, act).map(Resource::from))
    })
}

/// Bytes, and whether the end was met.
struct Transfer(Vec<u8>, bool);

impl AsReply for Transfer {
    fn as_reply(&self) -> Reply<'_> {
        Reply::Bytes(&self.0)
    }
}

fn link_transfer(types: &mut Interface<'_>) -> wasmtime::Result<()> {
    types.func_wrap("[method]descriptor.read", |cx: Context<'_>, (file, length, offset): (File, u64, u64)| {
        let host = cx.data();
        let file = host.find(&file)?;
        let act = || {
            #[allow(clippy::cast_possible_truncation, reason = "bounded by the limit")]
            let mut bytes = Vec::with_capacity(length.min(limits::TRANSFER) as usize);
            let read = file.readable()?.read_at(&mut bytes, offset)?;
            Ok::<_, Error>(Transfer(bytes, read == 0 && length > 0))
        };
        let read = host.gate.pass(Call::Read { file: file.handle(), length, offset }, act);
        answer(read.map(|Transfer(bytes, end)| (bytes, end)))
    })?;
    types.func_wrap(
        "[method]descriptor.write",
        |cx: Context<'_>, (file, buffer, offset): (File, WasmList<u8>, u64)| {
            let host = cx.data();
            let (file, buffer) = (host.find(&file)?, buffer.as_le_slice(&cx));
            let act = || Ok::<_, Error>(file.writable()?.write_at(buffer, offset)? as u64);
            answer(host.gate.pass(Call::Write { file: file.handle(), buffer, offset }, act))
        },
    )?;
    types.func_wrap(
        "[method]descriptor.advise",
        |cx: Context<'_>, (file, offset, length, advice): (File, u64, u64, Advice)| {
            let host = cx.data();
            let (file, advice) = (host.find(&file)?, advice.into());
            let act = || file.file()?.advise(offset, length, advice);
            answer(host.gate.pass(Call::Advise { file: file.handle(), offset, length, advice }, act))
        },
    )
}

fn link_attributes(types: &mut Interface<'_>) -> wasmtime::Result<()> {
    types.func_wrap("[method]descriptor.stat", |cx: Context<'_>, (file,): (File,)| {
        let host = cx.data();
        let file = host.find(&file)?;
        let handle = file.handle();
        let act = || match host.recent.recall(handle.id, At::Itself, || host.moment()) {
            Some(stat) => Ok(stat),
            None => file.stat(),
        };
        answer(host.gate.pass(Call::Stat { file: handle }, act).map(DescriptorStat::from))
    })?;
    types.func_wrap(
        "[method]descriptor.stat-at",
        |cx: Context<'_>, (dir, flags, path): (File, PathFlags, WasmStr)| {
            let host = cx.data();
            let (dir, path, follow) = (host.find(&dir)?, path.to_str(&cx)?, Follow::from(flags));
            let handle = dir.handle();
            let act = || match host.recent.recall(handle.id, At::Path(follow, &path), || host.moment()) {
                Some(stat) => Ok(stat),
                None => dir.directory()?.stat(&path, follow),
            };
            answer(host.gate.pass(Call::StatAt { dir: handle, follow, path: &path }, act).map(DescriptorStat::from))
        },
    )?;
    types.func_wrap("[method]descriptor.set-size", |cx: Context<'_>, (file, size): (File, u64)| {
        let host = cx.data();
        let file = host.find(&file)?;
        let act = || file.set_size(size);
        answer(host.gate.pass(Call::SetSize { file: file.handle(), size }, act))
    })
}

fn link_times(types: &mut Interface<'_>) -> wasmtime::Result<()> {
    types.func_wrap(
        "[method]descriptor.set-times",
        |cx: Context<'_>, (file, accessed, modified): (File, NewTimestamp, NewTimestamp)| {
            let host = cx.data();
            let (file, accessed, modified) = (host.find(&file)?, accessed.into(), modified.into());
            let act = || file.set_times(accessed, modified);
            answer(host.gate.pass(Call::SetTimes { file: file.handle(), accessed, modified }, act))
        },
    )?;
    types.func_wrap(
        "[method]descriptor.set-times-at",
        |cx: Context<'_>, (dir, flags, path, a, m): (File, PathFlags, WasmStr, NewTimestamp, NewTimestamp)| {
            let host = cx.data();
            let (dir, path, follow) = (host.find(&dir)?, path.to_str(&cx)?, Follow::from(flags));
            let (accessed, modified) = (a.into(), m.into());
            let act = || dir.directory()?.set_times(&path, follow, accessed, modified);
            let call = Call::SetTimesAt { dir: dir.handle(), follow, path: &path, accessed, modified };
            answer(host.gate.pass(call, act))
        },
    )
}

fn link_identity(types: &mut Interface<'_>) -> wasmtime::Result<()> {
    types.func_wrap("[method]descriptor.is-same-object", |cx: Context<'_>, (file, other): (File, File)| {
        let host = cx.data();
        let (file, other) = (host.find(&file)?, host.find(&other)?);
        let act = || Ok::<_, Error>(file.identity()? == other.identity()?);
        let call = Call::IsSameObject { file: file.handle(), other: other.handle() };
        let same = Break::told(host.gate.pass::<_, Error>(call, act))?;
        // The interface has no error here; what can't be known to be the same isn't.
        Ok((same.unwrap_or(false),))
    })?;
    types.func_wrap("[method]descriptor.metadata-hash", |cx: Context<'_>, (file,): (File,)| {
        let host = cx.data();
        let file = host.find(&file)?;
        let handle = file.handle();
        let act = || {
            let stat = file.stat()?;
            host.recent.note(host.moment(), handle.id, At::Itself, &stat);
            Ok::<_, Error>(stat.identity)
        };
        answer(host.gate.pass(Call::MetadataHash { file: handle }, act).map(MetadataHash::from))
    })?;
    types.func_wrap(
        "[method]descriptor.metadata-hash-at",
        |cx: Context<'_>, (dir, flags, path): (File, PathFlags, WasmStr)| {
            let host = cx.data();
            let (dir, path, follow) = (host.find(&dir)?, path.to_str(&cx)?, Follow::from(flags));
            let handle = dir.handle();
            let act = || {
                let stat = dir.directory()?.stat(&path, follow)?;
                host.recent.note(host.moment(), handle.id, At::Path(follow, &path), &stat);
                Ok::<_, Error>(stat.identity)
            };
            let call = Call::MetadataHashAt { dir: handle, follow, path: &path };
            answer(host.gate.pass(call, act).map(MetadataHash::from))
        },
    )
}

fn link_sync(types: &mut Interface<'_>) -> wasmtime::Result<()> {
    types.func_wrap("[method]descriptor.sync", |cx: Context<'_>, (file,): (File,)| {
        let host = cx.data();
        let file = host.find(&file)?;
        answer(host.gate.pass(Call::Sync { file: file.handle() }, || file.sync()))
    })?;
    types.func_wrap("[method]descriptor.sync-data", |cx: Context<'_>, (file,): (File,)| {
        let host = cx.data();
        let file = host.find(&file)?;
        answer(host.gate.pass(Call::SyncData { file: file.handle() }, || file.sync_data()))
    })
}

fn link_directories(types: &mut Interface<'_>) -> wasmtime::Result<()> {
    types.func_wrap("[method]descriptor.read-directory", |cx: Context<'_>, (dir,): (File,)| {
        let host = cx.data();
        let dir = host.find(&dir)?;
        let act = || host.handles.add(dir.entries(&host.budget)?);
        answer(host.gate.pass(Call::ReadDirectory { dir: dir.handle() }, act).map(Resource::from))
    })?;
    types.func_wrap(
        "[method]directory-entry-stream.read-directory-entry",
        |cx: Context<'_>, (entries,): (Resource<DirectoryEntries>,)| {
            let host = cx.data();
            let entries = host.find(&entries)?;
            let entry = host.gate.pass(Call::ReadDirectoryEntry { entries: entries.handle() }, || entries.next());
            answer(entry.map(|entry| entry.map(DirectoryEntry::from)))
        },
    )?;
    types.func_wrap("[method]descriptor.create-directory-at", |cx: Context<'_>, (dir, path): (File, WasmStr)| {
        let host = cx.data();
        let (dir, path) = (host.find(&dir)?, path.to_str(&cx)?);
        let act = || dir.directory()?.create_directory(&path);
        answer(host.gate.pass(Call::CreateDirectoryAt { dir: dir.handle(), path: &path }, act))
    })?;
    types.func_wrap("[method]descriptor.remove-directory-at", |cx: Context<'_>, (dir, path): (File, WasmStr)| {
        let host = cx.data();
        let (dir, path) = (host.find(&dir)?, path.to_str(&cx)?);
        let act = || dir.directory()?.remove_directory(&path);
        answer(host.gate.pass(Call::RemoveDirectoryAt { dir: dir.handle(), path: &path }, act))
    })
}

fn link_names(types: &mut Interface<'_>) -> wasmtime::Result<()> {
    types.func_wrap("[method]descriptor.unlink-file-at", |cx: Context<'_>, (dir, path): (File, WasmStr)| {
        let host = cx.data();
        let (dir, path) = (host.find(&dir)?, path.to_str(&cx)?);
        let act = || dir.directory()?.unlink_file(&path);
        answer(host.gate.pass(Call::UnlinkFileAt { dir: dir.handle(), path: &path }, act))
    })?;
    types.func_wrap(
        "[method]descriptor.rename-at",
        |cx: Context<'_>, (dir, path, new_dir, new_path): (File, WasmStr, File, WasmStr)| {
            let host = cx.data();
            let (dir, new_dir) = (host.find(&dir)?, host.find(&new_dir)?);
            let (path, new_path) = (path.to_str(&cx)?, new_path.to_str(&cx)?);
            let act = || dir.directory()?.rename(&path, &**new_dir.directory()?, &new_path);
            let (dir, new_dir) = (dir.handle(), new_dir.handle());
            answer(host.gate.pass(Call::RenameAt { dir, path: &path, new_dir, new_path: &new_path }, act))
        },
    )
}

fn link_links(types: &mut Interface<'_>) -> wasmtime::Result<()> {
    types.func_wrap(
        "[method]descriptor.link-at",
        |cx: Context<'_>, (dir, flags, path, new_dir, new_path): (File, PathFlags, WasmStr, File, WasmStr)| {
            let host = cx.data();
            let (dir, new_dir, follow) = (host.find(&dir)?, host.find(&new_dir)?, Follow::from(flags));
            let (path, new_path) = (path.to_str(&cx)?, new_path.to_str(&cx)?);
            let act = || dir.directory()?.link(&path, follow, &**new_dir.directory()?, &new_path);
            let (dir, new_dir) = (dir.handle(), new_dir.handle());
            answer(host.gate.pass(Call::LinkAt { dir, follow, path: &path, new_dir, new_path: &new_path }, act))
        },
    )?;
    types.func_wrap(
        "[method]descriptor.symlink-at",
        |cx: Context<'_>, (dir, target, path): (File, WasmStr, WasmStr)| {
            let host = cx.data();
            let (dir, target, path) = (host.find(&dir)?, target.to_str(&cx)?, path.to_str(&cx)?);
            let act = || dir.directory()?.symlink(&target, &path);
            answer(host.gate.pass(Call::SymlinkAt { dir: dir.handle(), target: &target, path: &path }, act))
        },
    )?;
    types.func_wrap("[method]descriptor.readlink-at", |cx: Context<'_>, (dir, path): (File, WasmStr)| {
        let host = cx.data();
        let (dir, path) = (host.find(&dir)?, path.to_str(&cx)?);
        let act = || dir.directory()?.read_link(&path);
        answer(host.gate.pass(Call::ReadlinkAt { dir: dir.handle(), path: &path }, act))
    })
}
