//! Attributes: cap-std's metadata in portable words.

use std::fs::File;
use std::io;
use std::path::Path;

use callgate_system::{FileType, Identity, Result, Stat};
use cap_fs_ext::{FileTypeExt as _, MetadataExt as _};
use cap_std::fs::{Dir, Metadata};
use cap_std::time::SystemTime;

use crate::error::Portable as _;
use crate::{os, times};

/// The attributes of an open file.
pub(crate) fn of(file: &File) -> Result<Stat> {
    Metadata::from_file(file).portable().map(|metadata| from(&metadata))
}

/// The attributes of an open directory.
pub(crate) fn of_dir(dir: &Dir) -> Result<Stat> {
    dir.dir_metadata().portable().map(|metadata| from(&metadata))
}

/// The attributes of the plain name `name` in `dir`: of a link itself.
pub(crate) fn at(dir: &Dir, name: &Path) -> Result<Stat> {
    let stat = from(&dir.symlink_metadata(name).portable()?);
    os::with_length(stat, || dir.read_link_contents(name))
}

/// The kind of a directory entry, or of what metadata tells of.
pub(crate) fn kind(kind: cap_std::fs::FileType) -> FileType {
    if kind.is_file() {
        FileType::RegularFile
    } else if kind.is_dir() {
        FileType::Directory
    } else if kind.is_symlink() {
        FileType::SymbolicLink
    } else if kind.is_fifo() {
        FileType::Fifo
    } else if kind.is_socket() {
        FileType::Socket
    } else if kind.is_char_device() {
        FileType::CharacterDevice
    } else if kind.is_block_device() {
        FileType::BlockDevice
    } else {
        FileType::Unknown
    }
}

fn from(metadata: &Metadata) -> Stat {
    let time = |time: io::Result<SystemTime>| time.ok().map(|time| times::timestamp(time.into_std()));
    Stat {
        kind: kind(metadata.file_type()),
        links: metadata.nlink(),
        size: metadata.len(),
        allocated: os::allocated(metadata),
        accessed: time(metadata.accessed()),
        modified: time(metadata.modified()),
        changed: os::changed(metadata),
        identity: Identity { device: metadata.dev(), file: metadata.ino().into() },
    }
}
