//! Containment of directories: one is another, or lies beneath it, so that the inner one is reached through the outer one as well.

use std::path::{Path, PathBuf};

use rustix::fd::BorrowedFd;
use rustix::io::{Errno, Result};

use crate::table::{Mount, Table};
use crate::{Identity, identity, identity_at, path_of};

/// An open directory, and all that there is to know of its place.
struct Place<'t> {
    identity: Identity,
    path: PathBuf,
    /// None where a chroot hides it.
    mount: Option<&'t Mount>,
}

/// True if `inner` is `outer`, or can be reached from it downwards: by its own path, or because the file system that `outer` shows,
/// or one that is mounted below it, has `inner` in it as well.
///
/// # Errors
/// If the kernel doesn't tell: without a procfs at `/proc`, or in a chroot where the same file system is mounted once more.
pub fn lies_within(inner: BorrowedFd<'_>, outer: BorrowedFd<'_>) -> Result<bool> {
    if identity(inner)? == identity(outer)? {
        return Ok(true);
    }
    let table = Table::read()?;
    let (inner, outer) = (Place::of(inner, &table)?, Place::of(outer, &table)?);
    for ancestor in inner.path.ancestors() {
        if identity_at(ancestor)? == outer.identity {
            return Ok(true);
        }
    }
    if shows(outer.mount, &outer.below_mount()?, &outer.path, &inner)? {
        return Ok(true);
    }
    for mount in table.below(&outer.path).filter(|mount| mount.point != outer.path) {
        if shows(Some(mount), Path::new(""), &mount.point, &inner)? {
            return Ok(true);
        }
    }
    Ok(false)
}

impl<'t> Place<'t> {
    fn of(directory: BorrowedFd<'_>, table: &'t Table) -> Result<Self> {
        let path = path_of(directory)?;
        Ok(Self { identity: identity(directory)?, mount: table.of(&path), path })
    }

    /// Its path below the point of its mount.
    fn below_mount(&self) -> Result<PathBuf> {
        let point = self.mount.map_or(Path::new("/"), |mount| &mount.point);
        self.path.strip_prefix(point).map(Path::to_path_buf).map_err(|_| Errno::STALE)
    }
}

/// True if `inner` can be seen below `at`, where `mount` shows what has the path `below` in it.
fn shows(mount: Option<&Mount>, below: &Path, at: &Path, inner: &Place<'_>) -> Result<bool> {
    let (mount, of_inner) = match (mount, inner.mount) {
        (Some(mount), Some(of_inner)) => (mount, of_inner),
        // One mount, whose paths were compared.
        (None, None) => return Ok(false),
        (Some(known), None) | (None, Some(known)) => return unknown(known, at, inner),
    };
    if mount.device != of_inner.device {
        return Ok(false);
    }
    let (shown, whole) = (mount.root.join(below), of_inner.root.join(inner.below_mount()?));
    let Ok(rest) = whole.strip_prefix(&shown) else { return Ok(false) };
    match identity_at(&at.join(rest)) {
        Ok(found) => Ok(found == inner.identity),
        // Another part of a network file system, or hidden by a further mount.
        Err(Errno::NOENT | Errno::NOTDIR) => Ok(false),
        Err(errno) => Err(errno),
    }
}

/// Of a mount that a chroot hides, its place in the file system isn't known: another mount of the same one may show anything.
fn unknown(known: &Mount, at: &Path, inner: &Place<'_>) -> Result<bool> {
    let device = |device: u64| format!("{}:{}", rustix::fs::major(device), rustix::fs::minor(device));
    let hidden = if inner.mount.is_none() { inner.identity.0 } else { identity_at(at)?.0 };
    if device(hidden) == known.device { Err(Errno::NOTSUP) } else { Ok(false) }
}
