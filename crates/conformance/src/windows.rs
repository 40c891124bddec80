//! Fresh roots in a temporary directory of Windows, for every backend that serves real files there.
//!
//! What this host can't make is not made, and its cases are skipped: no symbolic links without the privilege for them, none at all
//! under Wine (which says that it made one), no names that Windows doesn't have.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::os::windows::ffi::OsStringExt as _;
use std::os::windows::fs::{MetadataExt as _, symlink_dir, symlink_file};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fs, io};

use callgate_system::{Directory, System};
use tempfile::TempDir;

use crate::Ground;

/// A temporary directory with `root` and `outside` in it.
pub struct WindowsGround {
    // Closed before the directory is removed.
    root: Arc<dyn Directory>,
    directory: TempDir,
}

impl WindowsGround {
    /// Makes one and opens its root with `system`.
    ///
    /// # Panics
    /// Where the host cannot make it, or `system` cannot open it.
    #[must_use]
    pub fn new(system: &dyn System) -> Self {
        let directory = TempDir::new().expect("a temporary directory");
        let at = |name: &str| directory.path().join(name);
        fs::create_dir(at("root")).expect("a root");
        fs::create_dir_all(at("outside").join("d")).expect("an outside");
        fs::write(at("outside").join("secret"), "secret").expect("a secret");
        fs::write(at("outside").join("d").join("secret"), "secret").expect("a secret");
        let root = system.open_root(at("root").as_os_str()).expect("the root opens");
        Self { root, directory }
    }

    fn at(&self, path: impl AsRef<Path>) -> PathBuf {
        self.directory.path().join("root").join(path)
    }
}

impl Ground for WindowsGround {
    fn root(&self) -> Arc<dyn Directory> {
        Arc::clone(&self.root)
    }

    fn host_path(&self) -> Option<String> {
        self.directory.path().to_str().map(str::to_owned)
    }

    fn outside(&self) -> Option<String> {
        let mut text = String::new();
        describe(&self.directory.path().join("outside"), &mut text).ok()?;
        Some(text)
    }

    fn make_symlink(&self, text: &[u8], path: &str) -> bool {
        let (Ok(text), path) = (str::from_utf8(text), self.at(path)) else { return false };
        let made = if self.at(text).is_dir() { symlink_dir(text, &path) } else { symlink_file(text, &path) };
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
            fs::read_dir(self.at(""))
                .is_ok_and(|mut all| all.any(|entry| entry.is_ok_and(|entry| entry.file_name() == *name)))
        };
        let name = OsString::from_wide(&units);
        // Win32 takes `CON` for a device and `a.` for `a`, and says that it has written them.
        fs::write(self.at(&name), content).is_ok() && is_there(&name)
    }
}

/// How many connections are many, of which both ends are here.
pub(crate) fn room_for_connections() -> u64 {
    2_100
}

/// Names, kinds, sizes, times and contents, below and including `path`.
fn describe(path: &Path, text: &mut String) -> io::Result<()> {
    let meta = fs::symlink_metadata(path)?;
    let (attributes, size) = (meta.file_attributes(), meta.file_size());
    let times = (meta.creation_time(), meta.last_write_time());
    writeln!(text, "{} {attributes:x} {size} {times:?}", path.display()).map_err(io::Error::other)?;
    if meta.is_dir() {
        let mut paths: Vec<PathBuf> = fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
        paths.sort();
        return paths.iter().try_for_each(|path| describe(path, text));
    }
    text.push_str(&String::from_utf8_lossy(&fs::read(path)?));
    Ok(())
}
