//! Attributes: the kernel's `struct stat` in portable words.
//!
//! rustix takes `fstat` and `newfstatat` where their times are 64 bits wide, and `statx` (with a fallback) where they are
//! not, so no kernel and no seccomp filter is left without an answer. The fields' types differ between architectures.

use callgate_system::{FileType, Identity, Result, Stat, Timestamp};
use rustix::fd::AsFd;
use rustix::fs::AtFlags;

use crate::error::Portable as _;

/// The attributes of an open file; `O_PATH` will do.
pub(crate) fn of(fd: impl AsFd) -> Result<Stat> {
    rustix::fs::fstat(fd).portable().map(|stat| from(&stat))
}

/// The attributes of the plain name `name` in `dir`: of a link itself.
pub(crate) fn at(dir: impl AsFd, name: impl rustix::path::Arg) -> Result<Stat> {
    rustix::fs::statat(dir, name, AtFlags::SYMLINK_NOFOLLOW).portable().map(|stat| from(&stat))
}

/// The kind of a directory entry, or of what `st_mode` tells of.
pub(crate) fn kind(kind: rustix::fs::FileType) -> FileType {
    use rustix::fs::FileType as Native;
    match kind {
        Native::RegularFile => FileType::RegularFile,
        Native::Directory => FileType::Directory,
        Native::Symlink => FileType::SymbolicLink,
        Native::Fifo => FileType::Fifo,
        Native::Socket => FileType::Socket,
        Native::CharacterDevice => FileType::CharacterDevice,
        Native::BlockDevice => FileType::BlockDevice,
        Native::Unknown => FileType::Unknown,
    }
}

fn from(stat: &rustix::fs::Stat) -> Stat {
    Stat {
        kind: kind(rustix::fs::FileType::from_raw_mode(stat.st_mode)),
        links: wide(stat.st_nlink),
        size: u64::try_from(stat.st_size).unwrap_or(0),
        // In units of 512 bytes, whatever the file system's are (stat(2)).
        allocated: u64::try_from(stat.st_blocks).unwrap_or(0).saturating_mul(512),
        accessed: Some(time(stat.st_atime, stat.st_atime_nsec)),
        modified: Some(time(stat.st_mtime, stat.st_mtime_nsec)),
        changed: Some(time(stat.st_ctime, stat.st_ctime_nsec)),
        identity: Identity { device: wide(stat.st_dev), file: wide(stat.st_ino).into() },
    }
}

fn wide(value: impl Into<u64>) -> u64 {
    value.into()
}

/// A file system may store nonsense (fuse does): the nanoseconds stay below a second.
fn time(seconds: impl Into<i64>, nanoseconds: impl Into<u64>) -> Timestamp {
    let nanoseconds = u32::try_from(nanoseconds.into().min(999_999_999)).unwrap_or(0);
    Timestamp { seconds: seconds.into(), nanoseconds }
}
