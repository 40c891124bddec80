//! Reading the entries of a directory that changes meanwhile. In which order they come means nothing, and one that is made or
//! removed meanwhile may come or not; so backends are held to the contract here, not to each other.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use callgate_system::{Code, Directory, Entries, Result};

use super::operation::Text;
use super::outcome::Told;

/// A reading under way.
pub(crate) struct Reading {
    directory: Arc<dyn Directory>,
    entries: Box<dyn Entries>,
    /// The names when it began.
    before: BTreeSet<String>,
    /// Names that operations since have used: they may have come and gone.
    touched: BTreeSet<String>,
    /// The number of times that each name has come.
    seen: BTreeMap<String, usize>,
}

impl Reading {
    pub(crate) fn begin(directory: &Arc<dyn Directory>) -> Result<Self> {
        let entries = directory.read_entries()?;
        let before = names(&mut *directory.read_entries()?)?;
        let (touched, seen) = (BTreeSet::new(), BTreeMap::new());
        Ok(Self { directory: Arc::clone(directory), entries, before, touched, seen })
    }

    /// An operation uses this path.
    pub(crate) fn touch(&mut self, path: &str) {
        self.touched.insert(Text::last_name(path).to_owned());
    }

    /// Reads one entry. Which one it is, and whether there is one, depends on the system.
    pub(crate) fn step(&mut self) -> Result<Told> {
        self.advance().map(|_| Told::Done)
    }

    /// Reads the rest: all that were there all the time have come once.
    pub(crate) fn finish(mut self) -> Result<Told> {
        while self.advance()? {}
        if self.entries.next()?.is_some() {
            return Ok(Told::Broken("an entry behind the last".to_owned()));
        }
        let after = match self.directory.read_entries() {
            Ok(mut entries) => names(&mut *entries)?,
            // The directory is gone.
            Err(_) => BTreeSet::new(),
        };
        for name in self.before.intersection(&after).filter(|name| !self.touched.contains(*name)) {
            let times = self.seen.get(name).copied().unwrap_or(0);
            if times != 1 {
                return Ok(Told::Broken(format!("the entry {name:?} came {times} times")));
            }
        }
        for name in self.seen.keys() {
            if !self.before.contains(name) && !self.touched.contains(name) && !after.contains(name) {
                return Ok(Told::Broken(format!("the entry {name:?} was never there")));
            }
        }
        Ok(Told::Done)
    }

    fn advance(&mut self) -> Result<bool> {
        let name = next_name(&mut *self.entries)?;
        let more = name.is_some();
        if let Some(name) = name {
            *self.seen.entry(name).or_default() += 1;
        }
        Ok(more)
    }
}

fn names(entries: &mut dyn Entries) -> Result<BTreeSet<String>> {
    std::iter::from_fn(|| next_name(entries).transpose()).collect()
}

/// The next name, `?` for one that is not UTF-8.
fn next_name(entries: &mut dyn Entries) -> Result<Option<String>> {
    match entries.next() {
        Ok(entry) => Ok(entry.map(|entry| entry.name)),
        Err(error) if error.code == Code::IllegalByteSequence => Ok(Some("?".to_owned())),
        Err(error) => Err(error),
    }
}
