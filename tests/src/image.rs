//! Directories of this machine for a guest of the memory backend: they go in as one tar file, and come back as another.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// The directories that a run mounts, and the files between them and callgate.
pub(crate) struct Image {
    folder: TempDir,
    directories: Vec<PathBuf>,
    hosts: String,
}

impl Image {
    pub(crate) fn new() -> Self {
        Self {
            folder: TempDir::new().expect("a temporary directory can be made"),
            directories: Vec::new(),
            hosts: String::new(),
        }
    }

    /// Names for its machine, as in `/etc/hosts`.
    pub(crate) fn names(&mut self, hosts: &str) {
        hosts.clone_into(&mut self.hosts);
    }

    /// Takes `directory` in; its path in the memory tree.
    pub(crate) fn add(&mut self, directory: &Path) -> PathBuf {
        let known = self.directories.iter().position(|other| other == directory);
        let number = known.unwrap_or_else(|| {
            self.directories.push(directory.to_path_buf());
            self.directories.len() - 1
        });
        Path::new("/").join(number.to_string())
    }

    /// The file to start from.
    pub(crate) fn before(&self) -> PathBuf {
        self.folder.path().join("before.tar")
    }

    /// The file to end with.
    pub(crate) fn after(&self) -> PathBuf {
        self.folder.path().join("after.tar")
    }

    /// Writes the file to start from.
    ///
    /// # Panics
    /// When a directory cannot be read.
    pub(crate) fn pack(&self) {
        let mut tar = tar::Builder::new(File::create(self.before()).expect("an image can be made"));
        tar.follow_symlinks(false);
        for (number, directory) in self.directories.iter().enumerate() {
            tar.append_dir_all(number.to_string(), directory).expect("a directory can be packed");
        }
        let mut header = tar::Header::new_gnu();
        header.set_size(self.hosts.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, "etc/hosts", self.hosts.as_bytes()).expect("names can be packed");
        tar.finish().expect("an image can be written");
    }

    /// Puts what the run left in the place of what was there, where it left anything.
    ///
    /// # Panics
    /// When that cannot be done.
    pub(crate) fn unpack(&self) {
        let Ok(file) = File::open(self.after()) else { return };
        let found = self.folder.path().join("found");
        tar::Archive::new(file).unpack(&found).expect("what the run left can be unpacked");
        for (number, directory) in self.directories.iter().enumerate() {
            fs::remove_dir_all(directory).expect("a directory can be emptied");
            fs::rename(found.join(number.to_string()), directory).expect("a directory can be replaced");
        }
    }
}
