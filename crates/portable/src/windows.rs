//! What Windows does in its own way.
//!
//! Hazards: cap-std opens relative to a handle, but renames, links and removes by full path, and so holds directories
//! without `FILE_SHARE_DELETE`: an open directory, and those on the way to it, can't be renamed or removed. A name is more
//! than a name here, so [`name`] refuses what Win32 would read something else from.

mod error;
mod output;
mod waker;

use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::windows::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use callgate_system::{Code, Error, FileType, Native, OpenHow, Result, Stat, Timestamp};
use cap_fs_ext::{FollowSymlinks, OpenOptionsFollowExt as _, OpenOptionsMaybeDirExt as _, OpenOptionsSyncExt as _};
use cap_std::fs::{Dir, Metadata, OpenOptions, OpenOptionsExt as _};
use rustix::net::SendFlags;
use socket2::{Socket, TcpKeepalive};

pub(crate) use self::error::{code, native};
pub(crate) use self::output::{Output, stderr, stdout};
pub(crate) use self::waker::Channel;
use crate::error::Portable as _;
use crate::times::{self, NewTimes};

/// The clocks count in 100 ns.
pub(crate) const CLOCK_STEP: u64 = 100;

/// What connecting says that goes on by itself.
pub(crate) const UNDER_WAY: &[Code] = &[Code::WouldBlock, Code::InProgress];

/// How many times what was asked for a socket's buffer stands in its option.
pub(crate) const BUFFER_SHARE: usize = 1;

/// There is no signal for a connection that is gone.
pub(crate) const SEND: SendFlags = SendFlags::empty();

/// Of `winnt.h`: to change attributes, and to write.
const FILE_WRITE_ATTRIBUTES: u32 = 0x100;
const GENERIC_WRITE: u32 = 0x4000_0000;
/// Of `winbase.h`: to open directories, and links themselves.
const FILE_FLAG_BACKUP_SEMANTICS: u32 = 0x0200_0000;
const FILE_FLAG_OPEN_REPARSE_POINT: u32 = 0x0020_0000;

/// A component as cap-std takes it.
///
/// # Errors
/// `NoEntry` for what is no name here, or that of a device: nothing is there, and nothing can be made there.
pub(crate) fn name(name: &[u8]) -> Result<&Path> {
    match str::from_utf8(name) {
        Ok(text) if is_name(text) => Ok(Path::new(text)),
        _ => Err(Code::NoEntry.into()),
    }
}

/// Whether Win32 takes all of it for a name (Microsoft's "Naming Files, Paths, and Namespaces").
fn is_name(text: &str) -> bool {
    let is_reserved = |letter: char| letter.is_control() || r#"\/:*?"<>|"#.contains(letter);
    !text.contains(is_reserved) && !text.ends_with(['.', ' ']) && !is_device(text)
}

/// Devices, whatever follows a dot, and in every directory.
fn is_device(text: &str) -> bool {
    let stem = text.split('.').next().unwrap_or(text).trim_end().to_uppercase();
    let is_port = |port: &str| {
        stem.strip_prefix(port).is_some_and(|number| {
            let mut letters = number.chars();
            matches!((letters.next(), letters.next()), (Some('0'..='9' | '¹' | '²' | '³'), None))
        })
    };
    matches!(stem.as_str(), "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$" | "CLOCK$")
        || is_port("COM")
        || is_port("LPT")
}

/// A link's text as the walker reads it.
pub(crate) fn link_text(text: PathBuf) -> Vec<u8> {
    let relative = text.components().all(|part| !matches!(part, std::path::Component::Prefix(_)));
    let text = text.into_os_string().into_encoded_bytes();
    let slashed = text.into_iter().map(|byte| if byte == b'\\' { b'/' } else { byte });
    if relative { slashed.collect() } else { [b'/'].into_iter().chain(slashed).collect() }
}

/// A link's text as the system keeps it.
pub(crate) fn link_path(text: &str) -> PathBuf {
    PathBuf::from(text.replace('/', "\\"))
}

/// How to open, without following.
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

/// The standard library doesn't tell the last change of the attributes.
pub(crate) fn changed(_metadata: &Metadata) -> Option<Timestamp> {
    None
}

/// The length of a link's text, which its attributes don't tell.
pub(crate) fn with_length(stat: Stat, text: impl FnOnce() -> io::Result<PathBuf>) -> Result<Stat> {
    if stat.kind != FileType::SymbolicLink {
        return Ok(stat);
    }
    Ok(Stat { size: link_text(text().portable()?).len() as u64, ..stat })
}

/// Sets the times of the plain name `name` in `dir`, or of `.`: of a link itself.
pub(crate) fn set_times(dir: &Dir, name: &Path, new: NewTimes) -> Result<()> {
    times::set(&open_for(dir, name, FILE_WRITE_ATTRIBUTES).portable()?, new)
}

fn open_for(dir: &Dir, name: &Path, access: u32) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.follow(FollowSymlinks::No).access_mode(access);
    options.custom_flags(FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT);
    dir.open_with(name, &options).map(cap_std::fs::File::into_std)
}

/// Whether it says that no further handle is to be had (`WSAEMFILE`).
pub(crate) fn is_handle_limit(error: Error) -> bool {
    matches!(error.native, Some(Native { code: 10_024, .. }))
}

/// socket2 can only set all numbers of keep-alive at once, and turns it on by that; so they are not to be had.
pub(crate) fn set_keep_alive(_socket: &Socket, _keep_alive: &TcpKeepalive) -> io::Result<()> {
    Err(ErrorKind::Unsupported.into())
}

/// As [`set_keep_alive`].
pub(crate) fn keep_alive_time(_socket: &Socket) -> io::Result<Duration> {
    Err(ErrorKind::Unsupported.into())
}

/// As [`set_keep_alive`].
pub(crate) fn keep_alive_interval(_socket: &Socket) -> io::Result<Duration> {
    Err(ErrorKind::Unsupported.into())
}

/// As [`set_keep_alive`].
pub(crate) fn keep_alive_count(_socket: &Socket) -> io::Result<u32> {
    Err(ErrorKind::Unsupported.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_win32_reads_more_from_is_no_name() {
        for text in ["a", "a.b", ".a", "COM", "COM10", "CONSOLE", "nulls", "lpt", "übung"] {
            assert!(name(text.as_bytes()).is_ok(), "{text}");
        }
        for text in [
            "a\\b", "C:", "a:b", "a*", "a.", "a ", "a\n", "nul", "NUL.txt", "com1", "COM¹", "lpt9.x", "con .x",
            "CONIN$",
        ] {
            assert_eq!(name(text.as_bytes()).unwrap_err().code, Code::NoEntry, "{text}");
        }
    }

    #[test]
    fn the_text_of_a_link_is_written_with_slashes() {
        for (native, text) in [(r"a\b", "a/b"), (r"..\a", "../a"), (r"\a", "/a"), (r"C:\a", "/C:/a"), (r"C:a", "/C:a")]
        {
            assert_eq!(link_text(PathBuf::from(native)), text.as_bytes(), "{native}");
        }
    }
}
