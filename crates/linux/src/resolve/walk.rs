//! Resolution by the portable walker, for kernels without `openat2`: `openat` of one name at a time, with `O_NOFOLLOW`.
//!
//! Each call answers what `openat2` would have answered: the behaviour suite runs both ways. A name may turn into something
//! else between two system calls. Then the answer is one that was true at some moment, or the name is looked at again, at most
//! as often as links may be followed.

use callgate_mounts::Procfs;
use callgate_system::path::{Held, Links, Step, Steps, Walk};
use callgate_system::{Code, FileType, Result, Stat};
use rustix::fd::{AsFd as _, OwnedFd};
use rustix::fs::{Mode, OFlags, Timestamps};
use rustix::io::Errno;

use super::permit;
use crate::error::{Portable as _, portable};
use crate::{stat, times};

/// The steps of the walker.
struct Names;

/// A directory on the way is only passed through.
const PASS: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

impl Steps for Names {
    type Dir = OwnedFd;

    fn open_dir(&self, at: &OwnedFd, name: &[u8]) -> Result<Step<OwnedFd>> {
        match rustix::fs::openat(at, name, PASS, Mode::empty()) {
            Ok(dir) => Ok(Step::Dir(dir)),
            // A link, or no directory. It is pinned first, then looked at, so that nobody swaps it between the two.
            Err(Errno::NOTDIR | Errno::LOOP) => {
                let pinned = rustix::fs::openat(at, name, PASS - OFlags::DIRECTORY, Mode::empty()).portable()?;
                Ok(match stat::of(&pinned)?.kind {
                    FileType::Directory => Step::Dir(pinned),
                    FileType::SymbolicLink => {
                        Step::Link(rustix::fs::readlinkat(&pinned, "", Vec::new()).portable()?.into_bytes())
                    }
                    _ => Step::Other,
                })
            }
            Err(errno) => Err(portable(errno)),
        }
    }

    fn read_link(&self, at: &OwnedFd, name: &[u8]) -> Result<Option<Vec<u8>>> {
        match rustix::fs::readlinkat(at, name, Vec::new()) {
            Ok(text) => Ok(Some(text.into_bytes())),
            Err(Errno::INVAL) => Ok(None),
            Err(errno) => Err(portable(errno)),
        }
    }

    fn search(&self, at: &OwnedFd) -> Result<()> {
        rustix::fs::openat(at, ".", PASS, Mode::empty()).portable().map(drop)
    }
}

/// Opens `path` beneath `dir`, as `openat2` does with the same flags.
pub(super) fn open(dir: &OwnedFd, path: &str, links: Links, flags: OFlags, mode: Mode) -> Result<OwnedFd> {
    let mut walk = Walk::new(&Names, dir, path)?.making(links);
    loop {
        let last = walk.to_last()?;
        let Some(name) = last.name else {
            return rustix::fs::openat(last.dir, ".", flags - OFlags::NOFOLLOW, mode).portable();
        };
        let mut here = flags | OFlags::NOFOLLOW;
        if last.must_be_dir {
            if flags.contains(OFlags::CREATE) {
                Names.search(last.dir)?;
                return Err(Code::IsDirectory.into());
            }
            here |= OFlags::DIRECTORY;
        }
        let follow = last.must_be_dir || !flags.contains(OFlags::NOFOLLOW);
        let errno = match rustix::fs::openat(last.dir, name, here, mode) {
            // O_PATH opens a link itself and says nothing.
            Ok(fd) if follow && here.contains(OFlags::PATH) && is(&stat::of(&fd)?, FileType::SymbolicLink) => {
                Errno::LOOP
            }
            Ok(fd) => return Ok(fd),
            Err(Errno::INTR) => continue,
            Err(errno) => errno,
        };
        // O_DIRECTORY speaks before O_NOFOLLOW, so a name that gives ENOTDIR may be a link, too.
        if !follow || !matches!(errno, Errno::LOOP | Errno::NOTDIR) {
            return Err(portable(errno));
        }
        if !walk.follow()? && errno == Errno::NOTDIR {
            require_directory(&mut walk)?;
        }
    }
}

/// Errors unless the last name is a directory by now.
fn require_directory(walk: &mut Walk<'_, '_, Names>) -> Result<()> {
    let last = walk.to_last()?;
    match last.name.map(|name| stat::at(last.dir, name)).transpose()? {
        Some(stat) if !is(&stat, FileType::Directory) => Err(portable(Errno::NOTDIR)),
        _ => Ok(()),
    }
}

/// The attributes of what `path` names beneath `dir`.
pub(super) fn stat(dir: &OwnedFd, path: &str, links: Links, follow: bool, procfs: Procfs) -> Result<Stat> {
    let mut walk = Walk::new(&Names, dir, path)?.making(links);
    loop {
        let last = walk.to_last()?;
        permit(procfs.forbids_names_in(last.dir.as_fd()))?;
        let Some(name) = last.name else { return stat::of(last.dir) };
        let found = stat::at(last.dir, name)?;
        let must_be_dir = last.must_be_dir;
        if !is(&found, FileType::SymbolicLink) || !(follow || must_be_dir) {
            return if must_be_dir && !is(&found, FileType::Directory) {
                Err(portable(Errno::NOTDIR))
            } else {
                Ok(found)
            };
        }
        walk.follow()?;
    }
}

/// Sets the times of what `path` names beneath `dir`.
pub(super) fn set_times(
    dir: &OwnedFd,
    path: &str,
    links: Links,
    follow: bool,
    new: &Timestamps,
    procfs: Procfs,
) -> Result<()> {
    let mut walk = Walk::new(&Names, dir, path)?.making(links);
    loop {
        let last = walk.to_last()?;
        permit(procfs.forbids_names_in(last.dir.as_fd()))?;
        let Some(name) = last.name else { return times::set_at(last.dir, ".", new).portable() };
        let must_be_dir = last.must_be_dir;
        if !(follow || must_be_dir) {
            return times::set_at(last.dir, name, new).portable();
        }
        if walk.follow()? {
            continue;
        }
        if must_be_dir {
            require_directory(&mut walk)?;
        }
        let last = walk.to_last()?;
        return times::set_at(last.dir, last.name.unwrap_or(b"."), new).portable();
    }
}

/// The directory that the last name of `path` is in.
pub(super) fn parent<'d>(dir: &'d OwnedFd, path: &str, links: Links) -> Result<Held<'d, OwnedFd>> {
    let mut walk = Walk::new(&Names, dir, path)?.making(links);
    walk.to_last()?;
    Ok(walk.into_dir())
}

/// The end of a path when all links are followed.
pub(super) struct Followed<'d> {
    /// The directory it is in.
    pub(super) dir: Held<'d, OwnedFd>,
    /// Its name, that of no link a moment ago; `None` for `dir` itself.
    pub(super) name: Option<Vec<u8>>,
    /// True if a `/` asks for a directory.
    pub(super) must_be_dir: bool,
}

/// Follows `path` to the end, to a name that calls without a handle (`linkat`) can act on.
pub(super) fn followed<'d>(dir: &'d OwnedFd, path: &str, links: Links) -> Result<Followed<'d>> {
    let mut walk = Walk::new(&Names, dir, path)?.making(links);
    loop {
        walk.to_last()?;
        if !walk.follow()? {
            break;
        }
    }
    let last = walk.to_last()?;
    let (name, must_be_dir) = (last.name.map(<[u8]>::to_vec), last.must_be_dir);
    Ok(Followed { dir: walk.into_dir(), name, must_be_dir })
}

fn is(stat: &Stat, kind: FileType) -> bool {
    stat.kind == kind
}
