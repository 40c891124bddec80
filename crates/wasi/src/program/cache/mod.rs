//! Compiled code, kept for the next start.
//!
//! An entry is named by the program's content ([`digest`](super::digest)) and the engine's settings, and is what `callgate compile` writes: the code, and the record of what it
//! was compiled from. A second start hashes the program and maps the entry as it is.
//!
//! Hazard: whoever can write an entry decides what machine code runs, and a guest that may write to the user's home creates files there in
//! the user's name. So an entry carries a seal that no guest can make or break (`unix.rs`, `windows.rs`). The seal is checked on the
//! open file that is then mapped, and the record inside is compared with the program at hand, so an entry that was renamed or
//! linked over another is not taken for it (docs/decisions/0020-sealed-code.md). Every failure here only means compiling.

#[cfg_attr(unix, path = "unix.rs")]
#[cfg_attr(not(unix), path = "windows.rs")]
mod platform;

use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process;
use std::time::SystemTime;

use super::digest::Digest;
use super::record::Record;
use platform::Folder;
pub(super) use platform::leads_to;

/// Bytes that all entries may take together.
const ROOM: u64 = 1 << 30;

/// A folder of compiled code.
#[derive(Clone, Debug)]
pub struct CodeCache {
    folder: PathBuf,
}

/// The contents of a [`CodeCache`], in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CacheContents {
    /// Entries, those of other releases and settings included; no file that this library did not make.
    pub entries: usize,
    /// Their length together, in bytes.
    pub bytes: u64,
}

/// An entry whose seal holds.
pub(crate) struct Entry {
    pub(crate) file: File,
    pub(crate) record: Record,
    /// A path that leads to this very file as long as it is open.
    pub(crate) path: PathBuf,
}

impl CodeCache {
    /// A cache in `folder`, which is made when something is first kept.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// The contents of the folder, in numbers; zeros where there is no folder.
    ///
    /// # Errors
    /// If the folder is not used: it belongs to another user, others may write to it, or it can't be read.
    pub fn contents(&self) -> io::Result<CacheContents> {
        let count = |all: CacheContents, kept: &Kept| CacheContents {
            entries: all.entries + 1,
            bytes: all.bytes.saturating_add(kept.length),
        };
        match Folder::open(&self.folder) {
            Ok(folder) => Ok(folder.entries()?.iter().fold(CacheContents::default(), count)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(CacheContents::default()),
            Err(error) => Err(error),
        }
    }

    /// Removes what is in the folder, and tells what that was.
    ///
    /// # Errors
    /// As [`CodeCache::contents`], and where a file can't be removed.
    pub fn clear(&self) -> io::Result<CacheContents> {
        let contents = self.contents()?;
        if contents.entries > 0 {
            let folder = Folder::open(&self.folder)?;
            folder.entries()?.iter().try_for_each(|kept| folder.remove(&kept.name))?;
        }
        Ok(contents)
    }

    /// The code of `program` for an engine with `settings`.
    pub(crate) fn find(&self, program: &Digest, settings: u64) -> Option<Entry> {
        let (file, path) = Folder::open(&self.folder).ok()?.open_sealed(&name(program, settings)).ok()?;
        let record = Record::read(&file).ok()??;
        (record.program == *program && record.settings == settings).then_some(Entry { file, record, path })
    }

    /// Keeps `code`, whose end is its record. Another process never sees a part of it under its name.
    pub(crate) fn keep(&self, program: &Digest, settings: u64, code: &[u8]) -> io::Result<()> {
        let folder = Folder::make(&self.folder)?;
        make_room(&folder, code.len() as u64)?;
        let name = name(program, settings);
        let unfinished = format!("{name}.{}", process::id());
        let kept = folder.create_sealed(&unfinished).and_then(|mut file| {
            file.write_all(code)?;
            // Else a machine that loses its power could keep the name, and zeros for the code.
            file.sync_data()
        });
        let kept = kept.and_then(|()| folder.rename(&unfinished, &name));
        if kept.is_err() {
            drop(folder.remove(&unfinished));
        }
        kept
    }
}

fn name(program: &Digest, settings: u64) -> String {
    let digest: String = program.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{digest}-{settings:016x}.cwasm")
}

/// True if we give files such a name: that of an entry, or of one that is being written. A guest that can put a link in the place of
/// the folder has us look at any folder of the user's; nothing that isn't ours may be counted or removed there.
fn is_of_entry(name: &str) -> bool {
    let Some((program, rest)) = name.split_once('-') else { return false };
    let Some((settings, rest)) = rest.split_once(".cwasm") else { return false };
    let is_hex = |text: &str, digits| {
        text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
    };
    let process = rest.strip_prefix('.').unwrap_or("0");
    let is_end = rest.is_empty() || (rest.starts_with('.') && process.parse::<u32>().is_ok());
    is_hex(program, 64) && is_hex(settings, 16) && is_end
}

/// One file of the folder.
struct Kept {
    name: String,
    modified: SystemTime,
    length: u64,
}

/// Removes the oldest entries until there is room for `bytes` more.
fn make_room(folder: &Folder, bytes: u64) -> io::Result<()> {
    let mut entries = folder.entries()?;
    entries.sort_by_key(|kept| kept.modified);
    let mut taken = entries.iter().fold(bytes, |taken, kept| taken.saturating_add(kept.length));
    for kept in entries {
        if taken <= ROOM {
            break;
        }
        // Another process may have been faster.
        drop(folder.remove(&kept.name));
        taken = taken.saturating_sub(kept.length);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Read;

    use super::*;
    use crate::program::Kind;

    const SETTINGS: u64 = 7;

    fn code(program: Digest, settings: u64) -> Vec<u8> {
        let record = Record { kind: Kind::Component, settings, program, instance: 1, imports: Vec::new() };
        [b"code".as_slice(), &record.encode()].concat()
    }

    fn keep(cache: &CodeCache, program: Digest) {
        cache.keep(&program, SETTINGS, &code(program, SETTINGS)).unwrap();
    }

    #[test]
    fn an_entry_is_of_one_program_and_one_setting() {
        let folder = tempfile::tempdir().unwrap();
        let cache = CodeCache::new(&folder.path().join("cache"));
        assert!(cache.find(&[1; 32], SETTINGS).is_none());
        keep(&cache, [1; 32]);
        let mut entry = cache.find(&[1; 32], SETTINGS).unwrap();
        let mut kept = Vec::new();
        io::Seek::rewind(&mut entry.file).unwrap();
        entry.file.read_to_end(&mut kept).unwrap();
        assert_eq!(kept, code([1; 32], SETTINGS));
        assert!(cache.find(&[2; 32], SETTINGS).is_none());
        assert!(cache.find(&[1; 32], SETTINGS + 1).is_none());
        assert_eq!(fs::read_dir(folder.path().join("cache")).unwrap().count(), 1, "nothing unfinished stays");
    }

    #[test]
    fn an_entry_under_the_name_of_another_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let cache = CodeCache::new(folder.path());
        keep(&cache, [1; 32]);
        keep(&cache, [2; 32]);
        let path = |program: Digest| folder.path().join(name(&program, SETTINGS));
        fs::rename(path([1; 32]), path([2; 32])).unwrap();
        assert!(cache.find(&[2; 32], SETTINGS).is_none());
        keep(&cache, [2; 32]);
        assert!(cache.find(&[2; 32], SETTINGS).is_some(), "it is replaced by the right one");
    }

    #[test]
    fn a_file_without_the_seal_is_no_entry() {
        let folder = tempfile::tempdir().unwrap();
        let cache = CodeCache::new(folder.path());
        fs::write(folder.path().join(name(&[1; 32], SETTINGS)), code([1; 32], SETTINGS)).unwrap();
        assert!(cache.find(&[1; 32], SETTINGS).is_none());
    }

    #[test]
    fn what_is_not_ours_is_neither_counted_nor_removed() {
        let folder = tempfile::tempdir().unwrap();
        let cache = CodeCache::new(folder.path());
        keep(&cache, [1; 32]);
        for name in ["thesis.tex", ".profile", "x.cwasm", &name(&[2; 32], SETTINGS)] {
            fs::write(folder.path().join(name), "mine").unwrap();
        }
        assert_eq!(cache.contents().unwrap().entries, 1);
        assert_eq!(cache.clear().unwrap().entries, 1);
        make_room(&Folder::open(folder.path()).unwrap(), u64::MAX).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 4);
    }

    #[test]
    fn names_of_entries() {
        let entry = name(&[0xa7; 32], SETTINGS);
        assert!(is_of_entry(&entry) && is_of_entry(&format!("{entry}.4711")));
        for wrong in
            ["", "-", "a-b.cwasm", &entry[1..], &entry.to_uppercase(), &format!("{entry}.x"), &format!("{entry}4")]
        {
            assert!(!is_of_entry(wrong), "{wrong}");
        }
    }

    #[test]
    fn what_is_kept_can_be_counted_and_cleared() {
        let folder = tempfile::tempdir().unwrap();
        let cache = CodeCache::new(&folder.path().join("cache"));
        assert_eq!(cache.contents().unwrap(), CacheContents::default());
        keep(&cache, [1; 32]);
        keep(&cache, [2; 32]);
        let bytes = 2 * code([1; 32], SETTINGS).len() as u64;
        assert_eq!(cache.contents().unwrap(), CacheContents { entries: 2, bytes });
        assert_eq!(cache.clear().unwrap(), CacheContents { entries: 2, bytes });
        assert_eq!(cache.contents().unwrap(), CacheContents::default());
    }
}
