//! The folder and the seal of its entries on Windows.
//!
//! A sealed file belongs to this user and is marked as read-only and as the system's. A guest has no call that sets an attribute, so no file of a
//! guest's making is sealed, and NT opens a read-only file for writing for nobody. It is marked before anything is written to it,
//! by the one handle that can write (`owner.rs`).
//!
//! Hazard: Wine lets root write all the same; our NT backend refuses to.

mod owner;

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::windows::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use windows_sys::Win32::Storage::FileSystem::{
    FILE_ATTRIBUTE_DIRECTORY, FILE_ATTRIBUTE_READONLY, FILE_ATTRIBUTE_REPARSE_POINT, FILE_ATTRIBUTE_SYSTEM,
    FILE_FLAG_BACKUP_SEMANTICS, FILE_FLAG_OPEN_REPARSE_POINT, FILE_SHARE_READ,
};

use super::{Kept, is_of_entry};

const SEAL: u32 = FILE_ATTRIBUTE_READONLY | FILE_ATTRIBUTE_SYSTEM;
/// A directory, or a link to elsewhere.
const NO_FILE: u32 = FILE_ATTRIBUTE_DIRECTORY | FILE_ATTRIBUTE_REPARSE_POINT;

/// A folder that belongs to this user.
pub(super) struct Folder(PathBuf);

/// True: nobody can rename or remove a file of the cache as long as it is open.
pub(in crate::program) fn leads_to(_path: &Path, _file: &File) -> io::Result<bool> {
    Ok(true)
}

impl Folder {
    /// Makes the folder, and those on the way to it, and opens it.
    pub(super) fn make(path: &Path) -> io::Result<Self> {
        fs::create_dir_all(path)?;
        Self::open(path)
    }

    /// Opens the folder, where it is this user's own and no link to another.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let flags = FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT;
        let folder = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
        if folder.metadata()?.file_attributes() & FILE_ATTRIBUTE_REPARSE_POINT != 0 {
            return Err(io::Error::new(io::ErrorKind::NotADirectory, "it is a link"));
        }
        if owner::is_mine(&folder)? {
            Ok(Self(path.to_owned()))
        } else {
            Err(io::Error::new(io::ErrorKind::PermissionDenied, "it belongs to another user"))
        }
    }

    /// Opens a file whose seal holds, and tells its path: nobody can rename or remove it as long as it is open.
    pub(super) fn open_sealed(&self, name: &str) -> io::Result<(File, PathBuf)> {
        let path = self.0.join(name);
        let mut options = OpenOptions::new();
        options.read(true).share_mode(FILE_SHARE_READ).custom_flags(FILE_FLAG_OPEN_REPARSE_POINT);
        let file = options.open(&path)?;
        let attributes = file.metadata()?.file_attributes();
        if attributes & SEAL == SEAL && attributes & NO_FILE == 0 && owner::is_mine(&file)? {
            Ok((file, path))
        } else {
            Err(io::Error::new(io::ErrorKind::PermissionDenied, "not sealed"))
        }
    }

    /// Makes a sealed file, which can be written through this handle only.
    ///
    /// # Errors
    /// Also where the file system keeps no such attributes, so that the seal would not hold.
    pub(super) fn create_sealed(&self, name: &str) -> io::Result<File> {
        // One that a process of the same number left behind.
        drop(self.remove(name));
        let file = owner::create_sealed(&self.0.join(name))?;
        if file.metadata()?.file_attributes() & SEAL == SEAL {
            Ok(file)
        } else {
            Err(io::Error::new(io::ErrorKind::Unsupported, "the file system keeps no attributes"))
        }
    }

    /// A sealed file in the way is removed first: it could not be replaced.
    pub(super) fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        drop(self.remove(to));
        fs::rename(self.0.join(from), self.0.join(to))
    }

    pub(super) fn remove(&self, name: &str) -> io::Result<()> {
        owner::remove_sealed(&self.0.join(name))
    }

    /// The sealed files of the folder that have the name of an entry.
    pub(super) fn entries(&self) -> io::Result<Vec<Kept>> {
        let mut entries = Vec::new();
        for entry in fs::read_dir(&self.0)? {
            let entry = entry?;
            let (Ok(name), Ok(metadata)) = (entry.file_name().into_string(), entry.metadata()) else { continue };
            let is_sealed = metadata.file_attributes() & (SEAL | NO_FILE) == SEAL;
            if is_of_entry(&name) && is_sealed {
                let modified = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
                entries.push(Kept { name, modified, length: metadata.len() });
            }
        }
        Ok(entries)
    }
}
