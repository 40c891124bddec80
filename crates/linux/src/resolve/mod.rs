//! From a guest's path to a handle, or to a directory handle and a name: by the kernel where it has `openat2`, by the
//! walker where it has not. Both ways give the same answers; nothing above this module knows which one it is.
//!
//! Hazard: a name given to a call that has no `RESOLVE_BENEATH` must be one plain component, and the call must not follow
//! it. A trailing `/` makes kernels follow: it is taken off here, and what it asks for is checked by whoever acts.

mod openat2;
mod walk;

use std::sync::OnceLock;

use callgate_system::path::{Held, LastName, Split, split};
use callgate_system::{Code, Error, FileType, Follow, Result, Stat};
use rustix::fd::OwnedFd;
use rustix::fs::{Mode, OFlags, Timestamps};
use rustix::io::Errno;

use crate::error::{Portable as _, coded};
use crate::{stat, times};

/// Only to stand on: no rights are needed, and none are given.
const STAND: OFlags = OFlags::PATH.union(OFlags::CLOEXEC);

/// How paths are resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Resolver {
    /// By the kernel.
    Openat2,
    /// By the walker.
    Walker,
}

/// What a path that an operation acts on by name leads to. The last component is never followed.
pub(crate) enum Place<'d, 'p> {
    /// A name in a directory.
    Name(Named<'d, 'p>),
    /// A directory that is there and has no name here: the path ends in `.`.
    Dot,
    /// The same, where the path ends in `..`.
    DotDot,
}

/// A plain name in a directory.
pub(crate) struct Named<'d, 'p> {
    pub(crate) dir: Held<'d, OwnedFd>,
    pub(crate) name: &'p str,
    /// Whether a `/` asks for a directory. It is not part of `name`.
    pub(crate) must_be_dir: bool,
}

impl Named<'_, '_> {
    /// What a trailing `/` asks of the name itself: `NotDirectory` after anything but a directory, be it a link to one.
    pub(crate) fn is_what_the_slash_says(&self) -> Result<()> {
        if self.must_be_dir { self.is_directory() } else { Ok(()) }
    }

    /// Errors unless the name is that of a directory.
    pub(crate) fn is_directory(&self) -> Result<()> {
        match stat::at(&*self.dir, self.name)?.kind {
            FileType::Directory => Ok(()),
            _ => Err(coded(Code::NotDirectory, Errno::NOTDIR)),
        }
    }
}

/// The object that a path with all links followed leads to, as a call without handles needs it.
pub(crate) struct Followed<'d> {
    pub(crate) dir: Held<'d, OwnedFd>,
    /// The name of no link a moment ago, and of no directory if the path ended in `/`.
    pub(crate) name: Vec<u8>,
}

impl Resolver {
    /// What this machine offers: the kernel's way, unless it has none or `CALLGATE_NO_OPENAT2=1` is set.
    pub(crate) fn probe() -> Self {
        static AVAILABLE: OnceLock<bool> = OnceLock::new();
        let refused = std::env::var_os("CALLGATE_NO_OPENAT2").is_some_and(|value| value == "1");
        if !refused && *AVAILABLE.get_or_init(openat2::probe) { Self::Openat2 } else { Self::Walker }
    }

    /// Opens `path` beneath `dir`. `flags` with `O_NOFOLLOW` or without say whether a last link is followed.
    pub(crate) fn open(self, dir: &OwnedFd, path: &str, flags: OFlags, mode: Mode) -> Result<OwnedFd> {
        match self.by_kernel(dir, path, flags, mode) {
            Some(opened) => opened,
            None => walk::open(dir, path, flags, mode),
        }
    }

    /// Opens a path that has already been taken apart. One plain name that is no link takes `openat`, which is a fifth
    /// faster than `openat2`.
    pub(crate) fn open_split(
        self,
        dir: &OwnedFd,
        path: &str,
        split: &Split<'_>,
        flags: OFlags,
        mode: Mode,
    ) -> Result<OwnedFd> {
        // The walker does so by itself, and O_PATH would open a link and say nothing.
        if let (Self::Openat2, Some(name), false) = (self, split.single(), flags.contains(OFlags::PATH)) {
            match rustix::fs::openat(dir, name, flags | OFlags::NOFOLLOW, mode) {
                // A link, perhaps: O_DIRECTORY speaks before O_NOFOLLOW.
                Err(Errno::LOOP | Errno::NOTDIR | Errno::INTR) => {}
                opened => return opened.portable(),
            }
        }
        self.open(dir, path, flags, mode)
    }

    /// The attributes of what `path` names.
    pub(crate) fn stat(self, dir: &OwnedFd, path: &str, follow: Follow) -> Result<Stat> {
        let split = split(path)?;
        if let Some(name) = split.single() {
            let found = stat::at(dir, name)?;
            if found.kind != FileType::SymbolicLink || follow == Follow::No {
                return Ok(found);
            }
        }
        match self.by_kernel(dir, path, STAND | nofollow(follow), Mode::empty()) {
            Some(opened) => stat::of(opened?),
            None => walk::stat(dir, path, follow == Follow::Yes),
        }
    }

    /// Sets the times of what `path` names.
    pub(crate) fn set_times(self, dir: &OwnedFd, path: &str, follow: Follow, new: &Timestamps) -> Result<()> {
        let split = split(path)?;
        if let (Some(name), Follow::No) = (split.single(), follow) {
            return times::set_at(dir, name, new).portable();
        }
        if let Some(opened) = self.by_kernel(dir, path, STAND | nofollow(follow), Mode::empty()) {
            match times::set_path_only(opened?, new) {
                // Before Linux 5.8.
                Err(Errno::INVAL) => {}
                result => return result.portable(),
            }
        }
        walk::set_times(dir, path, follow == Follow::Yes, new)
    }

    /// The directory and the name that a call on the name itself acts on.
    pub(crate) fn place<'d, 'p>(self, dir: &'d OwnedFd, path: &'p str) -> Result<Place<'d, 'p>> {
        let split = split(path)?;
        let name = match split.last {
            LastName::Plain(name) => name,
            // Whether it is there, and inside, is still to be seen.
            LastName::Dot => return self.directory(dir, path).map(|_| Place::Dot),
            LastName::DotDot => return self.directory(dir, path).map(|_| Place::DotDot),
        };
        let parent = if split.parent.is_empty() {
            Held::Root(dir)
        } else {
            match self.by_kernel(dir, split.parent, STAND | OFlags::DIRECTORY, Mode::empty()) {
                Some(opened) => Held::Own(opened?),
                None => walk::parent(dir, path)?,
            }
        };
        Ok(Place::Name(Named { dir: parent, name, must_be_dir: split.must_be_dir }))
    }

    /// The directory and the name that `path` leads to when all links are followed, for a call that refuses directories.
    ///
    /// # Errors
    /// `NotPermitted` for a directory that has no name here or a trailing `/`.
    pub(crate) fn followed<'d>(self, dir: &'d OwnedFd, path: &str) -> Result<Followed<'d>> {
        let followed = walk::followed(dir, path)?;
        let Some(name) = followed.name else { return Err(Code::NotPermitted.into()) };
        if followed.must_be_dir {
            let kind = stat::at(&*followed.dir, name.as_slice())?.kind;
            return Err(match kind {
                FileType::Directory => Error::new(Code::NotPermitted),
                _ => coded(Code::NotDirectory, Errno::NOTDIR),
            });
        }
        Ok(Followed { dir: followed.dir, name })
    }

    fn directory(self, dir: &OwnedFd, path: &str) -> Result<OwnedFd> {
        self.open(dir, path, STAND | OFlags::DIRECTORY, Mode::empty())
    }

    fn by_kernel(self, dir: &OwnedFd, path: &str, flags: OFlags, mode: Mode) -> Option<Result<OwnedFd>> {
        match self {
            Self::Openat2 => openat2::open(dir, path, flags, mode),
            Self::Walker => None,
        }
    }
}

/// The flag for a last link that is not followed.
pub(crate) fn nofollow(follow: Follow) -> OFlags {
    match follow {
        Follow::Yes => OFlags::empty(),
        Follow::No => OFlags::NOFOLLOW,
    }
}
