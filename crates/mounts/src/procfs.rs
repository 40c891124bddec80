//! Protection of procfs, which may lie beneath a directory and still must not be reached through it. Every process stands there, the
//! host's own too, with its environment and its memory.
//!
//! - Through a mount that merely contains a procfs, nothing on it opens, and no name in it is acted on or asked about. The directory
//!   that it is mounted on has attributes, so that a listing of `/` works; it does not open.
//! - Through a mount whose root is on procfs, which somebody asked for by name, everything can be read that the user may read; nothing
//!   on it opens for writing: `/proc/self/mem` would be a way out.
//!
//! The check looks at the opened file, not at its name. A mount is searched for a procfs when it is made, and pays nothing if it has none.
//!
//! Hazard: as root, `binfmt_misc` says what runs in the place of other programs. It is mounted in procfs, and treated alike.

use rustix::fd::BorrowedFd;
use rustix::fs::{FsWord, PROC_SUPER_MAGIC};
use rustix::io::Result;

use crate::path_of;
use crate::table::Table;

/// `BINFMTFS_MAGIC` of linux/magic.h.
const BINFMTFS_MAGIC: FsWord = 0x4249_4e4d;

/// Where a directory that becomes the root of a mount meets procfs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Procfs {
    /// Nowhere.
    Absent,
    /// Somewhere below it; or that can't be told.
    Below,
    /// It is on procfs itself.
    Here,
}

impl Procfs {
    /// Looks, now. A procfs that is mounted below `root` later is seen where there was one before, and else not.
    #[must_use]
    pub fn of(root: BorrowedFd<'_>) -> Self {
        if is_procfs(root).unwrap_or(false) {
            return Self::Here;
        }
        if is_below(root).unwrap_or(true) { Self::Below } else { Self::Absent }
    }

    /// True if `file`, which was just opened somewhere beneath the root, for writing or not, must not be handed out.
    ///
    /// # Errors
    /// As fstatfs(2).
    pub fn forbids(self, file: BorrowedFd<'_>, for_writing: bool) -> Result<bool> {
        match self {
            Self::Absent => Ok(false),
            Self::Here if !for_writing => Ok(false),
            Self::Below | Self::Here => is_procfs(file),
        }
    }

    /// True if it matters in which directory a name is.
    #[must_use]
    pub fn asks_for_parents(self) -> bool {
        self == Self::Below
    }

    /// True if no name in `directory` may be acted on.
    ///
    /// # Errors
    /// As fstatfs(2).
    pub fn forbids_names_in(self, directory: BorrowedFd<'_>) -> Result<bool> {
        if self.asks_for_parents() { is_procfs(directory) } else { Ok(false) }
    }
}

fn is_below(root: BorrowedFd<'_>) -> Result<bool> {
    let (path, table) = (path_of(root)?, Table::read()?);
    Ok(table.below(&path).any(|mount| ["proc", "binfmt_misc"].contains(&mount.kind.as_str())))
}

fn is_procfs(file: BorrowedFd<'_>) -> Result<bool> {
    rustix::fs::fstatfs(file).map(|system| [PROC_SUPER_MAGIC, BINFMTFS_MAGIC].contains(&system.f_type))
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::os::fd::AsFd as _;

    use super::*;

    fn procfs_of(path: &str) -> Procfs {
        Procfs::of(File::open(path).unwrap().as_fd())
    }

    #[test]
    fn procfs_is_found_where_it_is() {
        let directory = tempfile::tempdir().unwrap();
        assert_eq!(procfs_of(directory.path().to_str().unwrap()), Procfs::Absent);
        assert_eq!(procfs_of("/"), Procfs::Below);
        for path in ["/proc", "/proc/self", "/proc/self/task", "/proc/sys/kernel"] {
            assert_eq!(procfs_of(path), Procfs::Here, "{path}");
        }
    }

    #[test]
    fn what_is_on_procfs_is_forbidden_and_through_procfs_itself_only_to_write() {
        let (environment, file) = (File::open("/proc/self/environ").unwrap(), tempfile::tempfile().unwrap());
        for (procfs, to_read, to_write) in
            [(Procfs::Absent, false, false), (Procfs::Below, true, true), (Procfs::Here, false, true)]
        {
            assert_eq!(procfs.forbids(environment.as_fd(), false), Ok(to_read), "{procfs:?}");
            assert_eq!(procfs.forbids(environment.as_fd(), true), Ok(to_write), "{procfs:?}");
            assert_eq!(procfs.forbids(file.as_fd(), true), Ok(false), "{procfs:?}");
        }
    }
}
