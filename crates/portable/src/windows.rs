//! Windows-specific calls.
//!
//! Hazards: cap-std opens relative to a handle, but renames, links and removes by full path, and so holds directories
//! without `FILE_SHARE_DELETE`: an open directory, and those on the way to it, can't be renamed or removed. A name is more
//! than a name here, so [`name`] refuses what Win32 would read something else from.

mod error;
mod keep_alive;
mod names;
mod output;
mod waker;

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr};
use std::os::windows::fs::FileExt as _;
use std::path::{Path, PathBuf};

use callgate_system::{AddressFamily, Code, Error, Native, OpenHow, Result, Timestamp};
use cap_fs_ext::{FollowSymlinks, OpenOptionsFollowExt as _, OpenOptionsMaybeDirExt as _, OpenOptionsSyncExt as _};
use cap_std::ambient_authority;
use cap_std::fs::{Dir, Metadata, MetadataExt as _, OpenOptions, OpenOptionsExt as _};
use rustix::net::SendFlags;
use socket2::Socket;

pub(crate) use self::error::{code, native};
pub(crate) use self::keep_alive::KeepAlive;
pub(crate) use self::names::{link_text, name, rename, symlink, with_length};
pub(crate) use self::output::{Output, stderr, stdout};
pub(crate) use self::waker::Channel;
use crate::error::Portable as _;
use crate::stat;
use crate::times::{self, NewTimes};

/// The clocks count in 100 ns.
pub(crate) const CLOCK_STEP: u64 = 100;

/// The errors of a connect that goes on by itself.
pub(crate) const UNDER_WAY: &[Code] = &[Code::WouldBlock, Code::InProgress];

/// The factor by which the system reports a socket buffer larger than requested.
pub(crate) const BUFFER_SHARE: usize = 1;

/// There is no signal for a connection that is gone.
pub(crate) const SEND: SendFlags = SendFlags::empty();

/// The errors for removing or linking a directory, because it is one.
pub(crate) const REFUSED_DIRECTORY: &[Code] = &[Code::Access, Code::NotPermitted];

/// Of `winnt.h`: to look at attributes, to change them, and to write.
const FILE_READ_ATTRIBUTES: u32 = 0x80;
const FILE_WRITE_ATTRIBUTES: u32 = 0x100;
const GENERIC_WRITE: u32 = 0x4000_0000;
const SPARSE_FILE: u32 = 0x200;
const COMPRESSED: u32 = 0x800;
const OFFLINE: u32 = 0x1000;
const RECALL_ON_DATA_ACCESS: u32 = 0x0040_0000;
/// Of `winbase.h`: to open directories, and links themselves.
const FILE_FLAG_BACKUP_SEMANTICS: u32 = 0x0200_0000;
const FILE_FLAG_OPEN_REPARSE_POINT: u32 = 0x0020_0000;

/// Options to open without following.
pub(crate) fn options(how: OpenHow) -> OpenOptions {
    let mut options = OpenOptions::new();
    options.follow(FollowSymlinks::No);
    // For its attributes alone, too, it must be opened for something.
    options.read(how.read || !how.write).write(how.write).truncate(how.truncate);
    // Without `write`, the caller makes it in a second attempt.
    if how.create && how.exclusive {
        options.write(true).create_new(true);
    } else if how.create && how.write {
        options.create(true);
    } else if !how.write {
        options.maybe_dir(true);
    }
    if how.sync || how.sync_data {
        options.sync(true);
    }
    options
}

/// Windows cuts by itself, and opens no read-only file for writing.
#[allow(clippy::unnecessary_wraps, reason = "elsewhere it is done here")]
pub(crate) fn cut_unless_sealed(_file: &cap_std::fs::File, _metadata: &Metadata, _how: OpenHow) -> Result<()> {
    Ok(())
}

pub(crate) fn read_at(file: &File, room: &mut [u8], offset: u64) -> io::Result<usize> {
    file.seek_read(room, offset)
}

pub(crate) fn write_at(file: &File, bytes: &[u8], offset: u64) -> io::Result<usize> {
    file.seek_write(bytes, offset)
}

/// The end of a sync of a file that was, or wasn't, open for writing: without, it is refused, and there is nothing to do.
pub(crate) fn synced(write: bool, result: io::Result<()>) -> io::Result<()> {
    if write { result } else { Ok(()) }
}

/// Returns when the names in `dir` are on the device.
pub(crate) fn sync_directory(dir: &Dir) -> io::Result<()> {
    open_for(dir, Path::new("."), GENERIC_WRITE)?.sync_all()
}

/// The bytes of a file that have their place on the device. The standard library doesn't tell; but only what is marked so has holes, or
/// is compressed, or elsewhere.
pub(crate) fn allocated(metadata: &Metadata) -> u64 {
    if metadata.file_attributes() & (SPARSE_FILE | COMPRESSED | OFFLINE | RECALL_ON_DATA_ACCESS) == 0 {
        metadata.len()
    } else {
        0
    }
}

/// The standard library doesn't tell the last change of the attributes.
pub(crate) fn changed(_metadata: &Metadata) -> Option<Timestamp> {
    None
}

/// Sets the times of the plain name `name` in `dir`, or of `.`: of a link itself.
pub(crate) fn set_times(dir: &Dir, name: &Path, new: NewTimes) -> Result<()> {
    times::set(&open_for(dir, name, FILE_WRITE_ATTRIBUTES).portable()?, new)
}

/// Options to open for the attributes alone; a link is opened itself.
#[allow(clippy::unnecessary_wraps, reason = "elsewhere there is no such way")]
pub(crate) fn attributes_alone() -> Option<OpenOptions> {
    Some(options_for(FILE_READ_ATTRIBUTES))
}

fn open_for(dir: &Dir, name: &Path, access: u32) -> io::Result<File> {
    dir.open_with(name, &options_for(access)).map(cap_std::fs::File::into_std)
}

fn options_for(access: u32) -> OpenOptions {
    let mut options = OpenOptions::new();
    options.follow(FollowSymlinks::No).access_mode(access);
    options.custom_flags(FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT);
    options
}

/// True if the error says that no further handle is to be had (`WSAEMFILE`).
pub(crate) fn is_handle_limit(error: Error) -> bool {
    matches!(error.native, Some(Native { code: 10_024, .. }))
}

/// Ends a direction of a connection. Not that of receiving: bytes that came would be lost, and receiving be an error.
pub(crate) fn shutdown(socket: &Socket, how: Shutdown) -> io::Result<()> {
    match how {
        Shutdown::Read => Ok(()),
        Shutdown::Write | Shutdown::Both => socket.shutdown(Shutdown::Write),
    }
}

/// Takes a datagram socket's peer away.
pub(crate) fn disconnect(socket: &Socket, family: AddressFamily) -> io::Result<()> {
    let nobody: IpAddr = match family {
        AddressFamily::Ipv4 => Ipv4Addr::UNSPECIFIED.into(),
        AddressFamily::Ipv6 => Ipv6Addr::UNSPECIFIED.into(),
    };
    socket.connect(&SocketAddr::new(nobody, 0).into())
}

/// The data kept of a directory beside its handle: for the root of a mount, its path without links.
#[derive(Clone)]
pub(crate) struct Place(Option<PathBuf>);

impl Place {
    pub(crate) fn of_root(path: &OsStr) -> Self {
        Self(std::fs::canonicalize(path).ok())
    }

    pub(crate) fn below_root() -> Self {
        Self(None)
    }
}

/// True if one directory is another, or is reached from it downwards: by the way up its path.
pub(crate) fn lies_within((inner, place): (&Dir, &Place), outer: &Dir) -> Result<bool> {
    let identity = |dir: &Dir| stat::of_dir(dir).map(|stat| stat.identity);
    let (itself, wanted) = (identity(inner)?, identity(outer)?);
    if itself == wanted {
        return Ok(true);
    }
    let path = place.0.as_deref().ok_or(Code::Unsupported)?;
    let at = |path: &Path| identity(&Dir::open_ambient_dir(path, ambient_authority()).portable()?);
    // Moved meanwhile.
    if at(path)? != itself {
        return Err(Code::NoEntry.into());
    }
    path.ancestors().skip(1).try_fold(false, |found, above| Ok(found || at(above)? == wanted))
}

/// True if names in a directory may be told apart ignoring case: but for directories that are marked, which nothing portable tells.
pub(crate) fn ignores_case(_dir: &Dir) -> bool {
    true
}
