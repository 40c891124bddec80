//! Fresh roots in a temporary directory of Windows, for every backend that serves real files there.
//!
//! Files that this host can't make are not made, and their cases are skipped: no symbolic links without the privilege for them, none
//! at all under Wine (which says that it made one), no names that Windows doesn't have.

use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::os::windows::ffi::OsStringExt as _;
use std::os::windows::fs::{MetadataExt as _, symlink_dir, symlink_file};
use std::sync::Arc;

use callgate_system::{Directory, System};

use crate::Ground;
use crate::real::Folders;

/// A temporary directory with `root` and `outside` in it.
pub struct WindowsGround {
    folders: Folders,
}

impl WindowsGround {
    /// Makes one and opens its root with `system`.
    ///
    /// # Panics
    /// Where the host cannot make it, or `system` cannot open it.
    #[must_use]
    pub fn new(system: &dyn System) -> Self {
        Self { folders: Folders::new(system) }
    }
}

impl Ground for WindowsGround {
    fn root(&self) -> Arc<dyn Directory> {
        self.folders.root()
    }

    fn host_path(&self) -> Option<String> {
        self.folders.host_path()
    }

    fn outside(&self) -> Option<String> {
        self.folders.outside(attributes)
    }

    fn make_symlink(&self, text: &[u8], path: &str) -> bool {
        let (Ok(text), path) = (str::from_utf8(text), self.folders.at(path)) else { return false };
        let made = if self.folders.at(text).is_dir() { symlink_dir(text, &path) } else { symlink_file(text, &path) };
        made.is_ok() && fs::symlink_metadata(&path).is_ok_and(|meta| meta.is_symlink())
    }

    /// A byte that is not part of UTF-8 stands for half a surrogate pair, which a name of Windows may hold.
    fn make_file(&self, name: &[u8], content: &[u8]) -> bool {
        let mut units = Vec::new();
        for chunk in name.utf8_chunks() {
            units.extend(chunk.valid().encode_utf16());
            units.extend(chunk.invalid().iter().map(|byte| 0xDC00 + u16::from(*byte)));
        }
        let is_there = |name: &OsString| {
            fs::read_dir(self.folders.at(""))
                .is_ok_and(|mut all| all.any(|entry| entry.is_ok_and(|entry| entry.file_name() == *name)))
        };
        let name = OsString::from_wide(&units);
        // Win32 takes `CON` for a device and `a.` for `a`, and says that it has written them.
        fs::write(self.folders.at(&name), content).is_ok() && is_there(&name)
    }
}

/// The number of connections that are many, both ends of each being here.
pub(crate) fn room_for_connections() -> u64 {
    2_100
}

/// Kind, size and times.
fn attributes(meta: &Metadata) -> String {
    let (attributes, size) = (meta.file_attributes(), meta.file_size());
    let times = (meta.creation_time(), meta.last_write_time());
    format!("{attributes:x} {size} {times:?}")
}
