//! Compiled code, kept for the next start.
//!
//! An entry is named by what the file system says of the program's file (device, inode, size, times) and by the engine's
//! settings, and holds what `callgate compile` would write, so that a second start neither reads nor hashes the program and
//! maps the code as it is. The engine's own cache does read, hash and unpack: 3.7 ms of a hello run's 6.2
//! (docs/decisions/0004-code-cache.md). Where the file system says too little, an entry is named by the program's content
//! (docs/decisions/0015-code-cache-by-content.md).
//!
//! Hazards: whoever can write in the folder decides what code runs, so it is made for its owner alone. A file that was changed
//! a moment ago could be changed again within one tick of its clock and look the same; such a file is not kept. Every failure
//! here only means compiling.

#[cfg(unix)]
#[path = "unix.rs"]
mod platform;
#[cfg(not(unix))]
#[path = "other.rs"]
mod platform;

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};
use std::process;
use std::time::SystemTime;

use wasmtime::Engine;

pub(crate) use platform::is_settled;

/// Bytes that all entries may take together.
const ROOM: u64 = 1 << 30;

/// The folder, for one engine.
#[derive(Clone)]
pub(crate) struct CodeCache {
    folder: PathBuf,
    /// A hash of the engine's version and settings.
    settings: u64,
}

/// Where the code of one program is, or would be.
pub(crate) struct Entry {
    folder: PathBuf,
    name: String,
}

impl CodeCache {
    /// A cache in `folder`, which is made when something is first kept.
    pub(crate) fn new(folder: &Path, engine: &Engine) -> Self {
        let mut settings = DefaultHasher::new();
        engine.precompile_compatibility_hash().hash(&mut settings);
        Self { folder: folder.to_owned(), settings: settings.finish() }
    }

    /// The entry of a program's file as it is now; `None` where it can't be told from others.
    pub(crate) fn entry(&self, program: &File) -> Option<Entry> {
        let identity = platform::identity(program).ok()?;
        Some(Entry { folder: self.folder.clone(), name: format!("{identity}-{:016x}.cwasm", self.settings) })
    }
}

impl Entry {
    /// The file that holds the code, if it is there.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.join(&self.name)
    }

    /// Whether two looks at a program's file saw the same content.
    pub(crate) fn is_that_of(&self, other: &Entry) -> bool {
        self.name == other.name
    }

    /// Keeps `code`, as a whole or not at all.
    pub(crate) fn keep(&self, code: &[u8]) -> io::Result<()> {
        platform::make_private(&self.folder)?;
        make_room(&self.folder, code.len() as u64)?;
        let unfinished = self.folder.join(format!("{}.{}", self.name, process::id()));
        let kept = fs::write(&unfinished, code).and_then(|()| fs::rename(&unfinished, self.path()));
        if kept.is_err() {
            drop(fs::remove_file(&unfinished));
        }
        kept
    }
}

/// Removes the oldest entries until there is room for `bytes` more.
fn make_room(folder: &Path, bytes: u64) -> io::Result<()> {
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if let Ok(metadata) = entry.metadata() {
            entries.push((metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH), metadata.len(), entry.path()));
        }
    }
    entries.sort();
    let mut taken = entries.iter().map(|(_, length, _)| length).sum::<u64>().saturating_add(bytes);
    for (_, length, path) in entries {
        if taken <= ROOM {
            break;
        }
        // Another process may have been faster.
        drop(fs::remove_file(path));
        taken -= length;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cache(folder: &Path) -> CodeCache {
        CodeCache::new(folder, &Engine::default())
    }

    #[test]
    fn an_entry_is_of_one_content() {
        let folder = tempfile::tempdir().unwrap();
        let cache = cache(&folder.path().join("cache"));
        let (one, two) = (folder.path().join("one"), folder.path().join("two"));
        fs::write(&one, "1").unwrap();
        fs::write(&two, "2").unwrap();
        let entry = |path: &Path| cache.entry(&File::open(path).unwrap()).unwrap();
        let before = entry(&one);
        assert!(before.is_that_of(&entry(&one)));
        assert!(!before.is_that_of(&entry(&two)));
        fs::write(&one, "longer").unwrap();
        assert!(!before.is_that_of(&entry(&one)));
    }

    #[test]
    fn what_is_kept_is_there_as_a_whole() {
        let folder = tempfile::tempdir().unwrap();
        let cache = cache(&folder.path().join("cache"));
        let program = folder.path().join("program");
        fs::write(&program, "x").unwrap();
        let entry = cache.entry(&File::open(&program).unwrap()).unwrap();
        assert!(!entry.path().exists());
        entry.keep(b"code").unwrap();
        assert_eq!(fs::read(entry.path()).unwrap(), b"code");
        assert_eq!(fs::read_dir(folder.path().join("cache")).unwrap().count(), 1);
    }
}
