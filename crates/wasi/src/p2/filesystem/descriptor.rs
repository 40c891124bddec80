//! What a descriptor stands for.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use callgate_gate::Mount;
use callgate_system::path::PATH_MAX;
use callgate_system::{
    Code, Directory, Entries, Entry, File, FileType, Identity, NewTimestamp, OpenHow, Opened, Result, Stat,
};

use super::values::DescriptorFlags;
use crate::handles::Named;
use crate::p2::io::{InputStream, OutputStream};

/// An open file or directory, with the path that it was opened as.
pub(crate) struct Descriptor {
    opened: Opened,
    flags: DescriptorFlags,
    name: String,
    mount: Arc<Mount>,
    kind: Cell<Option<FileType>>,
}

impl Descriptor {
    /// The root of a mount.
    pub(crate) fn root(mount: &Arc<Mount>, directory: &Arc<dyn Directory>) -> Self {
        let changes = DescriptorFlags::WRITE | DescriptorFlags::MUTATE_DIRECTORY;
        Self {
            opened: Opened::Directory(Arc::clone(directory)),
            flags: if mount.read_only { DescriptorFlags::READ } else { DescriptorFlags::READ | changes },
            name: mount.guest_path.clone(),
            mount: Arc::clone(mount),
            kind: Cell::new(Some(FileType::Directory)),
        }
    }

    /// Opens `path` below this directory.
    pub(crate) fn open(&self, path: &str, how: OpenHow, flags: DescriptorFlags) -> Result<Self> {
        let opened = self.directory()?.open(path, how)?;
        let kind = Cell::new(matches!(opened, Opened::Directory(_)).then_some(FileType::Directory));
        Ok(Self { opened, flags, name: join(&self.name, path), mount: Arc::clone(&self.mount), kind })
    }

    /// The directory.
    ///
    /// # Errors
    /// `NotDirectory` where it is none.
    pub(crate) fn directory(&self) -> Result<&Arc<dyn Directory>> {
        match &self.opened {
            Opened::Directory(directory) => Ok(directory),
            Opened::File(_) => Err(Code::NotDirectory.into()),
        }
    }

    /// The file.
    ///
    /// # Errors
    /// `IsDirectory` where it is one.
    pub(crate) fn file(&self) -> Result<&Arc<dyn File>> {
        match &self.opened {
            Opened::File(file) => Ok(file),
            Opened::Directory(_) => Err(Code::IsDirectory.into()),
        }
    }

    /// The file, opened for reading.
    pub(crate) fn readable(&self) -> Result<&Arc<dyn File>> {
        self.opened_with(DescriptorFlags::READ)
    }

    /// The file, opened for writing.
    pub(crate) fn writable(&self) -> Result<&Arc<dyn File>> {
        self.opened_with(DescriptorFlags::WRITE)
    }

    fn opened_with(&self, flag: DescriptorFlags) -> Result<&Arc<dyn File>> {
        let file = self.file()?;
        if self.flags & flag == flag { Ok(file) } else { Err(Code::BadDescriptor.into()) }
    }

    /// What it may be used for.
    pub(crate) fn flags(&self) -> DescriptorFlags {
        self.flags
    }

    /// What kind of file it is; asked for once, since it cannot change while the file is open.
    pub(crate) fn kind(&self) -> Result<FileType> {
        if let Some(kind) = self.kind.get() {
            return Ok(kind);
        }
        let kind = self.stat()?.kind;
        self.kind.set(Some(kind));
        Ok(kind)
    }

    pub(crate) fn stat(&self) -> Result<Stat> {
        match &self.opened {
            Opened::File(file) => file.stat(),
            Opened::Directory(directory) => directory.metadata(),
        }
    }

    pub(crate) fn identity(&self) -> Result<Identity> {
        Ok(self.stat()?.identity)
    }

    pub(crate) fn set_times(&self, accessed: NewTimestamp, modified: NewTimestamp) -> Result<()> {
        match &self.opened {
            Opened::File(file) => file.set_times(accessed, modified),
            Opened::Directory(directory) => directory.set_own_times(accessed, modified),
        }
    }

    pub(crate) fn sync(&self) -> Result<()> {
        match &self.opened {
            Opened::File(file) => file.sync(),
            Opened::Directory(directory) => directory.sync(),
        }
    }

    pub(crate) fn sync_data(&self) -> Result<()> {
        match &self.opened {
            Opened::File(file) => file.sync_data(),
            Opened::Directory(directory) => directory.sync(),
        }
    }

    pub(crate) fn read_via_stream(&self, offset: u64) -> Result<InputStream> {
        Ok(InputStream::of_file(&self.name, &self.mount, self.readable()?, offset))
    }

    pub(crate) fn write_via_stream(&self, offset: u64) -> Result<OutputStream> {
        Ok(OutputStream::of_file(&self.name, &self.mount, self.writable()?, offset))
    }

    pub(crate) fn append_via_stream(&self) -> Result<OutputStream> {
        Ok(OutputStream::of_end(&self.name, &self.mount, self.writable()?))
    }

    /// Begins to list it.
    pub(crate) fn entries(&self) -> Result<DirectoryEntries> {
        let entries = RefCell::new(self.directory()?.read_entries()?);
        Ok(DirectoryEntries { entries, name: self.name.clone(), mount: Arc::clone(&self.mount) })
    }
}

impl Named for Descriptor {
    fn name(&self) -> &str {
        &self.name
    }

    fn mount(&self) -> Option<&Mount> {
        Some(&self.mount)
    }
}

/// A directory that is being listed.
pub(crate) struct DirectoryEntries {
    entries: RefCell<Box<dyn Entries>>,
    name: String,
    mount: Arc<Mount>,
}

impl DirectoryEntries {
    pub(crate) fn next(&self) -> Result<Option<Entry>> {
        self.entries.borrow_mut().next()
    }
}

impl Named for DirectoryEntries {
    fn name(&self) -> &str {
        &self.name
    }

    fn mount(&self) -> Option<&Mount> {
        Some(&self.mount)
    }
}

/// The path that people read in a trace. No system ever sees it. Of one that is longer than any system would take the end is kept:
/// else a guest that opens ever deeper makes it as long as it likes.
pub(crate) fn join(directory: &str, path: &str) -> String {
    let mut name = String::with_capacity(directory.len() + 1 + path.len());
    name.push_str(directory);
    if !directory.ends_with('/') {
        name.push('/');
    }
    name.push_str(path);
    if name.len() > PATH_MAX {
        name.replace_range(..name.ceil_char_boundary(name.len() - PATH_MAX), "…");
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_does_not_grow_for_ever() {
        assert_eq!(join("/", "a"), "/a");
        assert_eq!(join("/data", "a/b"), "/data/a/b");
        let (mut name, step) = ("/".to_owned(), "ä/".repeat(1_000));
        for _ in 0..10 {
            name = join(&name, &step);
        }
        assert!(name.starts_with('…') && name.ends_with("ä/ä/"), "{name}");
        assert!(name.len() <= PATH_MAX + '…'.len_utf8(), "{}", name.len());
    }
}
