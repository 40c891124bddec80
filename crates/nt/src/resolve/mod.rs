//! From a guest's path to a handle, or to a directory's handle and a name: the portable walker over steps of NT's.
//!
//! Every step opens one component itself, with `FILE_OPEN_REPARSE_POINT`, in a held directory, and looks at what it got. A link
//! is never followed by NT, which would take it anywhere; the walker follows its text. So a component that is swapped meanwhile
//! is caught by the look at the handle, never by a look at the name.
//!
//! Hazard: a file that a filter of the system serves (cloud, deduplication) has to be opened once more without that flag. It is
//! reopened by its handle, so that no name is looked up again, and must then still be the same file, and no link.

use std::result::Result as StdResult;

use callgate_system::path::{Held, LastName, Links, Step, Steps, Walk, split};
use callgate_system::{Code, Follow, Identity, Result};

use crate::error::{Portable as _, Status};
use crate::names::Name;
use crate::open::{Disposition, How};
use crate::reparse::{Class, Look, text};

/// The calls of NT that the resolution needs.
pub(crate) trait Objects {
    /// An open object.
    type Handle;

    /// Opens `name` in `at` itself, whatever it is; says whether it was made.
    fn open(&self, at: &Self::Handle, name: &Name, how: How) -> StdResult<(Self::Handle, bool), Status>;

    /// Opens the object of `handle` once more, as an ordinary open does: whoever owns its reparse tag handles it.
    fn reopen(&self, handle: &Self::Handle, how: How) -> StdResult<Self::Handle, Status>;

    /// Its attributes and its tag.
    fn look(&self, handle: &Self::Handle) -> StdResult<Look, Status>;

    /// The data of a reparse point.
    fn reparse_data(&self, handle: &Self::Handle) -> StdResult<Vec<u8>, Status>;

    /// The object's identity.
    fn identity(&self, handle: &Self::Handle) -> StdResult<Identity, Status>;
}

/// An object, open.
pub(crate) struct Found<H> {
    pub(crate) handle: H,
    pub(crate) look: Look,
    /// True if it wasn't there before.
    pub(crate) created: bool,
}

/// The place that a path leads to, for an operation that acts on it by name. The last component is never followed.
pub(crate) enum Place<'d, 'p, H> {
    /// A name in a directory.
    Name(Named<'d, 'p, H>),
    /// A directory that is there and has no name here: the path ends in `.`.
    Dot,
    /// The same, where the path ends in `..`.
    DotDot,
}

/// A plain name in a directory.
pub(crate) struct Named<'d, 'p, H> {
    pub(crate) dir: Held<'d, H>,
    pub(crate) name: &'p str,
    /// True if a `/` asks for a directory. The `/` is not part of `name`.
    pub(crate) must_be_dir: bool,
}

impl<H> Named<'_, '_, H> {
    /// The name itself, open, as something that is there.
    pub(crate) fn open<O: Objects<Handle = H>>(&self, by: &Resolver<O>, how: How) -> Result<Found<H>> {
        by.open_itself(&self.dir, &Name::existing(self.name.as_bytes())?, how)
    }

    /// Errors unless the name is that of a directory.
    pub(crate) fn is_directory<O: Objects<Handle = H>>(&self, by: &Resolver<O>) -> Result<()> {
        match self.open(by, How::existing(0))?.look.class() {
            Class::Directory => Ok(()),
            _ => Err(Status::NOT_A_DIRECTORY.portable()),
        }
    }
}

/// Resolves paths over `O`.
pub(crate) struct Resolver<O>(pub(crate) O, pub(crate) Links);

impl<O: Objects> Resolver<O> {
    /// The directory that the last name of `path` is in, and the name.
    pub(crate) fn place<'d, 'p>(&'d self, root: &'d O::Handle, path: &'p str) -> Result<Place<'d, 'p, O::Handle>> {
        let split = split(path)?;
        if let Some(name) = split.single() {
            return Ok(Place::Name(Named { dir: Held::Root(root), name, must_be_dir: false }));
        }
        let mut walk = Walk::new(self, root, path)?.making(self.1);
        walk.to_last()?;
        Ok(match split.last {
            LastName::Plain(name) => Place::Name(Named { dir: walk.into_dir(), name, must_be_dir: split.must_be_dir }),
            LastName::Dot => Place::Dot,
            LastName::DotDot => Place::DotDot,
        })
    }

    /// Opens what `path` names beneath `root`: a last link itself under [`Follow::No`], unless a `/` stands after it.
    pub(crate) fn open(&self, root: &O::Handle, path: &str, how: How, follow: Follow) -> Result<Found<O::Handle>> {
        let mut walk = Walk::new(self, root, path)?.making(self.1);
        loop {
            let last = walk.to_last()?;
            let must_be_dir = last.must_be_dir;
            let Some(name) = last.name else { return self.open_here(last.dir, how) };
            if must_be_dir && how.makes() {
                return Err(Code::IsDirectory.into());
            }
            let name = if how.makes() { Name::new(name) } else { Name::existing(name) }?;
            let found = self.open_itself(last.dir, &name, how)?;
            match found.look.class() {
                Class::Link if follow == Follow::Yes || must_be_dir => {}
                Class::Directory => return Ok(found),
                _ if must_be_dir => return Err(Status::NOT_A_DIRECTORY.portable()),
                _ => return Ok(found),
            }
            // Where it is no link any more, it is opened anew.
            walk.follow()?;
        }
    }

    /// Opens a directory that was held on the way, with the rights of `how`.
    fn open_here(&self, dir: &O::Handle, how: How) -> Result<Found<O::Handle>> {
        match how.disposition {
            Disposition::Create => return Err(Code::Exist.into()),
            Disposition::OpenIf => return Err(Code::IsDirectory.into()),
            Disposition::Open => {}
        }
        let handle = self.0.reopen(dir, how).portable()?;
        let look = self.0.look(&handle).portable()?;
        Ok(Found { handle, look, created: false })
    }

    /// Opens `name` itself; what a filter serves, so that its data can be read.
    fn open_itself(&self, at: &O::Handle, name: &Name, how: How) -> Result<Found<O::Handle>> {
        let (handle, created) = self.0.open(at, name, how).portable()?;
        let look = self.0.look(&handle).portable()?;
        if look.class() != Class::Filtered {
            return Ok(Found { handle, look, created });
        }
        let served = self.0.reopen(&handle, How { disposition: Disposition::Open, ..how }).portable()?;
        let is_same = self.0.identity(&served).portable()? == self.0.identity(&handle).portable()?;
        let look = self.0.look(&served).portable()?;
        match look.class() {
            Class::File | Class::Directory | Class::Filtered if is_same => {
                Ok(Found { handle: served, look: look.served(), created })
            }
            _ => Err(Code::NotPermitted.into()),
        }
    }

    /// The text of the link that `handle` is.
    pub(crate) fn link_text(&self, handle: &O::Handle) -> Result<Vec<u8>> {
        self.0.reparse_data(handle).and_then(|data| text(&data)).portable()
    }
}

/// The walker's steps.
impl<O: Objects> Steps for Resolver<O> {
    type Dir = O::Handle;

    fn open_dir(&self, at: &O::Handle, name: &[u8]) -> Result<Step<O::Handle>> {
        let found = self.open_itself(at, &Name::existing(name)?, How::existing(0))?;
        Ok(match found.look.class() {
            Class::Directory => Step::Dir(found.handle),
            Class::Link => Step::Link(self.link_text(&found.handle)?),
            Class::File | Class::Special(_) | Class::Filtered => Step::Other,
        })
    }

    fn read_link(&self, at: &O::Handle, name: &[u8]) -> Result<Option<Vec<u8>>> {
        let found = self.open_itself(at, &Name::existing(name)?, How::existing(0))?;
        match found.look.class() {
            Class::Link => self.link_text(&found.handle).map(Some),
            _ => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests;
