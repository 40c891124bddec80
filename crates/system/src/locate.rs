//! The place that a path reaches, found out before anything is done there.
//!
//! A rule about paths must be asked about what a call does, and the text of a path doesn't say it: any component may be a symbolic link. So
//! [`locate`] resolves a path and yields the place, with no link left in it, together with the directory that it lies in, held open, and the last
//! name. A call on that name in that directory, which is strict, reaches that place and no other.
//!
//! Hazards: the last name may become a link between the two, and then the call fails with `Loop`. The directory may be moved as a whole; then
//! the place is where it was. A directory on the way is passed through, whatever rules say of the directory itself, as the kernel does it; what is
//! found on the way must not be told to the guest where the outcome is a refusal.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use crate::path::{PATH_MAX, Step, Steps, Walk, push};
use crate::{Code, Directory, Error, Follow, Names, OpenHow, Opened, Result};

#[cfg(test)]
mod tests;

/// The treatment of a symbolic link as the last component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The call is about the name, whatever it is the name of, also where a `/` follows it.
    Name,
    /// The call is about what the name is the name of: a link is followed under [`Follow::Yes`], or where a `/` follows it.
    File(Follow),
}

/// The place that a path reaches.
#[derive(Clone)]
pub struct Located {
    /// The path beneath the directory that was asked, without a link, `.` or `..`, and without a `/` at either end; empty for the directory
    /// itself. What is there is named as a listing names it, but for the case of its letters.
    pub place: String,
    /// The strict directory to act in.
    pub directory: Arc<dyn Directory>,
    /// The path to act on in [`Located::directory`]: one plain name, with a `/` after it if the path asks for a directory, or `.`. It
    /// need not be there.
    pub name: String,
    /// The way in which names are told apart at the place. `IgnoringCase` if it is that of any directory on the way.
    pub names: Names,
}

/// The failure to resolve a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unlocated {
    /// The error.
    pub error: Error,
    /// The last place that was looked at, beneath the directory that was asked; it may be a place where nothing is.
    pub place: String,
    /// The way in which names are told apart there.
    pub names: Names,
}

/// Resolves `path` beneath `root`, which must be [strict](Directory::strict).
///
/// # Errors
/// Those of a call that resolves the path: `NoEntry` where a directory is missing (the last name may be), `NotDirectory`, `NotPermitted`, `Loop`,
/// `NameTooLong`, `Access`; `NameTooLong` also for a place of [`PATH_MAX`] bytes or more. `IllegalByteSequence` for a link whose text is not UTF-8.
pub fn locate(root: &Arc<dyn Directory>, path: &str, ending: Ending) -> Result<Located, Unlocated> {
    let names = root.names();
    let opening = Opening { place: RefCell::default(), names: Cell::new(names) };
    let root = Spot { directory: Arc::clone(root), end: 0, names };
    walk(&opening, &root, path, ending).map_err(|error| {
        let (place, names) = (opening.place.take(), opening.names.get());
        Unlocated { error, place, names }
    })
}

fn walk(opening: &Opening, root: &Spot, path: &str, ending: Ending) -> Result<Located> {
    let mut walk = Walk::new(opening, root, path)?;
    loop {
        let last = walk.to_last()?;
        let Some(name) = last.name else { return Ok(opening.itself(last.dir)) };
        let follow = match ending {
            Ending::Name => false,
            Ending::File(follow) => follow == Follow::Yes || last.must_be_dir,
        };
        let found = opening.at(last.dir, name, last.must_be_dir)?;
        if !follow {
            return Ok(found);
        }
        match walk.follow() {
            Ok(true) => {}
            Ok(false) => return Ok(found),
            // It may be about to be made.
            Err(error) if error.code == Code::NoEntry => return Ok(found),
            Err(error) => return Err(error),
        }
    }
}

/// A held directory.
struct Spot {
    directory: Arc<dyn Directory>,
    /// The length of its place, with which the place of whatever is looked at below begins.
    end: usize,
    names: Names,
}

/// The steps of the walker, over the calls of strict directories.
struct Opening {
    /// The place that was looked at last.
    place: RefCell<String>,
    /// The way in which names are told apart there.
    names: Cell<Names>,
}

impl Opening {
    fn itself(&self, at: &Spot) -> Located {
        let mut place = self.place.borrow().clone();
        place.truncate(at.end);
        Located { place, directory: Arc::clone(&at.directory), name: ".".to_owned(), names: at.names }
    }

    fn at(&self, at: &Spot, name: &[u8], must_be_dir: bool) -> Result<Located> {
        let name = text(name)?;
        let slash = if must_be_dir { "/" } else { "" };
        self.look_at(at, name);
        self.look_at(at, Self::listed(at, name)?.as_deref().unwrap_or(name));
        let place = self.place.borrow().clone();
        if place.len() >= PATH_MAX {
            return Err(Code::NameTooLong.into());
        }
        Ok(Located { place, directory: Arc::clone(&at.directory), name: [name, slash].concat(), names: at.names })
    }

    fn look_at(&self, at: &Spot, name: &str) {
        let mut place = self.place.borrow_mut();
        place.truncate(at.end);
        push(&mut place, name);
        self.names.set(at.names);
    }

    /// The name in a listing, where it may be one that no rule would think of.
    fn listed(at: &Spot, name: &str) -> Result<Option<String>> {
        if is_told_by_text(name, at.names) {
            return Ok(None);
        }
        match at.directory.stat(name, Follow::No) {
            Ok(_) => at.directory.listed_name(name).map(Some),
            Err(error) if error.code == Code::NoEntry => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// True if no listing need be asked for the name of what `path` reaches, but for its case: what is not ASCII may be spelled in several ways, and
/// short aliases have a `~`.
#[must_use]
pub fn is_told_by_text(path: &str, names: Names) -> bool {
    names == Names::Exact || (path.is_ascii() && !path.contains('~'))
}

impl Steps for Opening {
    type Dir = Spot;

    fn open_dir(&self, at: &Spot, name: &[u8]) -> Result<Step<Spot>> {
        let plain = text(name)?;
        self.look_at(at, plain);
        let how = OpenHow { directory: true, follow: Follow::No, ..OpenHow::default() };
        match at.directory.open(plain, how) {
            Ok(Opened::Directory(directory)) => {
                let names = if at.names == Names::Exact { directory.names() } else { at.names };
                if let Some(listed) = Self::listed(at, plain)? {
                    self.look_at(at, &listed);
                }
                let end = self.place.borrow().len();
                if end < PATH_MAX {
                    Ok(Step::Dir(Spot { directory, end, names }))
                } else {
                    Err(Code::NameTooLong.into())
                }
            }
            Ok(Opened::File(_)) => Ok(Step::Other),
            // A link, or no directory.
            Err(error) if matches!(error.code, Code::NotDirectory | Code::Loop) => {
                Ok(self.read_link(at, name)?.map_or(Step::Other, Step::Link))
            }
            Err(error) => Err(error),
        }
    }

    fn read_link(&self, at: &Spot, name: &[u8]) -> Result<Option<Vec<u8>>> {
        let name = text(name)?;
        self.look_at(at, name);
        match at.directory.read_link(name) {
            Ok(link) => Ok(Some(link.into_bytes())),
            Err(error) if error.code == Code::Invalid => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn search(&self, at: &Spot) -> Result<()> {
        at.directory.stat(".", Follow::No).map(drop)
    }
}

/// Names come from a guest's path or from the text of a link, which both are UTF-8.
fn text(name: &[u8]) -> Result<&str> {
    std::str::from_utf8(name).map_err(|_| Code::IllegalByteSequence.into())
}

/// Finds the entry that is `name` in a listing of `directory`, by its letters or by its identity.
///
/// # Errors
/// Those of [`Directory::listed_name`], which this is where a system has nothing better.
pub fn find_listed<D: Directory + ?Sized>(directory: &D, name: &str) -> Result<String> {
    let identity = directory.stat(name, Follow::No)?.identity;
    let mut entries = directory.read_entries()?;
    let mut same_file = None;
    loop {
        match entries.next() {
            Ok(Some(entry)) if entry.name.eq_ignore_ascii_case(name) => return Ok(entry.name),
            Ok(Some(entry)) if same_file.is_none() => {
                let found = match entry.listed {
                    Some(listed) => Ok(listed.identity),
                    None => directory.stat(&entry.name, Follow::No).map(|stat| stat.identity),
                };
                same_file = found.is_ok_and(|found| found == identity).then_some(entry.name);
            }
            Ok(Some(_)) => {}
            Ok(None) => return same_file.ok_or(Code::NoEntry.into()),
            // No guest can have named it.
            Err(error) if error.code == Code::IllegalByteSequence => {}
            Err(error) => return Err(error),
        }
    }
}
