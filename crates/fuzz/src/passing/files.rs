//! Directories and files, counted.

use std::any::Any;
use std::sync::Arc;

use callgate_system::{
    Advice, Directory, Entries, Entry, File, Follow, Names, NewTimestamp, OpenHow, Opened, Result, Stat,
};

use super::counted::{Counted, counted};
use super::tally::Tally;

/// The directory within, of one that is counted too.
fn within(directory: &dyn Directory) -> &dyn Directory {
    let counted = (directory as &dyn Any).downcast_ref::<Counted<dyn Directory>>();
    counted.map_or(directory, |counted| &*counted.inner)
}

#[deny(clippy::missing_trait_methods, reason = "what is not forwarded is not counted")]
impl Directory for Counted<dyn Directory> {
    fn open(&self, path: &str, how: OpenHow) -> Result<Opened> {
        Ok(match counted!(self, "directory.open", open(path, how))? {
            Opened::Directory(directory) => Opened::Directory(self.sibling(directory)),
            Opened::File(file) => Opened::File(self.sibling(file)),
        })
    }

    fn stat(&self, path: &str, follow: Follow) -> Result<Stat> {
        counted!(self, "directory.stat", stat(path, follow))
    }

    fn metadata(&self) -> Result<Stat> {
        counted!(self, "directory.metadata", metadata())
    }

    fn read_entries(&self) -> Result<Box<dyn Entries>> {
        let inner = counted!(self, "directory.read_entries", read_entries())?;
        Ok(Box::new(CountedEntries { inner, tally: Arc::clone(&self.tally) }))
    }

    fn create_directory(&self, path: &str) -> Result<()> {
        counted!(self, "directory.create_directory", create_directory(path))
    }

    fn remove_directory(&self, path: &str) -> Result<()> {
        counted!(self, "directory.remove_directory", remove_directory(path))
    }

    fn unlink_file(&self, path: &str) -> Result<()> {
        counted!(self, "directory.unlink_file", unlink_file(path))
    }

    fn symlink(&self, target: &str, path: &str) -> Result<()> {
        counted!(self, "directory.symlink", symlink(target, path))
    }

    fn read_link(&self, path: &str) -> Result<String> {
        counted!(self, "directory.read_link", read_link(path))
    }

    fn link(&self, path: &str, follow: Follow, new_directory: &dyn Directory, new_path: &str) -> Result<()> {
        counted!(self, "directory.link", link(path, follow, within(new_directory), new_path))
    }

    fn rename(&self, path: &str, new_directory: &dyn Directory, new_path: &str) -> Result<()> {
        counted!(self, "directory.rename", rename(path, within(new_directory), new_path))
    }

    fn set_times(&self, path: &str, follow: Follow, accessed: NewTimestamp, modified: NewTimestamp) -> Result<()> {
        counted!(self, "directory.set_times", set_times(path, follow, accessed, modified))
    }

    fn set_own_times(&self, accessed: NewTimestamp, modified: NewTimestamp) -> Result<()> {
        counted!(self, "directory.set_own_times", set_own_times(accessed, modified))
    }

    fn sync(&self) -> Result<()> {
        counted!(self, "directory.sync", sync())
    }

    fn lies_within(&self, outer: &dyn Directory) -> Result<bool> {
        counted!(self, "directory.lies_within", lies_within(within(outer)))
    }

    fn strict(&self) -> Result<Arc<dyn Directory>> {
        Ok(self.sibling(counted!(self, "directory.strict", strict())?))
    }

    fn names(&self) -> Names {
        counted!(self, "directory.names", names())
    }

    fn listed_name(&self, name: &str) -> Result<String> {
        counted!(self, "directory.listed_name", listed_name(name))
    }
}

#[deny(clippy::missing_trait_methods, reason = "what is not forwarded is not counted")]
impl File for Counted<dyn File> {
    fn read_at(&self, buffer: &mut Vec<u8>, offset: u64) -> Result<usize> {
        counted!(self, "file.read_at", read_at(buffer, offset))
    }

    fn read_into(&self, buffer: &mut [u8], offset: u64) -> Result<usize> {
        counted!(self, "file.read_into", read_into(buffer, offset))
    }

    fn write_at(&self, buffer: &[u8], offset: u64) -> Result<usize> {
        counted!(self, "file.write_at", write_at(buffer, offset))
    }

    fn append(&self, buffer: &[u8]) -> Result<usize> {
        counted!(self, "file.append", append(buffer))
    }

    fn stat(&self) -> Result<Stat> {
        counted!(self, "file.stat", stat())
    }

    fn set_size(&self, size: u64) -> Result<()> {
        counted!(self, "file.set_size", set_size(size))
    }

    fn set_times(&self, accessed: NewTimestamp, modified: NewTimestamp) -> Result<()> {
        counted!(self, "file.set_times", set_times(accessed, modified))
    }

    fn sync(&self) -> Result<()> {
        counted!(self, "file.sync", sync())
    }

    fn sync_data(&self) -> Result<()> {
        counted!(self, "file.sync_data", sync_data())
    }

    fn advise(&self, offset: u64, length: u64, advice: Advice) -> Result<()> {
        counted!(self, "file.advise", advise(offset, length, advice))
    }
}

struct CountedEntries {
    inner: Box<dyn Entries>,
    tally: Arc<Tally>,
}

impl Entries for CountedEntries {
    fn next(&mut self) -> Result<Option<Entry>> {
        counted!(self, "entries.next", next())
    }

    fn holds(&self) -> usize {
        counted!(self, "entries.holds", holds())
    }
}

impl Drop for CountedEntries {
    fn drop(&mut self) {
        self.tally.count("close");
    }
}
