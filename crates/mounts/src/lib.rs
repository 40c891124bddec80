//! Linux's mounts, as far as a sandbox has to know them: whether one directory shows what another one holds (`within`), where
//! procfs is (`procfs`), and whether names tell case apart (`case`). Both backends that run on Linux ask here.
//!
//! The kernel tells of its mounts in a table of text (`table`), whose paths are those that this process sees. Everything is answered
//! for the moment of the question: who may mount may change the answer later, and no guest may mount.
//!
//! Hazard: a path of the table only proposes where to look; that two directories are one is said by device and inode alone. A
//! table can't tell of the layers of an overlay, nor of one server's files in two network mounts; those count as different files.

#![cfg(any(target_os = "linux", target_os = "android"))]
#![forbid(unsafe_code)]

mod case;
mod names;
mod procfs;
mod table;
mod within;

pub use case::ignores_case;
pub use names::none_mounted_in;
pub use procfs::Procfs;
pub use within::lies_within;

use std::os::fd::AsRawFd as _;
use std::os::unix::ffi::OsStringExt as _;
use std::path::PathBuf;

use rustix::fd::BorrowedFd;
use rustix::fs::{AtFlags, CWD};
use rustix::io::{Errno, Result};

/// The identity of a file: device and inode.
type Identity = (u64, u64);

fn identity(directory: BorrowedFd<'_>) -> Result<Identity> {
    rustix::fs::fstat(directory).map(|stat| (stat.st_dev, stat.st_ino))
}

/// The identity of what has this path, no link followed.
fn identity_at(path: &std::path::Path) -> Result<Identity> {
    let stat = rustix::fs::statat(CWD, path, AtFlags::SYMLINK_NOFOLLOW)?;
    Ok((stat.st_dev, stat.st_ino))
}

/// The absolute path of an open directory, without links, as the kernel tells it.
///
/// # Errors
/// `STALE` where that path isn't the directory's any more: it was moved, removed, or hidden by a mount.
fn path_of(directory: BorrowedFd<'_>) -> Result<PathBuf> {
    let link = format!("/proc/self/fd/{}", directory.as_raw_fd());
    let text = rustix::fs::readlinkat(CWD, link, Vec::new())?.into_bytes();
    let path = PathBuf::from(std::ffi::OsString::from_vec(text));
    if identity_at(&path) == identity(directory) { Ok(path) } else { Err(Errno::STALE) }
}
