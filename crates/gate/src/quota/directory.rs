//! A directory in a mount that has a quota.

use std::any::Any;
use std::sync::Arc;

use callgate_system::{
    Code, Directory, Entries, File as _, FileType, Follow, Names, NewTimestamp, OpenHow, Opened, Result, Stat,
};

use super::books::Ledger;
use super::file::LimitedFile;

pub(super) struct LimitedDirectory {
    directory: Arc<dyn Directory>,
    ledger: Ledger,
}

impl LimitedDirectory {
    pub(super) fn new(directory: Arc<dyn Directory>, ledger: Ledger) -> Self {
        Self { directory, ledger }
    }

    /// The other directory of a call that has two, where it is of the same mount.
    fn same_mount<'a>(&self, other: &'a dyn Directory) -> Result<&'a dyn Directory> {
        let other: &dyn Any = other;
        match other.downcast_ref::<Self>() {
            Some(other) if self.is_of(other) => Ok(&*other.directory),
            _ => Err(Code::CrossDevice.into()),
        }
    }

    fn is_of(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.ledger.books, &other.ledger.books) && self.ledger.mount == other.ledger.mount
    }

    /// Does what makes a name; one that `is_there` is left to `act` to refuse.
    fn enter<T>(&self, is_there: impl FnOnce() -> bool, act: impl FnOnce() -> Result<T>) -> Result<T> {
        let mut account = self.ledger.account();
        if account.is_full() && !is_there() {
            return Err(Code::Quota.into());
        }
        let made = act()?;
        account.entered();
        Ok(made)
    }

    fn has(&self, path: &str) -> bool {
        self.directory.stat(path, Follow::No).is_ok()
    }

    /// Does what removes the name `path`.
    fn remove(&self, path: &str, act: impl FnOnce() -> Result<()>) -> Result<()> {
        let mut account = self.ledger.account();
        let stat = self.directory.stat(path, Follow::No);
        act()?;
        if let Ok(stat) = stat {
            account.removed(&stat);
        }
        Ok(())
    }

    /// Opens, and counts a name where one was made. Truncating is left to [`LimitedDirectory::wrap`].
    fn open_counted(&self, path: &str, how: OpenHow) -> Result<Opened> {
        let how = OpenHow { truncate: how.truncate && !how.write, ..how };
        let makes = how.create && self.directory.stat(path, how.follow).is_err_and(|error| error.code == Code::NoEntry);
        let open = || self.directory.open(path, how);
        if makes { self.enter(|| false, open) } else { open() }
    }

    fn wrap(&self, opened: Opened, truncate: bool) -> Result<Opened> {
        Ok(match opened {
            Opened::Directory(directory) => {
                Opened::Directory(Arc::new(Self { directory, ledger: self.ledger.clone() }))
            }
            Opened::File(file) => {
                let stat = file.stat()?;
                if stat.kind != FileType::RegularFile {
                    return Ok(Opened::File(file));
                }
                let file = LimitedFile::new(file, &stat, &self.ledger);
                if truncate {
                    file.set_size(0)?;
                }
                Opened::File(Arc::new(file))
            }
        })
    }
}

#[deny(clippy::missing_trait_methods, reason = "what is not forwarded would lose what the system does better")]
impl Directory for LimitedDirectory {
    fn open(&self, path: &str, how: OpenHow) -> Result<Opened> {
        self.wrap(self.open_counted(path, how)?, how.truncate)
    }

    fn stat(&self, path: &str, follow: Follow) -> Result<Stat> {
        self.directory.stat(path, follow)
    }

    fn metadata(&self) -> Result<Stat> {
        self.directory.metadata()
    }

    fn read_entries(&self) -> Result<Box<dyn Entries>> {
        self.directory.read_entries()
    }

    fn create_directory(&self, path: &str) -> Result<()> {
        self.enter(|| self.has(path), || self.directory.create_directory(path))
    }

    fn remove_directory(&self, path: &str) -> Result<()> {
        self.remove(path, || self.directory.remove_directory(path))
    }

    fn unlink_file(&self, path: &str) -> Result<()> {
        self.remove(path, || self.directory.unlink_file(path))
    }

    fn symlink(&self, target: &str, path: &str) -> Result<()> {
        self.enter(|| self.has(path), || self.directory.symlink(target, path))
    }

    fn read_link(&self, path: &str) -> Result<String> {
        self.directory.read_link(path)
    }

    fn link(&self, path: &str, follow: Follow, new_directory: &dyn Directory, new_path: &str) -> Result<()> {
        let new_directory = self.same_mount(new_directory)?;
        let is_there = || new_directory.stat(new_path, Follow::No).is_ok();
        self.enter(is_there, || self.directory.link(path, follow, new_directory, new_path))
    }

    fn rename(&self, path: &str, new_directory: &dyn Directory, new_path: &str) -> Result<()> {
        let new_directory = self.same_mount(new_directory)?;
        let mut account = self.ledger.account();
        let moved = self.directory.stat(path, Follow::No);
        let replaced = new_directory.stat(new_path, Follow::No);
        self.directory.rename(path, new_directory, new_path)?;
        match (moved, replaced) {
            (Ok(moved), Ok(replaced)) if moved.identity != replaced.identity => account.removed(&replaced),
            _ => {}
        }
        Ok(())
    }

    fn set_times(&self, path: &str, follow: Follow, accessed: NewTimestamp, modified: NewTimestamp) -> Result<()> {
        self.directory.set_times(path, follow, accessed, modified)
    }

    fn set_own_times(&self, accessed: NewTimestamp, modified: NewTimestamp) -> Result<()> {
        self.directory.set_own_times(accessed, modified)
    }

    fn sync(&self) -> Result<()> {
        self.directory.sync()
    }

    fn lies_within(&self, outer: &dyn Directory) -> Result<bool> {
        let limited = (outer as &dyn Any).downcast_ref::<Self>();
        self.directory.lies_within(limited.map_or(outer, |limited| &*limited.directory))
    }
    fn strict(&self) -> Result<Arc<dyn Directory>> {
        Ok(Arc::new(Self { directory: self.directory.strict()?, ledger: self.ledger.clone() }))
    }

    fn names(&self) -> Names {
        self.directory.names()
    }

    fn listed_name(&self, name: &str) -> Result<String> {
        self.directory.listed_name(name)
    }
}
