//! Saving: equal trees make equal files. Names come sorted, owners are nobody, rights are the usual ones, and times are kept
//! to the nanosecond by a PAX header where a plain one cannot hold them.

use std::collections::BTreeMap;
use std::io::{Read, Write};

use callgate_system::path::PATH_MAX;
use callgate_system::{FileType, Follow, Timestamp};
use tar::{Builder, EntryType, Header};

use super::ImageError;
use crate::tree::{Inode, Tree, Visited};

/// The limits of a plain header: the longest name in bytes, and the latest time.
const NAME: usize = 100;
const SECONDS: i64 = 0o77_777_777_777;

/// One entry but for its content.
struct Member<'a> {
    kind: EntryType,
    path: &'a [u8],
    link: &'a [u8],
    size: u64,
    modified: Timestamp,
}

impl Tree {
    /// Writes the tree as a tar file. The tree is locked meanwhile, so the file shows one moment of it; `writer` must not
    /// use the tree.
    ///
    /// # Errors
    /// Of `writer`; a path of 4096 bytes or more, which could not be loaded again.
    pub fn save_tar(&self, writer: impl Write) -> Result<(), ImageError> {
        let mut builder = Builder::new(writer);
        let root = self.root().stat(".", Follow::No)?;
        let modified = root.modified.unwrap_or(Timestamp { seconds: 0, nanoseconds: 0 });
        append(
            &mut builder,
            &Member { kind: EntryType::Directory, path: b"./", link: b"", size: 0, modified },
            std::io::empty(),
        )?;
        // The first name of every file that has several.
        let mut names = BTreeMap::<Inode, Vec<u8>>::new();
        self.visit(|visited| save(&mut builder, &visited, &mut names))?;
        builder.into_inner()?.flush()?;
        Ok(())
    }
}

fn save<W: Write>(
    builder: &mut Builder<W>,
    visited: &Visited<'_>,
    names: &mut BTreeMap<Inode, Vec<u8>>,
) -> Result<(), ImageError> {
    if visited.path.len() >= PATH_MAX {
        return Err(ImageError::of(visited.path, format_args!("its path has {PATH_MAX} bytes or more")));
    }
    let stat = visited.stat()?;
    let modified = stat.modified.unwrap_or(Timestamp { seconds: 0, nanoseconds: 0 });
    let mut member = Member { kind: EntryType::Regular, path: visited.path, link: b"", size: 0, modified };
    let directory = [visited.path, b"/"].concat();
    if let Some(first) = names.get(&visited.inode) {
        (member.kind, member.link) = (EntryType::Link, first);
    } else {
        match stat.kind {
            FileType::Directory => (member.kind, member.path) = (EntryType::Directory, &directory),
            FileType::SymbolicLink => {
                (member.kind, member.link) = (EntryType::Symlink, visited.text().unwrap_or_default());
            }
            _ => member.size = stat.size,
        }
    }
    append(builder, &member, Content { visited, offset: 0 }.take(member.size))?;
    if stat.kind != FileType::Directory && stat.links > 1 {
        names.entry(visited.inode).or_insert_with(|| visited.path.to_vec());
    }
    Ok(())
}

fn append<W: Write>(builder: &mut Builder<W>, member: &Member<'_>, content: impl Read) -> Result<(), ImageError> {
    let Timestamp { seconds, nanoseconds } = member.modified;
    let is_plain_time = nanoseconds == 0 && (0..=SECONDS).contains(&seconds);
    let time = pax_time(member.modified);
    let records = [
        ("linkpath", member.link, member.link.len() > NAME),
        ("mtime", time.as_bytes(), !is_plain_time),
        ("path", member.path, member.path.len() > NAME),
    ];
    let needed = records.into_iter().filter(|(.., needed)| *needed).map(|(key, value, _)| (key, value));
    builder.append_pax_extensions(needed)?;
    let mut header = Header::new_ustar();
    put(&mut header.as_old_mut().name, member.path);
    put(&mut header.as_old_mut().linkname, member.link);
    header.set_entry_type(member.kind);
    header.set_mode(match member.kind {
        EntryType::Directory => 0o755,
        EntryType::Symlink => 0o777,
        _ => 0o644,
    });
    header.set_uid(0);
    header.set_gid(0);
    // The record before this header holds what a plain header cannot.
    header.set_mtime(seconds.clamp(0, SECONDS).cast_unsigned());
    header.set_size(member.size);
    header.set_cksum();
    Ok(builder.append(&header, content)?)
}

/// Puts as much of a name into a field as it holds; the record before has all of it.
fn put(field: &mut [u8; NAME], name: &[u8]) {
    for (to, from) in field.iter_mut().zip(name) {
        *to = *from;
    }
}

/// Seconds in decimal, to the nanosecond.
pub(super) fn pax_time(time: Timestamp) -> String {
    let Timestamp { seconds, nanoseconds } = time;
    match (seconds, nanoseconds) {
        (0.., _) => format!("{seconds}.{nanoseconds:09}"),
        (_, 0) => format!("{seconds}"),
        // The type counts nanoseconds forward from the second before.
        (_, part) => format!("-{}.{:09}", (seconds + 1).unsigned_abs(), 1_000_000_000 - part),
    }
}

/// The content of a file, as a reader.
struct Content<'v, 'a> {
    visited: &'v Visited<'a>,
    offset: u64,
}

impl Read for Content<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let mut bytes = Vec::with_capacity(buffer.len());
        let read = self.visited.read(&mut bytes, self.offset).min(buffer.len());
        for (to, from) in buffer.iter_mut().zip(&bytes) {
            *to = *from;
        }
        self.offset += read as u64;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::super::load::time;
    use super::*;

    #[test]
    fn times_come_back_as_they_were() {
        for (seconds, nanoseconds, text) in [
            (0, 0, "0.000000000"),
            (1, 5, "1.000000005"),
            (-1, 999_999_999, "-0.000000001"),
            (-1, 0, "-1"),
            (-2, 250_000_000, "-1.750000000"),
            (i64::MAX - 1, 0, "9223372036854775806.000000000"),
        ] {
            let at = Timestamp { seconds, nanoseconds };
            assert_eq!(pax_time(at), text);
            assert_eq!(time(text.as_bytes()), Some(at));
        }
        assert_eq!(time(b"1.5"), Some(Timestamp { seconds: 1, nanoseconds: 500_000_000 }));
        assert_eq!(time(b"1.0000000019"), Some(Timestamp { seconds: 1, nanoseconds: 1 }));
        for none in [&b""[..], b"-", b".5", b"+1", b"1e3", b"1.x", b"--1", b"9223372036854775807", b"\xFF"] {
            assert_eq!(time(none), None, "{none:?}");
        }
    }
}
