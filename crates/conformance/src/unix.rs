//! Fresh roots in a temporary directory of a Unix, for every backend that serves real files there; and names
//! that are swapped under its feet ([`swap`]), files that nobody may write ([`sealed()`]).

mod sealed;
pub mod swap;

pub use sealed::sealed;

use std::ffi::OsStr;
use std::fs::{self, Metadata};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, symlink};
use std::os::unix::net::UnixListener;
use std::process::{Command, Stdio};
use std::sync::Arc;

use callgate_system::{Directory, FileType, System};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::Ground;
use crate::real::Folders;

/// A temporary directory with `root` and `outside` in it.
pub struct UnixGround {
    folders: Folders,
}

impl UnixGround {
    /// Makes one and opens its root with `system`.
    ///
    /// # Panics
    /// Where the host cannot make it, or `system` cannot open it.
    #[must_use]
    pub fn new(system: &dyn System) -> Self {
        Self { folders: Folders::new(system) }
    }
}

impl Ground for UnixGround {
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
        symlink(OsStr::from_bytes(text), self.folders.at(path)).is_ok()
    }

    fn make_file(&self, name: &[u8], content: &[u8]) -> bool {
        fs::write(self.folders.at(OsStr::from_bytes(name)), content).is_ok()
    }

    fn make_special(&self, kind: FileType, path: &str) -> bool {
        let path = self.folders.at(path);
        let made = |command: &mut Command| command.stderr(Stdio::null()).status().is_ok_and(|status| status.success());
        match kind {
            FileType::Fifo => made(Command::new("mkfifo").arg(path)),
            FileType::CharacterDevice => made(Command::new("mknod").arg(path).args(["c", "1", "3"])),
            FileType::Socket => UnixListener::bind(path).is_ok(),
            _ => false,
        }
    }
}

/// The number of connections that are many, both ends of each being here; fewer if the process may not open as many files. The
/// process's limit of open files is set to fit, whatever it was.
pub(crate) fn room_for_connections() -> u64 {
    const MANY: u64 = 4_000;
    /// For all that is open besides.
    const OTHERS: u64 = 100;
    let (limit, wanted) = (getrlimit(Resource::Nofile), 2 * MANY + OTHERS);
    let files = limit.maximum.map_or(wanted, |maximum| maximum.min(wanted));
    setrlimit(Resource::Nofile, Rlimit { current: Some(files), ..limit }).expect("a limit of open files");
    files.saturating_sub(OTHERS) / 2
}

/// Kind, size and times.
fn attributes(meta: &Metadata) -> String {
    let (mode, links, size) = (meta.mode(), meta.nlink(), meta.size());
    let modified = (meta.mtime(), meta.mtime_nsec(), meta.ctime(), meta.ctime_nsec());
    format!("{mode:o} {links} {size} {modified:?}")
}
