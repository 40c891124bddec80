//! From a guest's path to a handle, or to a directory handle and a name: by the kernel where it has `openat2`, by the
//! walker where it has not. Both ways give the same answers; nothing above this module knows which one it is.
//!
//! A file reached by a path is beneath the directory, yet may be off limits to the guest: procfs (`callgate_mounts::Procfs`).
//!
//! Hazard: a name given to a call that has no `RESOLVE_BENEATH` must be one plain component, and the call must not follow
//! it. A trailing `/` makes kernels follow: it is taken off here, and what it asks for is checked by whoever acts.

mod openat2;
mod walk;

use std::sync::OnceLock;

use callgate_mounts::Procfs;
use callgate_system::path::{Held, LastName, Links, Split, climbs, split};
use callgate_system::{Code, Error, FileType, Follow, Result, Stat};
use rustix::fd::{AsFd as _, OwnedFd};
use rustix::fs::{Mode, OFlags, Timestamps};
use rustix::io::Errno;

use crate::error::{Portable as _, coded};
use crate::{stat, times};

/// Only to stand on: no rights are needed, and none are given.
const STAND: OFlags = OFlags::PATH.union(OFlags::CLOEXEC);

/// The implementation that resolves paths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// The kernel.
    Openat2,
    /// The walker.
    Walker,
}

/// The resolver of the paths of one mount.
#[derive(Clone, Copy)]
pub(crate) struct Resolver {
    way: Way,
    procfs: Procfs,
    links: Links,
}

/// The place that a path leads to, for an operation that acts on it by name. The last component is never followed.
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
    /// True if a `/` asks for a directory. The `/` is not part of `name`.
    pub(crate) must_be_dir: bool,
}

impl Named<'_, '_> {
    /// Checks what a trailing `/` asks of the name itself: `NotDirectory` for anything but a directory, even for a link to one.
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

impl Way {
    /// Detects the way of this machine: the kernel's, unless the kernel has none or `CALLGATE_NO_OPENAT2=1` is set.
    pub(crate) fn probe() -> Self {
        static AVAILABLE: OnceLock<bool> = OnceLock::new();
        let refused = std::env::var_os("CALLGATE_NO_OPENAT2").is_some_and(|value| value == "1");
        if !refused && *AVAILABLE.get_or_init(openat2::probe) { Self::Openat2 } else { Self::Walker }
    }
}

impl Resolver {
    /// For all that is below `root`.
    pub(crate) fn new(way: Way, root: &OwnedFd) -> Self {
        Self { way, procfs: Procfs::of(root.as_fd()), links: Links::Followed }
    }

    /// The same, for a strict directory.
    pub(crate) fn strict(self) -> Self {
        Self { links: Links::Refused, ..self }
    }

    /// Opens `path` beneath `dir`. `flags` with `O_NOFOLLOW` or without say whether a last link is followed.
    pub(crate) fn open(self, dir: &OwnedFd, path: &str, flags: OFlags, mode: Mode) -> Result<OwnedFd> {
        let opened = match self.by_kernel(dir, path, flags, mode) {
            Some(opened) => opened,
            None => walk::open(dir, path, self.links, flags, mode),
        };
        self.permitted(opened?, flags)
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
        if let (Way::Openat2, Some(name), false) = (self.way, split.single(), flags.contains(OFlags::PATH)) {
            match rustix::fs::openat(dir, name, flags | OFlags::NOFOLLOW, mode) {
                // A link, perhaps: O_DIRECTORY speaks before O_NOFOLLOW.
                Err(Errno::LOOP | Errno::NOTDIR | Errno::INTR) => {}
                opened => return self.permitted(opened.portable()?, flags),
            }
        }
        self.open(dir, path, flags, mode)
    }

    /// The attributes of what `path` names.
    pub(crate) fn stat(self, dir: &OwnedFd, path: &str, follow: Follow) -> Result<Stat> {
        let split = split(path)?;
        if self.procfs.asks_for_parents() {
            return self.walk_to_stat(dir, path, follow);
        }
        if let Some(name) = split.single() {
            let found = stat::at(dir, name)?;
            if found.kind != FileType::SymbolicLink || follow == Follow::No {
                return Ok(found);
            }
            self.may_follow()?;
        }
        match self.by_kernel(dir, path, STAND | nofollow(follow), Mode::empty()) {
            Some(opened) => stat::of(opened?),
            None => self.walk_to_stat(dir, path, follow),
        }
    }

    fn walk_to_stat(self, dir: &OwnedFd, path: &str, follow: Follow) -> Result<Stat> {
        walk::stat(dir, path, self.links, follow == Follow::Yes, self.procfs)
    }

    /// Sets the times of what `path` names.
    pub(crate) fn set_times(self, dir: &OwnedFd, path: &str, follow: Follow, new: &Timestamps) -> Result<()> {
        let split = split(path)?;
        if self.procfs.asks_for_parents() {
            return self.walk_to_set_times(dir, path, follow, new);
        }
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
        self.walk_to_set_times(dir, path, follow, new)
    }

    fn walk_to_set_times(self, dir: &OwnedFd, path: &str, follow: Follow, new: &Timestamps) -> Result<()> {
        walk::set_times(dir, path, self.links, follow == Follow::Yes, new, self.procfs)
    }

    /// The directory and the name that a call on the name itself acts on.
    pub(crate) fn place<'d, 'p>(self, dir: &'d OwnedFd, path: &'p str) -> Result<Place<'d, 'p>> {
        let split = split(path)?;
        let name = match split.last {
            LastName::Plain(name) => name,
            // The directory may still be missing, or outside.
            LastName::Dot => return self.directory(dir, path).map(|_| Place::Dot),
            LastName::DotDot => return self.directory(dir, path).map(|_| Place::DotDot),
        };
        let parent = if split.parent.is_empty() {
            Held::Root(dir)
        } else {
            match self.by_kernel(dir, split.parent, STAND | OFlags::DIRECTORY, Mode::empty()) {
                Some(opened) => Held::Own(opened?),
                None => walk::parent(dir, path, self.links)?,
            }
        };
        permit(self.procfs.forbids_names_in(parent.as_fd()))?;
        Ok(Place::Name(Named { dir: parent, name, must_be_dir: split.must_be_dir }))
    }

    /// The directory and the name that `path` leads to when all links are followed, for a call that refuses directories.
    ///
    /// # Errors
    /// `NotPermitted` for a directory that has no name here or a trailing `/`.
    pub(crate) fn followed<'d>(self, dir: &'d OwnedFd, path: &str) -> Result<Followed<'d>> {
        let followed = walk::followed(dir, path, self.links)?;
        permit(self.procfs.forbids_names_in(followed.dir.as_fd()))?;
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

    /// Returns `fd`, opened with `flags`, unless it is forbidden to the guest.
    fn permitted(self, fd: OwnedFd, flags: OFlags) -> Result<OwnedFd> {
        let for_writing = flags.intersects(OFlags::WRONLY | OFlags::RDWR);
        permit(self.procfs.forbids(fd.as_fd(), for_writing)).map(|()| fd)
    }

    fn by_kernel(self, dir: &OwnedFd, path: &str, flags: OFlags, mode: Mode) -> Option<Result<OwnedFd>> {
        match self.way {
            Way::Openat2 if self.links == Links::Refused && climbs(path) => Some(Err(Code::Loop.into())),
            Way::Openat2 => openat2::open(dir, path, self.links, flags, mode),
            Way::Walker => None,
        }
    }

    /// Errors where no link may be followed.
    fn may_follow(self) -> Result<()> {
        match self.links {
            Links::Followed => Ok(()),
            Links::Refused => Err(coded(Code::Loop, Errno::LOOP)),
        }
    }
}

fn permit(is_forbidden: rustix::io::Result<bool>) -> Result<()> {
    if is_forbidden.portable()? { Err(Code::NotPermitted.into()) } else { Ok(()) }
}

/// The flag for a last link that is not followed.
pub(crate) fn nofollow(follow: Follow) -> OFlags {
    match follow {
        Follow::Yes => OFlags::empty(),
        Follow::No => OFlags::NOFOLLOW,
    }
}
