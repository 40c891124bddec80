//! Directories that guests are let into.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::platform;

/// A mount, and something beside it that no guest may see.
pub(crate) struct Place {
    /// Kept for its end.
    _top: TempDir,
    /// The directory that is mounted.
    pub(crate) data: PathBuf,
    /// The directory that is not. It has the file `secret`, and the directory `full` with the file `inner`.
    pub(crate) outside: PathBuf,
}

impl Place {
    /// An empty mount.
    pub(crate) fn new() -> Self {
        let top = TempDir::new().expect("a temporary directory can be made");
        // Links are compared by their texts, so the path is the one without links.
        let path = top.path().canonicalize().expect("it has a path");
        let (data, outside) = (path.join("data"), path.join("outside"));
        fs::create_dir(&data).expect("a directory in it can be made");
        fs::create_dir_all(outside.join("full")).expect("so can another");
        write(&outside.join("secret"), "secret");
        write(&outside.join("full/inner"), "inner");
        Self { _top: top, data, outside }
    }

    /// With a file in the mount.
    pub(crate) fn file(self, path: &str, content: &str) -> Self {
        write(&self.data.join(path), content);
        self
    }

    /// With a directory in the mount.
    pub(crate) fn directory(self, path: &str) -> Self {
        fs::create_dir_all(self.data.join(path)).expect("a directory can be made");
        self
    }

    /// With a symbolic link in the mount, whose text is `target`.
    pub(crate) fn link(self, path: &str, target: impl AsRef<Path>) -> Self {
        platform::symlink(target, self.data.join(path)).expect("a link can be made");
        self
    }

    /// The names and contents outside, to be compared with later ones.
    pub(crate) fn state_outside(&self) -> String {
        let mut found = Vec::new();
        walk(&self.outside, &mut found);
        found.sort();
        found.join("\n")
    }
}

fn walk(directory: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(directory).expect("a directory can be listed") {
        let path = entry.expect("an entry can be read").path();
        if path.is_dir() {
            found.push(format!("{}/", path.display()));
            walk(&path, found);
        } else {
            let modified = fs::symlink_metadata(&path).and_then(|metadata| metadata.modified());
            let content = fs::read_to_string(&path).unwrap_or_default();
            found.push(format!("{} {content:?} {modified:?}", path.display()));
        }
    }
}

/// Writes a file of the test's own.
pub(crate) fn write(path: &Path, content: impl AsRef<[u8]>) {
    fs::write(path, content).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}
