//! Open files: every transfer names its offset, and copies under the tree's lock.

use std::sync::MutexGuard;

use callgate_system::{Advice, Code, File, NewTimestamp, Result, Stat};

use super::Handle;
use super::nodes::{At, Kind, Nodes};

/// An open file.
pub(crate) struct MemoryFile {
    handle: Handle,
    read: bool,
    write: bool,
}

impl MemoryFile {
    pub(super) fn new(handle: Handle, read: bool, write: bool) -> Self {
        Self { handle, read, write }
    }

    fn nodes(&self) -> MutexGuard<'_, Nodes> {
        self.handle.tree.nodes()
    }

    fn put(&self, buffer: &[u8], at: At) -> Result<usize> {
        permitted(self.write)?;
        if buffer.is_empty() {
            return Ok(0);
        }
        let now = self.handle.tree.now();
        self.nodes().write(self.handle.inode, buffer, at, now)
    }
}

impl File for MemoryFile {
    fn read_at(&self, buffer: &mut Vec<u8>, offset: u64) -> Result<usize> {
        permitted(self.read)?;
        in_range(offset)?;
        match &self.nodes().node(self.handle.inode)?.kind {
            Kind::File(content) => Ok(content.read(buffer, offset)),
            _ => Err(Code::BadDescriptor.into()),
        }
    }

    fn write_at(&self, buffer: &[u8], offset: u64) -> Result<usize> {
        permitted(self.write)?;
        in_range(offset)?;
        self.put(buffer, At::Offset(offset))
    }

    fn append(&self, buffer: &[u8]) -> Result<usize> {
        self.put(buffer, At::End)
    }

    fn stat(&self) -> Result<Stat> {
        self.nodes().stat(self.handle.inode)
    }

    fn set_size(&self, size: u64) -> Result<()> {
        permitted(self.write)?;
        in_range(size)?;
        let now = self.handle.tree.now();
        self.nodes().set_size(self.handle.inode, size, now)
    }

    fn set_times(&self, accessed: NewTimestamp, modified: NewTimestamp) -> Result<()> {
        let (accessed, modified) = (accessed.validated()?, modified.validated()?);
        let now = self.handle.tree.now();
        self.nodes().node_mut(self.handle.inode)?.set_times(accessed, modified, now);
        Ok(())
    }

    fn sync(&self) -> Result<()> {
        Ok(())
    }

    fn sync_data(&self) -> Result<()> {
        Ok(())
    }

    fn advise(&self, offset: u64, length: u64, _: Advice) -> Result<()> {
        in_range(offset)?;
        in_range(length)
    }
}

fn permitted(opened_for_it: bool) -> Result<()> {
    if opened_for_it { Ok(()) } else { Err(Code::BadDescriptor.into()) }
}

fn in_range(offset: u64) -> Result<()> {
    if i64::try_from(offset).is_ok() { Ok(()) } else { Err(Code::Invalid.into()) }
}
