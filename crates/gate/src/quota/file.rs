//! A file in a mount that has a quota.

use std::ops::Range;
use std::sync::Arc;

use callgate_system::{Advice, Code, File, Identity, NewTimestamp, Result, Stat};

use super::books::Ledger;
use super::space::Space;

pub(super) struct LimitedFile {
    file: Arc<dyn File>,
    identity: Identity,
    ledger: Ledger,
}

impl LimitedFile {
    /// `file`, which is a regular one, and was just opened, with these attributes.
    pub(super) fn new(file: Arc<dyn File>, stat: &Stat, ledger: &Ledger) -> Self {
        ledger.account().opened(stat);
        Self { file, identity: stat.identity, ledger: ledger.clone() }
    }

    /// Writes what there is room for, by `write`, at what it is told to be the end of the file or at `offset`.
    fn write(&self, buffer: &[u8], offset: Option<u64>, write: impl FnOnce(&[u8]) -> Result<usize>) -> Result<usize> {
        let mut account = self.ledger.account();
        let stat = self.file.stat()?;
        let space = account.space(&stat);
        let offset = offset.unwrap_or(stat.size);
        let room = space.room(offset, account.free_bytes());
        let part = &buffer[..buffer.len().min(usize::try_from(room).unwrap_or(usize::MAX))];
        // Where no file can reach is no matter of quotas.
        let possible = i64::try_from(offset).is_ok();
        if part.is_empty() && !buffer.is_empty() && possible {
            return Err(Code::Quota.into());
        }
        let written = write(if possible { part } else { buffer })? as u64;
        let filled = if space.holes == 0 { 0..0 } else { space.blocks(offset, written) };
        let bytes = self.filled(&space, &filled, &stat) + space.growth(offset, written);
        account.grown(&stat, bytes, filled);
        Ok(written as usize)
    }

    /// The bytes that a write into these blocks took of holes: as many as the blocks have, or more, where the file system gives larger
    /// pieces; no more than there were.
    fn filled(&self, space: &Space, blocks: &Range<u64>, before: &Stat) -> u64 {
        if blocks.is_empty() {
            return 0;
        }
        let taken = self.file.stat().map_or(0, |now| now.allocated.saturating_sub(before.allocated));
        taken.max(blocks.end - blocks.start).min(space.holes)
    }
}

impl Drop for LimitedFile {
    fn drop(&mut self) {
        self.ledger.account().closed(self.identity, || self.file.stat().ok());
    }
}

#[deny(clippy::missing_trait_methods, reason = "what is not forwarded would lose what the system does better")]
impl File for LimitedFile {
    fn read_at(&self, buffer: &mut Vec<u8>, offset: u64) -> Result<usize> {
        self.file.read_at(buffer, offset)
    }

    fn read_into(&self, buffer: &mut [u8], offset: u64) -> Result<usize> {
        self.file.read_into(buffer, offset)
    }

    fn write_at(&self, buffer: &[u8], offset: u64) -> Result<usize> {
        self.write(buffer, Some(offset), |part| self.file.write_at(part, offset))
    }

    fn append(&self, buffer: &[u8]) -> Result<usize> {
        self.write(buffer, None, |part| self.file.append(part))
    }

    fn stat(&self) -> Result<Stat> {
        self.file.stat()
    }

    fn set_size(&self, size: u64) -> Result<()> {
        let mut account = self.ledger.account();
        let stat = self.file.stat()?;
        let growth = size.saturating_sub(stat.size);
        if growth > account.free_bytes() && i64::try_from(size).is_ok() {
            return Err(Code::Quota.into());
        }
        self.file.set_size(size)?;
        if growth > 0 {
            account.grown(&stat, growth, 0..0);
        } else {
            account.cut(&stat, size);
        }
        Ok(())
    }

    fn set_times(&self, accessed: NewTimestamp, modified: NewTimestamp) -> Result<()> {
        self.file.set_times(accessed, modified)
    }

    fn sync(&self) -> Result<()> {
        self.file.sync()
    }

    fn sync_data(&self) -> Result<()> {
        self.file.sync_data()
    }

    fn advise(&self, offset: u64, length: u64, advice: Advice) -> Result<()> {
        self.file.advise(offset, length, advice)
    }
}
