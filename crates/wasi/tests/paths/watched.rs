//! A directory that keeps what it is asked, each with the place that it is about.

use std::any::Any;
use std::sync::{Arc, Mutex};

use callgate_system::{Directory, Entries, Follow, Names, NewTimestamp, OpenHow, Opened, Result, Stat};

/// What was asked: the operation, and the place beneath the mount.
pub(crate) type Asked = Arc<Mutex<Vec<(String, String)>>>;

pub(crate) struct Watched {
    inner: Arc<dyn Directory>,
    place: String,
    names: Names,
    asked: Asked,
}

impl Watched {
    /// The root of a mount, which says that names are told apart so.
    pub(crate) fn new(inner: Arc<dyn Directory>, names: Names, asked: &Asked) -> Arc<Self> {
        Arc::new(Self { inner, place: String::new(), names, asked: Arc::clone(asked) })
    }

    fn below(&self, path: &str) -> String {
        if self.place.is_empty() { path.to_owned() } else { format!("{}/{path}", self.place) }
    }

    fn note(&self, operation: &str, path: &str) {
        self.asked.lock().unwrap().push((operation.to_owned(), self.below(path)));
    }

    fn with(&self, inner: Arc<dyn Directory>, place: String) -> Arc<dyn Directory> {
        Arc::new(Self { inner, place, names: self.names, asked: Arc::clone(&self.asked) })
    }
}

fn within(directory: &dyn Directory) -> &Watched {
    (directory as &dyn Any).downcast_ref().expect("every directory is watched")
}

impl Directory for Watched {
    fn open(&self, path: &str, how: OpenHow) -> Result<Opened> {
        let looks = how == OpenHow { directory: true, follow: Follow::No, ..OpenHow::default() };
        self.note(if looks { "pass" } else { "open" }, path);
        Ok(match self.inner.open(path, how)? {
            Opened::Directory(directory) => Opened::Directory(self.with(directory, self.below(path))),
            file @ Opened::File(_) => file,
        })
    }

    fn stat(&self, path: &str, follow: Follow) -> Result<Stat> {
        self.note("stat", path);
        self.inner.stat(path, follow)
    }

    fn metadata(&self) -> Result<Stat> {
        self.note("metadata", "");
        self.inner.metadata()
    }

    fn read_entries(&self) -> Result<Box<dyn Entries>> {
        self.note("read_entries", "");
        self.inner.read_entries()
    }

    fn create_directory(&self, path: &str) -> Result<()> {
        self.note("create_directory", path);
        self.inner.create_directory(path)
    }

    fn remove_directory(&self, path: &str) -> Result<()> {
        self.note("remove_directory", path);
        self.inner.remove_directory(path)
    }

    fn unlink_file(&self, path: &str) -> Result<()> {
        self.note("unlink_file", path);
        self.inner.unlink_file(path)
    }

    fn symlink(&self, target: &str, path: &str) -> Result<()> {
        self.note("symlink", path);
        self.inner.symlink(target, path)
    }

    fn read_link(&self, path: &str) -> Result<String> {
        self.note("read_link", path);
        self.inner.read_link(path)
    }

    fn link(&self, path: &str, follow: Follow, new_directory: &dyn Directory, new_path: &str) -> Result<()> {
        self.note("link", path);
        within(new_directory).note("link", new_path);
        self.inner.link(path, follow, &*within(new_directory).inner, new_path)
    }

    fn rename(&self, path: &str, new_directory: &dyn Directory, new_path: &str) -> Result<()> {
        self.note("rename", path);
        within(new_directory).note("rename", new_path);
        self.inner.rename(path, &*within(new_directory).inner, new_path)
    }

    fn set_times(&self, path: &str, follow: Follow, accessed: NewTimestamp, modified: NewTimestamp) -> Result<()> {
        self.note("set_times", path);
        self.inner.set_times(path, follow, accessed, modified)
    }

    fn set_own_times(&self, accessed: NewTimestamp, modified: NewTimestamp) -> Result<()> {
        self.note("set_own_times", "");
        self.inner.set_own_times(accessed, modified)
    }

    fn sync(&self) -> Result<()> {
        self.inner.sync()
    }

    fn lies_within(&self, outer: &dyn Directory) -> Result<bool> {
        self.inner.lies_within(outer)
    }

    fn strict(&self) -> Result<Arc<dyn Directory>> {
        Ok(self.with(self.inner.strict()?, self.place.clone()))
    }

    fn names(&self) -> Names {
        self.names
    }
}
