//! The bytes of a file, in pages; what was never written costs nothing.
//!
//! A page is as long as what was written in it, so a file of one byte holds no whole page: the host keeps at most about twice
//! the bytes that the file is long. Bytes behind the end of a page, and pages that are not there, read as zeros. Most files
//! have one page, so the first one has a place of its own.

use std::collections::BTreeMap;

use callgate_system::{Code, Result};

/// Bytes of a page.
const PAGE: u64 = 64 * 1024;

/// A page, and an offset in it.
fn position(offset: u64) -> (u64, usize) {
    // Below 65,536.
    (offset / PAGE, (offset % PAGE) as usize)
}

/// The bytes of one file.
#[derive(Default)]
pub(super) struct Content {
    /// No page reaches beyond it.
    size: u64,
    /// The lengths of all pages together.
    held: u64,
    first: Vec<u8>,
    /// The others, by number.
    others: BTreeMap<u64, Vec<u8>>,
}

impl Content {
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// The bytes that aren't holes.
    pub(super) fn held(&self) -> u64 {
        self.held
    }

    /// Appends to `buffer` what stands at `offset`, as much as there is and its spare capacity takes.
    pub(super) fn read(&self, buffer: &mut Vec<u8>, offset: u64) -> usize {
        let room = (buffer.capacity() - buffer.len()) as u64;
        let end = self.size.min(offset.saturating_add(room));
        let (before, mut at) = (buffer.len(), offset);
        while at < end {
            let (number, from) = position(at);
            let length = (PAGE - from as u64).min(end - at) as usize;
            let page = if number == 0 { Some(&self.first) } else { self.others.get(&number) };
            let page = page.map_or(&[][..], Vec::as_slice);
            let there = page.get(from..page.len().min(from + length)).unwrap_or_default();
            buffer.extend_from_slice(there);
            buffer.resize(buffer.len() + length - there.len(), 0);
            at += length as u64;
        }
        buffer.len() - before
    }

    /// Writes all of `bytes` at `offset`, or, where the host has no memory, as much as it took.
    pub(super) fn write(&mut self, bytes: &[u8], offset: u64) -> Result<usize> {
        let mut written = 0;
        while let Some(rest) = bytes.get(written..).filter(|rest| !rest.is_empty()) {
            let at = offset + written as u64;
            let (number, from) = position(at);
            let part = &rest[..rest.len().min(PAGE as usize - from)];
            match write_page(self.page(number), part, from) {
                Ok(grown) => self.held += grown as u64,
                Err(error) => return if written == 0 { Err(error) } else { Ok(written) },
            }
            written += part.len();
            self.size = self.size.max(at + part.len() as u64);
        }
        Ok(written)
    }

    /// Cuts, or adds zeros.
    pub(super) fn set_size(&mut self, size: u64) {
        if size < self.size {
            let (number, length) = position(size);
            let gone: usize = self.others.split_off(&(number + 1)).values().map(Vec::len).sum();
            self.held -= gone as u64;
            let page = if number == 0 { Some(&mut self.first) } else { self.others.get_mut(&number) };
            if let Some(page) = page {
                self.held -= page.len().saturating_sub(length) as u64;
                page.truncate(length);
                page.shrink_to_fit();
            }
        }
        self.size = size;
    }

    fn page(&mut self, number: u64) -> &mut Vec<u8> {
        if number == 0 { &mut self.first } else { self.others.entry(number).or_default() }
    }
}

/// Writes into a page, and says by how much it became longer.
fn write_page(page: &mut Vec<u8>, bytes: &[u8], from: usize) -> Result<usize> {
    let (before, end) = (page.len(), from + bytes.len());
    if end > page.len() {
        page.try_reserve(end - page.len()).map_err(|_| Code::InsufficientMemory)?;
        page.resize(page.len().max(from), 0);
    }
    let over = bytes.len().min(page.len() - from);
    page[from..from + over].copy_from_slice(&bytes[..over]);
    page.extend_from_slice(&bytes[over..]);
    Ok(page.len() - before)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(content: &Content, offset: u64, length: usize) -> Vec<u8> {
        let mut buffer = Vec::with_capacity(length);
        content.read(&mut buffer, offset);
        buffer
    }

    #[test]
    fn pages_join_without_a_seam() {
        let bytes: Vec<u8> = (0..3 * PAGE + 5).map(|n| (n % 251) as u8).collect();
        let mut content = Content::default();
        content.write(&bytes, 1).unwrap();
        assert_eq!(content.size(), bytes.len() as u64 + 1);
        assert_eq!(read(&content, 1, bytes.len()), bytes);
        assert_eq!(read(&content, PAGE - 3, 7), bytes[PAGE as usize - 4..PAGE as usize + 3]);
    }

    #[test]
    fn holes_cost_nothing_and_read_as_zeros() {
        let mut content = Content::default();
        content.set_size(1 << 40);
        content.write(b"x", 1 << 39).unwrap();
        assert_eq!((content.first.len(), content.others.len()), (0, 1));
        assert_eq!((content.others.values().map(Vec::len).sum::<usize>(), content.held()), (1, 1));
        assert_eq!(read(&content, (1 << 39) - 2, 5), b"\0\0x\0\0");
        assert_eq!(read(&content, (1 << 40) - 2, 5), b"\0\0");
        assert_eq!(read(&content, 1 << 40, 5), b"");
    }

    #[test]
    fn what_was_cut_off_is_gone() {
        let mut content = Content::default();
        content.write(&[7; 200_000], 0).unwrap();
        content.set_size(PAGE + 1);
        content.set_size(200_000);
        let all = read(&content, 0, 200_000);
        assert!(all[..PAGE as usize + 1].iter().all(|byte| *byte == 7));
        assert!(all[PAGE as usize + 1..].iter().all(|byte| *byte == 0));
        content.set_size(PAGE);
        assert_eq!(content.first.len() + content.others.values().map(Vec::len).sum::<usize>(), PAGE as usize);
        assert_eq!(content.held(), PAGE);
    }
}
