//! The record at the end of compiled code: what it was compiled from, for which settings, and what it imports.
//!
//! The engine's format is an ELF image, and a reader of such an image ignores whatever follows it. So the record comes after the
//! image: `callgate inspect` reads it without loading machine code, and the code cache compares it with the program at hand.
//!
//! ```text
//! image | kind 1 | settings 8 | program 32 | instance 8 | number of imports 4 | (length 4, name)… | length of all this 4 | magic 16
//! ```
//!
//! Numbers are little-endian. Hazard: anybody can write such a file. A record is believed where the file is [sealed](super::cache); anywhere else
//! it is what the file says of itself.

use std::io::{self, Read, Seek, SeekFrom};

use super::Kind;
use super::digest::Digest;

/// The end of a file that has a record; another layout takes another number.
const MAGIC: &[u8; 16] = b"\0callgate-code-1";
/// Bytes of the length and the magic.
const END: u64 = 4 + MAGIC.len() as u64;
/// Bytes of the largest record that is read; imports of a real program take a few thousand.
const LARGEST: u64 = 1 << 20;

/// One program's record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) kind: Kind,
    /// A hash of the engine's version and settings.
    pub(crate) settings: u64,
    /// The program that was compiled.
    pub(crate) program: Digest,
    /// The most bytes that one instance of one of its core modules takes of the host's memory.
    pub(crate) instance: u64,
    /// As [`crate::Program::imports`] tells them.
    pub(crate) imports: Vec<String>,
}

impl Record {
    /// The bytes to put after the image.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![self.kind as u8];
        bytes.extend(self.settings.to_le_bytes());
        bytes.extend(self.program);
        bytes.extend(self.instance.to_le_bytes());
        bytes.extend(length(self.imports.len()));
        for import in &self.imports {
            bytes.extend(length(import.len()));
            bytes.extend(import.as_bytes());
        }
        bytes.extend(length(bytes.len()));
        bytes.extend(MAGIC);
        bytes
    }

    /// The record at the end of `file`; `None` where there is none that can be understood.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub(crate) fn read(mut file: impl Read + Seek) -> io::Result<Option<Self>> {
        let size = file.seek(SeekFrom::End(0))?;
        let Some(end) = size.checked_sub(END) else { return Ok(None) };
        let mut tail = [0; END as usize];
        file.seek(SeekFrom::Start(end))?;
        file.read_exact(&mut tail)?;
        let (length, magic) = tail.split_at(4);
        let length = u64::from(u32::from_le_bytes(length.try_into().unwrap_or_default()));
        let Some(start) = end.checked_sub(length).filter(|_| magic == MAGIC && length <= LARGEST) else {
            return Ok(None);
        };
        let mut bytes = vec![0; usize::try_from(length).unwrap_or_default()];
        file.seek(SeekFrom::Start(start))?;
        file.read_exact(&mut bytes)?;
        Ok(Self::decode(&bytes))
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let mut rest = Rest(bytes);
        let kind = match rest.take()? {
            [0] => Kind::Component,
            [1] => Kind::Module,
            [2] => Kind::Direct,
            _ => return None,
        };
        let settings = u64::from_le_bytes(rest.take()?);
        let program = rest.take()?;
        let instance = u64::from_le_bytes(rest.take()?);
        let count = u32::from_le_bytes(rest.take()?);
        let imports = (0..count).map(|_| rest.text()).collect::<Option<Vec<_>>>()?;
        rest.0.is_empty().then_some(Self { kind, settings, program, instance, imports })
    }
}

/// No record is as long as `u32::MAX`: the program that it is of would have to be longer.
fn length(length: usize) -> [u8; 4] {
    u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes()
}

/// Bytes that are still to be understood.
struct Rest<'a>(&'a [u8]);

impl Rest<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }

    fn text(&mut self) -> Option<String> {
        let length = usize::try_from(u32::from_le_bytes(self.take()?)).ok()?;
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        String::from_utf8(text.to_vec()).ok()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn record() -> Record {
        let imports = vec!["wasi:cli/exit@0.2.6".to_owned(), String::new(), "ein Zeilen\numbruch".to_owned()];
        Record { kind: Kind::Module, settings: 7, program: [9; 32], instance: 4096, imports }
    }

    fn read(contents: &[u8]) -> Option<Record> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(contents).unwrap();
        Record::read(&file).unwrap()
    }

    #[test]
    fn what_was_written_is_read_again() {
        let of_kind = |kind| Record { kind, imports: Vec::new(), ..record() };
        for record in [record(), of_kind(Kind::Component), of_kind(Kind::Direct)] {
            assert_eq!(read(&[b"image".as_slice(), &record.encode()].concat()), Some(record));
        }
    }

    #[test]
    fn a_broken_record_is_none() {
        let whole = record().encode();
        assert_eq!(read(b""), None);
        for cut in 1..whole.len() {
            assert_eq!(read(&whole[cut..]), None, "without its first {cut} bytes");
            assert_eq!(read(&whole[..whole.len() - cut]), None, "without its last {cut} bytes");
        }
        // Counts and lengths are believed by nobody before they were compared with what is there.
        for at in 0..whole.len() {
            let mut broken = whole.clone();
            broken[at] = 0xff;
            drop(read(&broken));
        }
    }
}
