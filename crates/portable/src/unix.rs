//! Unix-specific calls, the same on Linux and macOS. The calls of one system alone are in `kernel`.
//!
//! Hazard: `O_NONBLOCK` is what keeps an open from waiting, on a pipe without a peer or on a device; every open has it.

mod error;
mod keep_alive;
#[cfg(any(target_os = "linux", target_os = "android"))]
#[path = "unix/linux.rs"]
mod kernel;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
#[path = "unix/bsd.rs"]
mod kernel;
mod output;
mod waker;

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::net::Shutdown;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use callgate_system::{AddressFamily, Code, Error, Native, NewTimestamp, OpenHow, Result, Stat, Timestamp, is_sealed};
use cap_fs_ext::{FollowSymlinks, OpenOptionsFollowExt as _, OpenOptionsSyncExt as _};
use cap_std::fs::{Dir, Metadata, MetadataExt as _, OpenOptions, OpenOptionsExt as _};
use rustix::fs::{AtFlags, OFlags, Timespec, Timestamps, UTIME_NOW, UTIME_OMIT};
use socket2::Socket;

pub(crate) use self::error::{code, native};
pub(crate) use self::keep_alive::KeepAlive;
pub(crate) use self::kernel::{BUFFER_SHARE, SEND, attributes_alone, ignores_case};
pub(crate) use self::output::{Output, stderr, stdout};
pub(crate) use self::waker::Channel;
use crate::error::Portable as _;
use crate::times::NewTimes;

/// Nanoseconds are what the clocks count in.
pub(crate) const CLOCK_STEP: u64 = 1;

/// The errors of a connect that goes on by itself (connect(2)).
pub(crate) const UNDER_WAY: &[Code] = &[Code::InProgress, Code::Interrupted];

/// The errors that some systems give for removing or linking a directory, because it is one.
pub(crate) const REFUSED_DIRECTORY: &[Code] = &[Code::NotPermitted];

/// A component as cap-std takes it: any bytes are a name.
#[allow(clippy::unnecessary_wraps, reason = "elsewhere some are none")]
pub(crate) fn name(name: &[u8]) -> Result<&Path> {
    Ok(Path::new(OsStr::from_bytes(name)))
}

/// A link's text as the walker reads it.
pub(crate) fn link_text(text: PathBuf) -> Vec<u8> {
    text.into_os_string().into_vec()
}

/// Errors where what was opened is a sealed file and was opened for writing, which the kernel permits root, and those who override
/// modes; else cuts it, where that was asked for. Only a regular file can be cut.
pub(crate) fn cut_unless_sealed(file: &cap_std::fs::File, metadata: &Metadata, how: OpenHow) -> Result<()> {
    if how.write && metadata.is_file() && is_sealed(metadata.mode()) {
        return Err::<(), _>(rustix::io::Errno::ACCESS).portable();
    }
    if how.truncate && metadata.is_file() { file.set_len(0).portable() } else { Ok(()) }
}

/// Options to open without waiting, without following, and without truncating.
pub(crate) fn options(how: OpenHow) -> OpenOptions {
    let mut options = OpenOptions::new();
    options.follow(FollowSymlinks::No).nonblock(true);
    // No terminal becomes ours.
    options.custom_flags(OFlags::NOCTTY.bits().cast_signed());
    // For its attributes alone, too, it must be opened for something.
    options.read(how.read || !how.write).write(how.write);
    // Without `write`, the caller makes it in a second attempt.
    if how.create && how.exclusive {
        options.write(true).create_new(true);
    } else if how.create && how.write {
        options.create(true);
    }
    if how.sync_data {
        options.dsync(true);
    }
    if how.sync {
        options.sync(true);
    }
    options
}

pub(crate) fn read_at(file: &File, room: &mut [u8], offset: u64) -> io::Result<usize> {
    file.read_at(room, offset)
}

pub(crate) fn write_at(file: &File, bytes: &[u8], offset: u64) -> io::Result<usize> {
    file.write_at(bytes, offset)
}

/// The end of a sync of a file that was, or wasn't, open for writing.
pub(crate) fn synced(_write: bool, result: io::Result<()>) -> io::Result<()> {
    result
}

/// Returns when the names in `dir` are on the device.
pub(crate) fn sync_directory(dir: &Dir) -> io::Result<()> {
    dir.open(".")?.sync_all()
}

/// The bytes of a file that have their place on the device; blocks are of 512 bytes, whatever the file system's are.
pub(crate) fn allocated(metadata: &Metadata) -> u64 {
    metadata.blocks().saturating_mul(512)
}

/// The last change of the attributes. A file system may store nonsense (fuse does): the nanoseconds stay below a second.
#[allow(clippy::unnecessary_wraps, reason = "elsewhere it is not kept")]
pub(crate) fn changed(metadata: &Metadata) -> Option<Timestamp> {
    let nanoseconds = u32::try_from(metadata.ctime_nsec().clamp(0, 999_999_999)).unwrap_or(0);
    Some(Timestamp { seconds: metadata.ctime(), nanoseconds })
}

/// The length of a link's text stands in its attributes.
#[allow(clippy::unnecessary_wraps, reason = "elsewhere it does not")]
pub(crate) fn with_length(stat: Stat, _text: impl FnOnce() -> io::Result<PathBuf>) -> Result<Stat> {
    Ok(stat)
}

/// Sets the times of the plain name `name` in `dir`, or of `.`: of a link itself. Not by cap-std, which panics at times
/// before 1970.
pub(crate) fn set_times(dir: &Dir, name: &Path, new: NewTimes) -> Result<()> {
    let times = Timestamps { last_access: timespec(new.accessed), last_modification: timespec(new.modified) };
    rustix::fs::utimensat(dir, name, &times, AtFlags::SYMLINK_NOFOLLOW).portable()
}

/// True if the error says that no further handle is to be had.
pub(crate) fn is_handle_limit(error: Error) -> bool {
    matches!(error.native, Some(Native { name: "EMFILE" | "ENFILE", .. }))
}

/// Ends a direction of a connection.
pub(crate) fn shutdown(socket: &Socket, how: Shutdown) -> io::Result<()> {
    socket.shutdown(how)
}

/// Takes a datagram socket's peer away.
pub(crate) fn disconnect(socket: &Socket, _family: AddressFamily) -> io::Result<()> {
    let gone = rustix::net::connect_unspec(socket);
    // BSDs complain of the family, and disconnect.
    if socket.peer_addr().is_ok() { Ok(gone?) } else { Ok(()) }
}

/// Makes a link.
pub(crate) fn symlink(dir: &Dir, text: &str, name: &Path) -> Result<()> {
    dir.symlink(text, name).portable()
}

/// Renames one plain name to another.
pub(crate) fn rename(from: &Dir, name: &Path, to: &Dir, new_name: &Path) -> Result<()> {
    from.rename(name, to, new_name).portable()
}

/// The data kept of a directory beside its handle: none.
#[derive(Clone)]
pub(crate) struct Place;

impl Place {
    pub(crate) fn of_root(_path: &OsStr) -> Self {
        Self
    }

    pub(crate) fn below_root() -> Self {
        Self
    }
}

/// True if one directory is another, or is reached from it downwards.
pub(crate) fn lies_within((inner, _): (&Dir, &Place), outer: &Dir) -> Result<bool> {
    kernel::lies_within(inner, outer).portable()
}

fn timespec(time: NewTimestamp) -> Timespec {
    match time {
        NewTimestamp::NoChange => Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT },
        NewTimestamp::Now => Timespec { tv_sec: 0, tv_nsec: UTIME_NOW },
        NewTimestamp::At(at) => Timespec { tv_sec: at.seconds, tv_nsec: at.nanoseconds.into() },
    }
}
