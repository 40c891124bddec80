//! A temporary directory of the host with a root and an outside: what the grounds of all backends that serve real files have in
//! common.

use std::fmt::Write as _;
use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fs, io};

use callgate_system::{Directory, System};
use tempfile::TempDir;

/// `root`, which a system has opened, and `outside` beside it.
pub(crate) struct Folders {
    // Closed before the directory is removed.
    root: Arc<dyn Directory>,
    directory: TempDir,
}

impl Folders {
    /// Makes them and opens the root with `system`.
    ///
    /// # Panics
    /// Where the host cannot make them, or `system` cannot open the root.
    pub(crate) fn new(system: &dyn System) -> Self {
        let directory = TempDir::new().expect("a temporary directory");
        let at = |name: &str| directory.path().join(name);
        fs::create_dir(at("root")).expect("a root");
        fs::create_dir_all(at("outside").join("d")).expect("an outside");
        fs::write(at("outside").join("secret"), "secret").expect("a secret");
        fs::write(at("outside").join("d").join("secret"), "secret").expect("a secret");
        let root = system.open_root(at("root").as_os_str()).expect("the root opens");
        Self { root, directory }
    }

    pub(crate) fn root(&self) -> Arc<dyn Directory> {
        Arc::clone(&self.root)
    }

    /// Where the host has what the root has as `path`.
    pub(crate) fn at(&self, path: impl AsRef<Path>) -> PathBuf {
        self.directory.path().join("root").join(path)
    }

    pub(crate) fn host_path(&self) -> Option<String> {
        self.directory.path().to_str().map(str::to_owned)
    }

    /// All that is outside, with what `attributes` says of each; `None` where it can't be read.
    pub(crate) fn outside(&self, attributes: fn(&Metadata) -> String) -> Option<String> {
        let mut text = String::new();
        describe(&self.directory.path().join("outside"), attributes, &mut text).ok()?;
        Some(text)
    }
}

/// Names, attributes and contents, below and including `path`.
fn describe(path: &Path, attributes: fn(&Metadata) -> String, text: &mut String) -> io::Result<()> {
    let meta = fs::symlink_metadata(path)?;
    writeln!(text, "{} {}", path.display(), attributes(&meta)).map_err(io::Error::other)?;
    if meta.is_dir() {
        let mut paths: Vec<PathBuf> = fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
        paths.sort();
        return paths.iter().try_for_each(|path| describe(path, attributes, text));
    }
    text.push_str(&String::from_utf8_lossy(&fs::read(path)?));
    Ok(())
}
