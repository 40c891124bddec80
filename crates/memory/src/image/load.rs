//! Loading: entry by entry, in the order of the file; a later entry takes the place of an earlier one.
//!
//! The headers are read raw and their extensions (PAX, and GNU's long names) put together here, because only so they can be
//! bounded: the tar crate reads an extension whole, however long it says it is.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, ErrorKind, Read};

use callgate_system::{File as _, NewTimestamp, Timestamp};
use tar::{Archive, Entry, EntryType, PaxExtensions};

use super::ImageError;
use crate::tree::{Inode, Raw, Tree};

/// The longest extension header: a path and a link's text, each of 4096 bytes, and whatever else is usual.
const EXTENSION: u64 = 64 * 1024;

/// The result of loading.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Loaded {
    /// Files, directories and links made.
    pub made: u64,
    /// Devices, pipes and the like, which were skipped.
    pub skipped: u64,
}

/// The values that the extension headers before an entry give it.
#[derive(Default)]
struct Extensions {
    path: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    modified: Option<Timestamp>,
}

impl Tree {
    /// Fills the tree from a tar file (not compressed): files, directories, symbolic and hard links, and their times of
    /// modification, by PAX to the nanosecond. Owners and rights are ignored, for a tree has none. Devices and pipes are
    /// skipped and counted.
    ///
    /// # Errors
    /// Where the file is none, or ends early; a name that is absolute, holds `..`, is too long, or leads through a symbolic link
    /// or a file; a file in the place of a directory; what does not fit into the quota; sparse files. Entries before that stay.
    pub fn load_tar(&self, reader: impl Read) -> Result<Loaded, ImageError> {
        let mut archive = Archive::new(reader);
        let (mut loaded, mut next) = (Loaded::default(), Extensions::default());
        // They change with what is put into them: set at the end.
        let mut directories = BTreeMap::new();
        for entry in archive.entries()?.raw(true) {
            // Its own words show what it found instead, which may be anything.
            let none = |error: io::Error| match error.kind() {
                ErrorKind::Other => ImageError::new("it is no tar file, or a damaged one"),
                _ => ImageError::from(error),
            };
            let mut entry = entry.map_err(none)?;
            match entry.header().entry_type() {
                EntryType::XHeader => next.read_pax(&extension(&mut entry)?)?,
                EntryType::GNULongName => next.path = Some(without_nul(extension(&mut entry)?)),
                EntryType::GNULongLink => next.link = Some(without_nul(extension(&mut entry)?)),
                // The values that it gives to all entries are of no use here.
                EntryType::XGlobalHeader => {}
                kind => match self.load_entry(&mut entry, kind, std::mem::take(&mut next), &mut directories)? {
                    true => loaded.made += 1,
                    false => loaded.skipped += 1,
                },
            }
        }
        for (inode, modified) in directories {
            self.set_modified(inode, modified)?;
        }
        Ok(loaded)
    }

    /// Makes one entry; `false` where it is skipped.
    fn load_entry<R: Read>(
        &self,
        entry: &mut Entry<'_, R>,
        kind: EntryType,
        extensions: Extensions,
        directories: &mut BTreeMap<Inode, Timestamp>,
    ) -> Result<bool, ImageError> {
        let path = extensions.path.unwrap_or_else(|| entry.header().path_bytes().into_owned());
        if path.starts_with(b"/") {
            return Err(ImageError::of(&path, "its name is absolute; make the file with names below its root"));
        }
        let modified = match extensions.modified {
            Some(modified) => modified,
            None => Timestamp { seconds: seconds(entry.header().mtime()?), nanoseconds: 0 },
        };
        let link = || extensions.link.or_else(|| entry.header().link_name_bytes().map(Cow::into_owned));
        let refused = |error| ImageError::refused(&path, error);
        match kind {
            EntryType::Directory => {
                directories.insert(self.put(&path, Raw::Directory, None).map_err(refused)?, modified);
            }
            // As tar wrote directories before there was a type for them.
            EntryType::Regular if path.ends_with(b"/") => {
                directories.insert(self.put(&path, Raw::Directory, None).map_err(refused)?, modified);
            }
            EntryType::Regular | EntryType::Continuous => self.load_file(&path, entry, modified)?,
            EntryType::Symlink => {
                self.put(&path, Raw::Symlink(&link().unwrap_or_default()), Some(modified)).map_err(refused)?;
            }
            EntryType::Link => {
                let target = link().unwrap_or_default();
                if target.starts_with(b"/") {
                    return Err(ImageError::of(&path, "it is a hard link to an absolute name"));
                }
                self.put(&path, Raw::Link(&target), None).map_err(refused)?;
            }
            EntryType::GNUSparse => return Err(ImageError::of(&path, "it is sparse; make the file without --sparse")),
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn load_file<R: Read>(&self, path: &[u8], entry: &mut Entry<'_, R>, modified: Timestamp) -> Result<(), ImageError> {
        let (size, left) = (entry.size(), self.bytes_left());
        if size > left {
            let what = format_args!("it has {size} bytes, and the quota of the tree leaves {left}");
            return Err(ImageError::of(path, what));
        }
        let refused = |error| ImageError::refused(path, error);
        let file = self.put_file(path).map_err(refused)?;
        let (mut buffer, mut offset) = (vec![0; 64 * 1024], 0);
        loop {
            let read = entry.read(&mut buffer).map_err(|error| ImageError::of(path, error))?;
            let Some(mut rest) = buffer.get(..read).filter(|read| !read.is_empty()) else { break };
            while !rest.is_empty() {
                let written = file.write_at(rest, offset).map_err(refused)?;
                offset += written as u64;
                rest = rest.get(written..).unwrap_or_default();
            }
        }
        if offset < size {
            return Err(ImageError::of(path, format_args!("the tar file ends after {offset} of its {size} bytes")));
        }
        let time = NewTimestamp::At(modified);
        file.set_times(time, time).map_err(refused)
    }
}

impl Extensions {
    fn read_pax(&mut self, bytes: &[u8]) -> Result<(), ImageError> {
        for record in PaxExtensions::new(bytes) {
            let record = record?;
            let value = record.value_bytes();
            match record.key_bytes() {
                b"path" => self.path = Some(value.to_vec()),
                b"linkpath" => self.link = Some(value.to_vec()),
                b"mtime" => self.modified = Some(time(value).ok_or_else(|| ImageError::new("a time is no number"))?),
                // The header holds sizes up to 8 EiB as GNU writes them; this one would say another.
                b"size" => return Err(ImageError::new("a file of 8 GiB or more: too large for a tree")),
                key if key.starts_with(b"GNU.sparse") => {
                    return Err(ImageError::new("a sparse file; make the tar file without --sparse"));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// The content of an extension header.
fn extension<R: Read>(entry: &mut Entry<'_, R>) -> Result<Vec<u8>, ImageError> {
    let size = entry.size();
    if size > EXTENSION {
        return Err(ImageError::new(format_args!(
            "an extension header of {size} bytes; more than {EXTENSION} are refused"
        )));
    }
    let mut bytes = Vec::new();
    entry.read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn without_nul(mut name: Vec<u8>) -> Vec<u8> {
    if name.last() == Some(&0) {
        name.pop();
    }
    name
}

/// The seconds of a header; those before the epoch are written in two's complement.
fn seconds(field: u64) -> i64 {
    field.cast_signed().min(i64::MAX - 1)
}

/// A PAX time: seconds in decimal, perhaps negative, perhaps with a fraction.
pub(super) fn time(value: &[u8]) -> Option<Timestamp> {
    let text = str::from_utf8(value).ok()?;
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |digits| (true, digits));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole) || !is_number(fraction) {
        return None;
    }
    let whole: i64 = whole.parse().ok().filter(|&whole| whole < i64::MAX)?;
    let nanoseconds = format!("{:0<9}", fraction.get(..9).unwrap_or(fraction)).parse().ok()?;
    Some(match (negative, nanoseconds) {
        (false, nanoseconds) => Timestamp { seconds: whole, nanoseconds },
        (true, 0) => Timestamp { seconds: -whole, nanoseconds: 0 },
        (true, part) => Timestamp { seconds: -whole - 1, nanoseconds: 1_000_000_000 - part },
    })
}
