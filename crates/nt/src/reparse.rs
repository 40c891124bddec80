//! Reparse points: what a tag means, and the text of a link. No calls: bytes in, bytes out, so that all of it is tested
//! everywhere.
//!
//! Layouts are those of `REPARSE_DATA_BUFFER` in the Windows driver documentation, and for `IO_REPARSE_TAG_LX_SYMLINK` that of [MS-FSCC]:
//! four bytes of version, then UTF-8. Hazard: whoever could write to the disk could write anything here, so every length is
//! checked.

use callgate_system::FileType;

use crate::error::Status;

/// `IO_REPARSE_TAG_SYMLINK`
pub(crate) const SYMLINK: u32 = 0xA000_000C;
/// `IO_REPARSE_TAG_LX_SYMLINK`: a link as the Linux subsystem makes it.
pub(crate) const LX_SYMLINK: u32 = 0xA000_001D;
const AF_UNIX: u32 = 0x8000_0023;
const LX_FIFO: u32 = 0x8000_0024;
const LX_CHR: u32 = 0x8000_0025;
const LX_BLK: u32 = 0x8000_0026;

/// The bit of tags that stand for another object: to follow them is to go elsewhere. Junctions and mounted volumes have it, too.
const SURROGATE: u32 = 0x2000_0000;

/// `MAXIMUM_REPARSE_DATA_BUFFER_SIZE`
pub(crate) const DATA_MAX: usize = 16 * 1024;

/// `FILE_ATTRIBUTE_DIRECTORY`
pub(crate) const DIRECTORY: u32 = 0x10;
/// `FILE_ATTRIBUTE_REPARSE_POINT`
pub(crate) const REPARSE_POINT: u32 = 0x400;

/// `FILE_ATTRIBUTE_READONLY | FILE_ATTRIBUTE_SYSTEM`
const SEAL: u32 = 0x5;

/// The attributes and the tag of an open object: `FILE_ATTRIBUTE_TAG_INFORMATION`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Look {
    /// Its attributes.
    pub(crate) attributes: u32,
    /// Its tag, where it is a reparse point.
    pub(crate) tag: u32,
}

/// The class of an object, as a walk sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    File,
    Directory,
    /// Leads elsewhere, be it inside: its text is followed by the walker, never by NT.
    Link,
    /// Of the Linux subsystem: nothing that can be read or written here.
    Special(FileType),
    /// A file or directory that a filter of the system serves (cloud, deduplication, compression): the same object, but its
    /// data comes only to who opens it without `FILE_OPEN_REPARSE_POINT`.
    Filtered,
}

impl Look {
    pub(crate) fn class(self) -> Class {
        if self.attributes & REPARSE_POINT == 0 {
            return if self.attributes & DIRECTORY == 0 { Class::File } else { Class::Directory };
        }
        match self.tag {
            AF_UNIX => Class::Special(FileType::Socket),
            LX_FIFO => Class::Special(FileType::Fifo),
            LX_CHR => Class::Special(FileType::CharacterDevice),
            LX_BLK => Class::Special(FileType::BlockDevice),
            tag if tag & SURROGATE != 0 => Class::Link,
            _ => Class::Filtered,
        }
    }

    /// True if it is marked as no guest can mark a file: read-only and of the system. Nobody writes to it, and nobody takes the mark
    /// away, not even to remove it.
    pub(crate) fn is_sealed(self) -> bool {
        self.attributes & SEAL == SEAL
    }

    /// The same without its tag: what a filter serves is an ordinary file or directory once it is open.
    pub(crate) fn served(self) -> Self {
        Self { attributes: self.attributes & !REPARSE_POINT, tag: 0 }
    }

    /// Its kind, as a guest sees it.
    pub(crate) fn kind(self) -> FileType {
        match self.class() {
            Class::Link => FileType::SymbolicLink,
            Class::Special(kind) => kind,
            _ if self.attributes & DIRECTORY != 0 => FileType::Directory,
            _ => FileType::RegularFile,
        }
    }
}

/// The text of a link, `/`-separated, an absolute one beginning with `/`; whatever leads elsewhere and is no link (a junction, a tag
/// of somebody's own) counts as absolute. A unit that is half a surrogate pair becomes a byte that is no UTF-8.
pub(crate) fn text(data: &[u8]) -> Result<Vec<u8>, Status> {
    parse(data).ok_or(Status::IO_REPARSE_DATA_INVALID)
}

fn parse(data: &[u8]) -> Option<Vec<u8>> {
    let tag = dword(data, 0)?;
    let body = data.get(8..8 + usize::from(word(data, 4)?))?;
    match tag {
        SYMLINK => {
            let (offset, length) = (usize::from(word(body, 0)?), usize::from(word(body, 2)?));
            let is_relative = dword(body, 8)? & RELATIVE != 0;
            let name = body.get(SYMLINK_HEADER..)?.get(offset..)?.get(..length)?;
            let mut text = if is_relative { Vec::new() } else { b"/".to_vec() };
            decode(name, &mut text);
            Some(text)
        }
        LX_SYMLINK => (dword(body, 0)? == LX_VERSION).then(|| body.get(4..).map(<[u8]>::to_vec))?,
        _ => Some(b"/".to_vec()),
    }
}

/// `SYMLINK_FLAG_RELATIVE`
const RELATIVE: u32 = 1;

/// Bytes of a symbolic link's data before its names: four lengths and the flags.
const SYMLINK_HEADER: usize = 12;

/// The only version of `IO_REPARSE_TAG_LX_SYMLINK` there is.
const LX_VERSION: u32 = 2;

fn decode(name: &[u8], text: &mut Vec<u8>) {
    let units = name.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
    for unit in char::decode_utf16(units) {
        match unit {
            Ok('\\') => text.push(b'/'),
            Ok(other) => text.extend_from_slice(other.encode_utf8(&mut [0; 4]).as_bytes()),
            Err(_) => text.push(0xFF),
        }
    }
}

/// The data of a symbolic link with the relative text `target`; `None` where Windows' own kind can't hold it: with a `\` in
/// it, or longer than the data of a reparse point may be.
pub(crate) fn symlink(target: &str) -> Option<Vec<u8>> {
    if target.contains('\\') {
        return None;
    }
    let encode = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let (substitute, print) = (encode(&target.replace('/', "\\")), encode(target));
    let mut body = Vec::new();
    for number in [0, substitute.len(), substitute.len(), print.len()] {
        body.extend(u16::try_from(number).ok()?.to_le_bytes());
    }
    body.extend(RELATIVE.to_le_bytes());
    body.extend(substitute);
    body.extend(print);
    with_header(SYMLINK, &body)
}

/// The data of a link of the Linux subsystem's kind, which holds any text.
pub(crate) fn lx_symlink(target: &str) -> Option<Vec<u8>> {
    with_header(LX_SYMLINK, &[&LX_VERSION.to_le_bytes(), target.as_bytes()].concat())
}

fn with_header(tag: u32, body: &[u8]) -> Option<Vec<u8>> {
    let length = u16::try_from(body.len()).ok()?;
    let data = [&tag.to_le_bytes()[..], &length.to_le_bytes(), &[0; 2], body].concat();
    (data.len() <= DATA_MAX).then_some(data)
}

fn word(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn dword(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

#[cfg(test)]
mod tests;
