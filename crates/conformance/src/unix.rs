//! Fresh roots in a temporary directory of a Unix, for every backend that serves real files there; and names
//! that are swapped under its feet ([`swap`]).

pub mod swap;

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::{fs, io};

use callgate_system::{Directory, FileType, System};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tempfile::TempDir;

use crate::Ground;

/// A temporary directory with `root` and `outside` in it.
pub struct UnixGround {
    directory: TempDir,
    root: Arc<dyn Directory>,
}

impl UnixGround {
    /// Makes one and opens its root with `system`.
    ///
    /// # Panics
    /// Where the host cannot make it, or `system` cannot open it.
    #[must_use]
    pub fn new(system: &dyn System) -> Self {
        let directory = TempDir::new().expect("a temporary directory");
        let at = |name: &str| directory.path().join(name);
        fs::create_dir(at("root")).expect("a root");
        fs::create_dir_all(at("outside/d")).expect("an outside");
        fs::write(at("outside/secret"), "secret").expect("a secret");
        fs::write(at("outside/d/secret"), "secret").expect("a secret");
        let root = system.open_root(at("root").as_os_str()).expect("the root opens");
        Self { directory, root }
    }

    fn at(&self, path: impl AsRef<Path>) -> PathBuf {
        self.directory.path().join("root").join(path)
    }
}

impl Ground for UnixGround {
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
        symlink(OsStr::from_bytes(text), self.at(path)).is_ok()
    }

    fn make_file(&self, name: &[u8], content: &[u8]) -> bool {
        fs::write(self.at(OsStr::from_bytes(name)), content).is_ok()
    }

    fn make_special(&self, kind: FileType, path: &str) -> bool {
        let path = self.at(path);
        let made = |command: &mut Command| command.stderr(Stdio::null()).status().is_ok_and(|status| status.success());
        match kind {
            FileType::Fifo => made(Command::new("mkfifo").arg(path)),
            FileType::CharacterDevice => made(Command::new("mknod").arg(path).args(["c", "1", "3"])),
            FileType::Socket => UnixListener::bind(path).is_ok(),
            _ => false,
        }
    }
}

/// How many connections are many, of which both ends are here; fewer, where the process may not open as many files. From now on
/// it may open those, whatever its limit was.
pub(crate) fn room_for_connections() -> u64 {
    const MANY: u64 = 4_000;
    /// For all that is open besides.
    const OTHERS: u64 = 100;
    let (limit, wanted) = (getrlimit(Resource::Nofile), 2 * MANY + OTHERS);
    let files = limit.maximum.map_or(wanted, |maximum| maximum.min(wanted));
    setrlimit(Resource::Nofile, Rlimit { current: Some(files), ..limit }).expect("a limit of open files");
    files.saturating_sub(OTHERS) / 2
}

/// Names, kinds, sizes, times and contents, below and including `path`.
fn describe(path: &Path, text: &mut String) -> io::Result<()> {
    let meta = fs::symlink_metadata(path)?;
    let (mode, links, size) = (meta.mode(), meta.nlink(), meta.size());
    let modified = (meta.mtime(), meta.mtime_nsec(), meta.ctime(), meta.ctime_nsec());
    writeln!(text, "{} {mode:o} {links} {size} {modified:?}", path.display()).map_err(io::Error::other)?;
    if meta.is_dir() {
        let mut paths: Vec<PathBuf> = fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
        paths.sort();
        return paths.iter().try_for_each(|path| describe(path, text));
    }
    text.push_str(&String::from_utf8_lossy(&fs::read(path)?));
    Ok(())
}
