//! A file in a mount that has a quota.

use std::sync::Arc;

use callgate_system::{Advice, Code, File, Identity, NewTimestamp, Result, Stat};

use super::books::Ledger;

pub(super) struct LimitedFile {
    file: Arc<dyn File>,
    identity: Identity,
    ledger: Ledger,
}

impl LimitedFile {
    /// `file`, which is a regular one, and was just opened.
    pub(super) fn new(file: Arc<dyn File>, identity: Identity, ledger: &Ledger) -> Self {
        ledger.account().opened(identity);
        Self { file, identity, ledger: ledger.clone() }
    }

    /// Writes what there is room for, by `write`, at what it is told to be the end of the file or at `offset`.
    fn write(&self, buffer: &[u8], offset: Option<u64>, write: impl FnOnce(&[u8]) -> Result<usize>) -> Result<usize> {
        let mut account = self.ledger.account();
        let size = self.file.stat()?.size;
        let offset = offset.unwrap_or(size);
        let room = size.saturating_add(account.free_bytes()).saturating_sub(offset);
        let part = &buffer[..buffer.len().min(usize::try_from(room).unwrap_or(usize::MAX))];
        // Where no file can reach is no matter of quotas.
        let possible = i64::try_from(offset).is_ok();
        if part.is_empty() && !buffer.is_empty() && possible {
            return Err(Code::Quota.into());
        }
        let written = write(if possible { part } else { buffer })?;
        account.resized(size, size.max(offset.saturating_add(written as u64)));
        Ok(written)
    }
}

impl Drop for LimitedFile {
    fn drop(&mut self) {
        let size = || Some(self.file.stat().ok()?.size);
        self.ledger.account().closed(self.identity, size);
    }
}

impl File for LimitedFile {
    fn read_at(&self, buffer: &mut Vec<u8>, offset: u64) -> Result<usize> {
        self.file.read_at(buffer, offset)
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
        let before = self.file.stat()?.size;
        if size.saturating_sub(before) > account.free_bytes() && i64::try_from(size).is_ok() {
            return Err(Code::Quota.into());
        }
        self.file.set_size(size)?;
        account.resized(before, size);
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
