//! The set-up of a case: the system, a fresh root, and short words for the usual steps.

use std::sync::Arc;

use callgate_system::{Code, Directory, Error, File, FileType, Follow, OpenHow, Opened, Result, System};

use crate::{Check, Failure, Ground, Peers, Subject};

/// For its attributes only.
pub(crate) const ATTRIBUTES: OpenHow = OpenHow {
    read: false,
    write: false,
    follow: Follow::Yes,
    create: false,
    exclusive: false,
    truncate: false,
    directory: false,
    sync: false,
    sync_data: false,
};
pub(crate) const READ: OpenHow = OpenHow { read: true, ..ATTRIBUTES };
pub(crate) const WRITE: OpenHow = OpenHow { write: true, ..ATTRIBUTES };
pub(crate) const BOTH: OpenHow = OpenHow { read: true, write: true, ..ATTRIBUTES };
pub(crate) const CREATE: OpenHow = OpenHow { create: true, ..BOTH };
pub(crate) const EXCLUSIVE: OpenHow = OpenHow { exclusive: true, ..CREATE };
pub(crate) const DIRECTORY: OpenHow = OpenHow { read: true, directory: true, ..ATTRIBUTES };

/// The set-up of a case.
pub(crate) struct Stage<'a> {
    pub(crate) system: &'a dyn System,
    pub(crate) peers: Peers,
    // Closed before the ground is cleared: Windows removes no directory that is open.
    pub(crate) root: Arc<dyn Directory>,
    pub(crate) ground: Box<dyn Ground>,
}

impl<'a> Stage<'a> {
    /// A fresh one.
    pub(crate) fn fresh(subject: &'a dyn Subject) -> Self {
        let ground = subject.ground();
        let root = ground.root();
        Self { system: subject.system(), peers: subject.peers(), ground, root }
    }

    /// A new file with this content, open for both.
    pub(crate) fn file(&self, path: &str, content: impl AsRef<[u8]>) -> Check<Arc<dyn File>> {
        let set_up = || {
            let file = open_file(&*self.root, path, EXCLUSIVE)?;
            write_all(&*file, content.as_ref(), 0)?;
            Ok(file)
        };
        set_up().map_err(|error| Failure::in_set_up("a new file", error))
    }

    /// A new directory, open.
    pub(crate) fn directory(&self, path: &str) -> Check<Arc<dyn Directory>> {
        let set_up = || {
            self.root.create_directory(path)?;
            open_directory(&*self.root, path)
        };
        set_up().map_err(|error| Failure::in_set_up("a new directory", error))
    }

    /// A new symbolic link.
    pub(crate) fn symlink(&self, text: &str, path: &str) -> Check {
        self.root.symlink(text, path).map_err(|error| Failure::in_set_up("a symbolic link", error))
    }

    /// A new special file, by the host's hand.
    pub(crate) fn special(&self, kind: FileType, path: &str) -> Check {
        let made = self.ground.make_special(kind, path);
        made.then_some(()).ok_or_else(|| Failure::Skip(format!("the host makes no {kind:?}")))
    }

    /// A file with a name of any bytes, by the host's hand.
    pub(crate) fn raw_file(&self, name: &[u8]) -> Check {
        let made = self.ground.make_file(name, b"raw");
        made.then_some(()).ok_or_else(|| Failure::Skip("the host makes no names of raw bytes".into()))
    }

    /// A symbolic link with any text, by the host's hand.
    pub(crate) fn raw_symlink(&self, text: &[u8], path: &str) -> Check {
        let made = self.ground.make_symlink(text, path);
        made.then_some(()).ok_or_else(|| Failure::Skip("the host makes no symbolic links of raw bytes".into()))
    }

    /// Opens a file.
    pub(crate) fn open(&self, path: &str, how: OpenHow) -> Result<Arc<dyn File>> {
        open_file(&*self.root, path, how)
    }

    /// The content of a file.
    pub(crate) fn content(&self, path: &str) -> Result<Vec<u8>> {
        content(&*self.root, path)
    }

    /// True if the name is there, whatever kind of file it is.
    pub(crate) fn exists(&self, path: &str) -> Result<bool> {
        match self.root.stat(path, Follow::No) {
            Ok(_) => Ok(true),
            Err(error) if error.code == Code::NoEntry => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// Opens a file; a directory is `IsDirectory`.
pub(crate) fn open_file(at: &dyn Directory, path: &str, how: OpenHow) -> Result<Arc<dyn File>> {
    match at.open(path, how)? {
        Opened::File(file) => Ok(file),
        Opened::Directory(_) => Err(Error::new(Code::IsDirectory)),
    }
}

/// Opens a directory.
pub(crate) fn open_directory(at: &dyn Directory, path: &str) -> Result<Arc<dyn Directory>> {
    match at.open(path, DIRECTORY)? {
        Opened::Directory(directory) => Ok(directory),
        Opened::File(_) => Err(Error::new(Code::NotDirectory)),
    }
}

/// The content of a file, a last symbolic link not followed.
pub(crate) fn content(at: &dyn Directory, path: &str) -> Result<Vec<u8>> {
    read_all(&*open_file(at, path, OpenHow { follow: Follow::No, ..READ })?)
}

/// All of an open file.
pub(crate) fn read_all(file: &dyn File) -> Result<Vec<u8>> {
    let mut all = Vec::new();
    loop {
        all.reserve(4096);
        let before = all.len();
        match file.read_at(&mut all, before as u64)? {
            0 => return Ok(all),
            count if all.len() == before + count => {}
            // It did not append what it says.
            _ => return Err(Error::new(Code::Io)),
        }
    }
}

/// Reads up to `length` bytes at `offset`, in as many calls as it takes.
pub(crate) fn read(file: &dyn File, offset: u64, length: usize) -> Result<Vec<u8>> {
    let mut all = Vec::new();
    while all.len() < length {
        let mut part = Vec::with_capacity(length - all.len());
        match file.read_at(&mut part, offset + all.len() as u64)? {
            0 => break,
            count if part.len() == count => all.extend(part.into_iter().take(length - all.len())),
            _ => return Err(Error::new(Code::Io)),
        }
    }
    Ok(all)
}

/// Writes all of `bytes`, in as many calls as it takes.
pub(crate) fn write_all(file: &dyn File, bytes: &[u8], offset: u64) -> Result<()> {
    let mut written = 0;
    while written < bytes.len() {
        match file.write_at(&bytes[written..], offset + written as u64)? {
            0 => return Err(Error::new(Code::Io)),
            n => written += n,
        }
    }
    Ok(())
}

/// The names in a directory, sorted; one that is not UTF-8 as its error's name in angle brackets.
pub(crate) fn names(of: &dyn Directory) -> Result<Vec<String>> {
    let mut entries = of.read_entries()?;
    let mut names = Vec::new();
    loop {
        match entries.next() {
            Ok(Some(entry)) => names.push(entry.name),
            Ok(None) => break,
            Err(error) if error.code == Code::IllegalByteSequence => names.push(format!("<{}>", error.code.name())),
            Err(error) => return Err(error),
        }
    }
    names.sort_unstable();
    Ok(names)
}
