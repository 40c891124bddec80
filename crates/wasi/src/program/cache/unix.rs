//! The folder and the seal of its entries on Unix.
//!
//! A sealed file is a regular file of this user's with one name and the mode 01500. A guest makes files with the mode 0666 and has no call that
//! changes a mode, so no file of a guest's making is sealed; and nobody but root opens a sealed file for writing, so none is
//! changed. The file is sealed from its first moment: the one who creates it may write all the same, through that handle alone.
//!
//! Hazard: root writes regardless of modes. The backends refuse to open a sealed file for writing (`callgate_system::SEAL`), and a cache
//! inside a writable mount is not used for a run as root.

use std::fs::{DirBuilder, File};
use std::io;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, Stat, fstat, openat, renameat, statat, unlinkat};

use super::{Kept, is_of_entry};

const SEAL: Mode = Mode::from_raw_mode(0o1500);
/// The permission bits that let others write to the folder; none of them may be set.
const OTHERS: Mode = Mode::WGRP.union(Mode::WOTH);

/// A folder that belongs to this user, and to which nobody else may write.
pub(super) struct Folder(OwnedFd);

impl Folder {
    /// Makes the folder, and those on the way to it, for its owner alone, and opens it.
    pub(super) fn make(path: &Path) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(path)?;
        Self::open(path)
    }

    /// Opens the folder, where it is this user's own and no link to another.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let folder = openat(CWD, path, flags, Mode::empty())?;
        let stat = fstat(&folder)?;
        if !is_mine(&stat) {
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, "it belongs to another user"));
        }
        if Mode::from_raw_mode(stat.st_mode).intersects(OTHERS) {
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, "others may write to it"));
        }
        Ok(Self(folder))
    }

    /// Opens a file whose seal holds, and tells a path to this very file.
    pub(super) fn open_sealed(&self, name: &str) -> io::Result<(File, PathBuf)> {
        // A guest can put a pipe or a link here; neither may make us wait or lead elsewhere.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = File::from(openat(&self.0, name, flags, Mode::empty())?);
        if !is_sealed(&fstat(&file)?) {
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, "not sealed"));
        }
        let path = PathBuf::from(format!("/dev/fd/{}", file.as_raw_fd()));
        Ok((file, path))
    }

    /// Makes a sealed file, which can be written through this handle only.
    ///
    /// # Errors
    /// Also where the file system keeps no modes, so that the seal would not hold.
    pub(super) fn create_sealed(&self, name: &str) -> io::Result<File> {
        // One that a process of the same number left behind.
        drop(self.remove(name));
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = openat(&self.0, name, flags, SEAL)?;
        // The user's mask may have taken a part of it.
        rustix::fs::fchmod(&file, SEAL)?;
        if is_sealed(&fstat(&file)?) {
            Ok(File::from(file))
        } else {
            Err(io::Error::new(io::ErrorKind::Unsupported, "the file system keeps no modes"))
        }
    }

    pub(super) fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        Ok(renameat(&self.0, from, &self.0, to)?)
    }

    pub(super) fn remove(&self, name: &str) -> io::Result<()> {
        Ok(unlinkat(&self.0, name, AtFlags::empty())?)
    }

    /// The sealed files of the folder that have the name of an entry.
    pub(super) fn entries(&self) -> io::Result<Vec<Kept>> {
        let mut entries = Vec::new();
        for entry in Dir::read_from(&self.0)? {
            let entry = entry?;
            let Ok(name) = entry.file_name().to_str() else { continue };
            let Ok(stat) = statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW) else { continue };
            if is_of_entry(name) && is_sealed(&stat) {
                let length = u64::try_from(stat.st_size).unwrap_or_default();
                entries.push(Kept { name: name.to_owned(), modified: modified(&stat), length });
            }
        }
        Ok(entries)
    }
}

/// True if `path` leads to this very file: `/dev` may be anything.
pub(in crate::program) fn leads_to(path: &Path, file: &File) -> io::Result<bool> {
    let (there, here) = (rustix::fs::stat(path)?, fstat(file)?);
    Ok((there.st_dev, there.st_ino) == (here.st_dev, here.st_ino))
}

fn is_mine(stat: &Stat) -> bool {
    stat.st_uid == rustix::process::geteuid().as_raw()
}

fn is_sealed(stat: &Stat) -> bool {
    is_mine(stat)
        && FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile
        && Mode::from_raw_mode(stat.st_mode) == SEAL
        && stat.st_nlink == 1
}

fn modified(stat: &Stat) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(stat.st_mtime).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::io::Write;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn folder() -> (tempfile::TempDir, Folder) {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::make(&place.path().join("cache")).unwrap();
        folder.create_sealed("entry").unwrap().write_all(b"code").unwrap();
        (place, folder)
    }

    #[test]
    fn a_sealed_file_is_written_by_its_maker_alone() {
        let (place, folder) = folder();
        assert!(folder.open_sealed("entry").is_ok());
        let path = place.path().join("cache/entry");
        assert_eq!(fs::read(&path).unwrap(), b"code");
        // Root writes regardless.
        if !rustix::process::geteuid().is_root() {
            assert!(fs::OpenOptions::new().write(true).open(&path).is_err());
        }
        assert!(folder.create_sealed("entry").is_ok(), "what a former process left is replaced");
    }

    #[test]
    fn a_path_is_compared_with_the_file() {
        let (place, folder) = folder();
        let (entry, path) = folder.open_sealed("entry").unwrap();
        assert!(leads_to(&path, &entry).unwrap());
        assert!(!leads_to(place.path(), &entry).unwrap());
        assert!(leads_to(&place.path().join("nothing"), &entry).is_err());
    }

    #[test]
    fn any_other_mode_kind_or_second_name_breaks_the_seal() {
        let (place, folder) = folder();
        let path = place.path().join("cache/entry");
        for mode in [0o500, 0o1700, 0o1501, 0o1400, 0o644, 0o5500] {
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            assert!(folder.open_sealed("entry").is_err(), "{mode:o}");
        }
        fs::set_permissions(&path, Permissions::from_mode(0o1500)).unwrap();
        assert!(folder.open_sealed("entry").is_ok());
        std::os::unix::fs::symlink("entry", place.path().join("cache/link")).unwrap();
        assert!(folder.open_sealed("link").is_err());
        fs::hard_link(&path, place.path().join("second")).unwrap();
        assert!(folder.open_sealed("entry").is_err());
    }

    #[test]
    fn a_link_to_a_folder_is_none() {
        let (place, _) = folder();
        std::os::unix::fs::symlink("cache", place.path().join("link")).unwrap();
        assert!(Folder::open(&place.path().join("cache")).is_ok());
        assert!(Folder::open(&place.path().join("link")).is_err());
        assert!(Folder::make(&place.path().join("link")).is_err());
    }

    #[test]
    fn a_folder_that_others_may_write_to_is_not_used() {
        let (place, _) = folder();
        let path = place.path().join("cache");
        assert!(Folder::open(&path).is_ok());
        for mode in [0o720, 0o702, 0o777, 0o1777] {
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            assert!(Folder::open(&path).is_err(), "{mode:o}");
        }
        fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
        assert!(Folder::open(&path).is_ok());
    }

    #[test]
    fn a_folder_of_another_user_is_not_used() {
        // The root of the file system is somebody else's, unless this is root.
        let is_root = rustix::process::geteuid().is_root();
        assert_eq!(Folder::open(Path::new("/")).is_ok(), is_root);
    }
}
