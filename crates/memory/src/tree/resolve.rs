//! From a guest's path to a file, or to a directory and a name, by the portable walker.
//!
//! A walk runs from its beginning to its end under the tree's lock, so nobody swaps anything meanwhile, and the numbers it
//! finds stay good until the lock is let go.

use callgate_system::path::{LastName, Links, Step, Steps, Walk, split};
use callgate_system::{Code, Follow, OpenHow, Result};

use super::nodes::{Inode, Kind, Nodes};

/// Where walks begin, and what they make of links.
#[derive(Clone, Copy)]
pub(super) struct Start {
    pub(super) inode: Inode,
    pub(super) links: Links,
}

/// The place that a path leads to, for a call that acts on a name. The last component is never followed.
pub(super) enum Place {
    /// A name in a directory.
    Name(Named),
    /// A directory that is there and has no name here: the path ends in `.`.
    Dot,
    /// The same, where the path ends in `..`.
    DotDot,
}

/// A plain name in a directory.
pub(super) struct Named {
    pub(super) dir: Inode,
    pub(super) name: Vec<u8>,
    /// True if a `/` at the end asks for a directory.
    pub(super) must_be_dir: bool,
}

/// The target of an open.
pub(super) enum Target {
    /// A file or directory.
    There(Inode),
    /// Nothing yet: to be created.
    Missing(Named),
}

impl Steps for Nodes {
    type Dir = Inode;

    fn open_dir(&self, at: &Inode, name: &[u8]) -> Result<Step<Inode>> {
        let inode = self.find(*at, name)?;
        Ok(match &self.node(inode)?.kind {
            Kind::Directory(_) => Step::Dir(inode),
            Kind::Symlink(text) => Step::Link(text.to_vec()),
            Kind::File(_) => Step::Other,
        })
    }

    fn read_link(&self, at: &Inode, name: &[u8]) -> Result<Option<Vec<u8>>> {
        Ok(match &self.node(self.find(*at, name)?)?.kind {
            Kind::Symlink(text) => Some(text.to_vec()),
            _ => None,
        })
    }
}

impl Nodes {
    /// The file that `path` names below the start.
    pub(super) fn resolve(&self, start: Start, path: &str, follow: Follow) -> Result<Inode> {
        let mut walk = Walk::new(self, &start.inode, path)?.making(start.links);
        loop {
            let last = walk.to_last()?;
            let Some(name) = last.name else { return Ok(*last.dir) };
            let inode = self.find(*last.dir, name)?;
            let must_be_dir = last.must_be_dir;
            match &self.node(inode)?.kind {
                Kind::Symlink(_) if must_be_dir || follow == Follow::Yes => drop(walk.follow()?),
                Kind::Directory(_) => return Ok(inode),
                _ if must_be_dir => return Err(Code::NotDirectory.into()),
                _ => return Ok(inode),
            }
        }
    }

    /// The target of an open of `path` below the start. Errors come in the order of open(2).
    pub(super) fn target(&self, start: Start, path: &str, how: OpenHow) -> Result<Target> {
        let mut walk = Walk::new(self, &start.inode, path)?.making(start.links);
        loop {
            let last = walk.to_last()?;
            let exists = |inode| if how.create && how.exclusive { Err(Code::Exist) } else { Ok(inode) };
            let Some(name) = last.name else { return Ok(Target::There(exists(*last.dir)?)) };
            let must_be_dir = last.must_be_dir;
            if must_be_dir && how.create {
                return Err(Code::IsDirectory.into());
            }
            let Some(inode) = self.lookup(*last.dir, name)? else {
                let named = || Named { dir: *last.dir, name: name.to_vec(), must_be_dir: false };
                return if how.create { Ok(Target::Missing(named())) } else { Err(Code::NoEntry.into()) };
            };
            let inode = exists(inode)?;
            match &self.node(inode)?.kind {
                Kind::Symlink(_) if !must_be_dir && how.follow == Follow::No => {
                    // O_DIRECTORY speaks before O_NOFOLLOW.
                    return Err(if how.directory { Code::NotDirectory } else { Code::Loop }.into());
                }
                Kind::Symlink(_) => drop(walk.follow()?),
                Kind::File(_) if must_be_dir || how.directory => return Err(Code::NotDirectory.into()),
                _ => return Ok(Target::There(inode)),
            }
        }
    }

    /// The directory and the name that a call on the name itself acts on.
    pub(super) fn place(&self, start: Start, path: &str) -> Result<Place> {
        match split(path)?.last {
            // `resolve` finds out whether it is there, and inside.
            LastName::Dot => return self.resolve(start, path, Follow::Yes).map(|_| Place::Dot),
            LastName::DotDot => return self.resolve(start, path, Follow::Yes).map(|_| Place::DotDot),
            LastName::Plain(_) => {}
        }
        let mut walk = Walk::new(self, &start.inode, path)?.making(start.links);
        let last = walk.to_last()?;
        let name = last.name.unwrap_or_default().to_vec();
        Ok(Place::Name(Named { dir: *last.dir, name, must_be_dir: last.must_be_dir }))
    }

    /// The name that `path` leads to when all links are followed, for a call that refuses directories.
    pub(super) fn followed(&self, start: Start, path: &str) -> Result<Named> {
        let mut walk = Walk::new(self, &start.inode, path)?.making(start.links);
        loop {
            let last = walk.to_last()?;
            let Some(name) = last.name else { return Err(Code::NotPermitted.into()) };
            let (dir, must_be_dir) = (*last.dir, last.must_be_dir);
            match &self.node(self.find(dir, name)?)?.kind {
                Kind::Symlink(_) => drop(walk.follow()?),
                Kind::Directory(_) if must_be_dir => return Err(Code::NotPermitted.into()),
                _ if must_be_dir => return Err(Code::NotDirectory.into()),
                _ => return Ok(Named { dir, name: name.to_vec(), must_be_dir }),
            }
        }
    }

    /// A place for a name that shall be made, and stand for anything but a directory; whether it is free is still to be seen.
    pub(super) fn new_place(&self, start: Start, path: &str) -> Result<Named> {
        match self.place(start, path)? {
            Place::Name(at) if at.must_be_dir => self.require_directory(&at).and(Err(Code::Exist.into())),
            Place::Name(at) => Ok(at),
            Place::Dot | Place::DotDot => Err(Code::Exist.into()),
        }
    }

    /// Errors unless the name is that of a directory.
    pub(super) fn require_directory(&self, at: &Named) -> Result<()> {
        let inode = self.find(at.dir, &at.name)?;
        if self.is_directory(inode)? { Ok(()) } else { Err(Code::NotDirectory.into()) }
    }

    /// Errors where the name is taken.
    pub(super) fn require_free(&self, at: &Named) -> Result<()> {
        match self.lookup(at.dir, &at.name)? {
            Some(_) => Err(Code::Exist.into()),
            None => Ok(()),
        }
    }
}
