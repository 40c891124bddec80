//! From a guest's path to a handle, or to a directory and a name: by the project's walker, over cap-std calls on one name
//! at a time.
//!
//! Each call answers what the other backends answer: the behaviour suite is the same. A name may turn into something else
//! between two calls. Then the answer is one that was true at some moment, or the name is looked at again, at most as often as
//! links may be followed.
//!
//! Hazard: a name given to cap-std must be one plain component ([`os::name`]), and the call must not follow it. A trailing
//! `/` makes systems follow: it is taken off here, and what it asks for is checked by whoever acts.

use std::path::Path;

use callgate_system::path::{Held, LINKS_MAX, LastName, Links, Step, Steps, Walk, split};
use callgate_system::{Code, Error, FileType, Follow, OpenHow, Result, Stat};
use cap_fs_ext::DirExt as _;
use cap_std::fs::{Dir, File};

use crate::error::Portable as _;
use crate::procfs::Procfs;
use crate::times::NewTimes;
use crate::{os, stat};

/// The steps of the walker.
struct Names;

/// The handle that an open yields, before a file or directory is made of it.
pub(crate) enum Handle {
    Directory(Dir),
    File(File),
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
    pub(crate) dir: Held<'d, Dir>,
    pub(crate) name: &'p Path,
    /// True if a `/` asks for a directory. The `/` is not part of `name`.
    pub(crate) must_be_dir: bool,
}

/// The object that a path with all links followed leads to, as a call without handles needs it.
pub(crate) struct Followed<'d> {
    pub(crate) dir: Held<'d, Dir>,
    /// The name of no link a moment ago, and of no directory if the path ended in `/`.
    pub(crate) name: Vec<u8>,
}

impl Named<'_, '_> {
    /// Checks what a trailing `/` asks of the name itself: `NotDirectory` for anything but a directory, even for a link to one.
    pub(crate) fn is_what_the_slash_says(&self) -> Result<()> {
        if self.must_be_dir { self.is_directory() } else { Ok(()) }
    }

    /// Errors unless the name is that of a directory.
    pub(crate) fn is_directory(&self) -> Result<()> {
        if is_directory(&self.dir, self.name)? { Ok(()) } else { Err(Code::NotDirectory.into()) }
    }
}

impl Steps for Names {
    type Dir = Dir;

    fn open_dir(&self, at: &Dir, name: &[u8]) -> Result<Step<Dir>> {
        let plain = os::name(name)?;
        for _ in 0..LINKS_MAX {
            match at.open_dir_nofollow(plain).portable() {
                Ok(dir) => return Ok(Step::Dir(dir)),
                // A link, or no directory.
                Err(error) if matches!(error.code, Code::NotDirectory | Code::Loop) => {}
                Err(error) => return Err(error),
            }
            if let Some(text) = self.read_link(at, name)? {
                return Ok(Step::Link(text));
            }
            if !is_directory(at, plain)? {
                return Ok(Step::Other);
            }
        }
        Err(Code::Loop.into())
    }

    fn read_link(&self, at: &Dir, name: &[u8]) -> Result<Option<Vec<u8>>> {
        match at.read_link_contents(os::name(name)?).portable() {
            Ok(text) => Ok(Some(os::link_text(text))),
            Err(error) if error.code == Code::Invalid => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn search(&self, at: &Dir) -> Result<()> {
        at.symlink_metadata(".").portable().map(drop)
    }
}

/// Opens `path` beneath `dir`.
pub(crate) fn open(dir: &Dir, path: &str, links: Links, how: OpenHow, procfs: Procfs) -> Result<Handle> {
    let mut walk = Walk::new(&Names, dir, path)?.making(links);
    loop {
        let last = walk.to_last()?;
        let Some(name) = last.name else { return directory_itself(last.dir, how) };
        let must_be_dir = last.must_be_dir || how.directory;
        let opened = if last.must_be_dir && how.create {
            Names.search(last.dir).and(Err(Code::IsDirectory.into()))
        } else if must_be_dir {
            directory_at(last.dir, name, how)
        } else {
            anything_at(last.dir, os::name(name)?, how, procfs)
        };
        let follow = last.must_be_dir || how.follow == Follow::Yes;
        match opened {
            Err(error) if error.code == Code::Loop && follow => walk.follow()?,
            Err(error) if error.code == Code::Loop && how.directory => return Err(Code::NotDirectory.into()),
            opened => return opened,
        };
    }
}

/// Opens `dir` for a path that ends in `.` or `..`.
fn directory_itself(dir: &Dir, how: OpenHow) -> Result<Handle> {
    if how.create && how.exclusive {
        Err(Code::Exist.into())
    } else if how.create || how.write {
        Err(Code::IsDirectory.into())
    } else {
        Names.search(dir)?;
        dir.try_clone().portable().map(Handle::Directory)
    }
}

/// Opens the directory `name`; `Loop` for a link.
fn directory_at(dir: &Dir, name: &[u8], how: OpenHow) -> Result<Handle> {
    match Names.open_dir(dir, name)? {
        Step::Dir(_) if how.write => Err(Code::IsDirectory.into()),
        Step::Dir(dir) => Ok(Handle::Directory(dir)),
        Step::Link(_) => Err(Code::Loop.into()),
        Step::Other => Err(Code::NotDirectory.into()),
    }
}

/// Opens whatever `name` is; `Loop` for a link.
fn anything_at(dir: &Dir, name: &Path, how: OpenHow, procfs: Procfs) -> Result<Handle> {
    let file = match dir.open_with(name, &os::options(how)).portable() {
        // The name may not be written, or cannot be opened so, because it is a directory.
        Err(error) if error.code == Code::Access && (how.write || how.create) && is_directory(dir, name)? => {
            return Err(Code::IsDirectory.into());
        }
        // It must be there to be opened for reading, and be written to be made.
        Err(error) if error.code == Code::NoEntry && how.create && !how.write => {
            let made = OpenHow { write: true, ..how };
            dir.open_with(name, &os::options(made)).portable()?
        }
        // A file that may not be read, or has nothing to read, may still have its attributes looked at.
        Err(error) if is_unreadable(error) && !how.read && !how.write => attributes_of(dir, name, error)?,
        opened => opened?,
    };
    let metadata = file.metadata().portable()?;
    if metadata.is_symlink() {
        return Err(Code::Loop.into());
    }
    if !metadata.is_dir() {
        procfs.permit(&file, how.write)?;
        os::cut_unless_sealed(&file, &metadata, how)?;
        return Ok(Handle::File(file));
    }
    if how.write || how.create {
        return Err(Code::IsDirectory.into());
    }
    Ok(Handle::Directory(Dir::from_std_file(file.into_std())))
}

fn is_unreadable(error: Error) -> bool {
    matches!(error.code, Code::Access | Code::NoSuchDevice | Code::NoDevice)
}

/// Opens for the attributes alone, where the system can; else, it is as `error` says.
fn attributes_of(dir: &Dir, name: &Path, error: Error) -> Result<File> {
    let options = os::attributes_alone().ok_or(error)?;
    dir.open_with(name, &options).portable()
}

/// The attributes of what `path` names beneath `dir`.
pub(crate) fn stat(dir: &Dir, path: &str, links: Links, follow: Follow, procfs: Procfs) -> Result<Stat> {
    let mut walk = Walk::new(&Names, dir, path)?.making(links);
    loop {
        let last = walk.to_last()?;
        procfs.permit_names_in(last.dir)?;
        let Some(name) = last.name else { return stat::of_dir(last.dir) };
        let found = stat::at(last.dir, os::name(name)?)?;
        let must_be_dir = last.must_be_dir;
        if found.kind != FileType::SymbolicLink || !(follow == Follow::Yes || must_be_dir) {
            return if must_be_dir && found.kind != FileType::Directory {
                Err(Code::NotDirectory.into())
            } else {
                Ok(found)
            };
        }
        walk.follow()?;
    }
}

/// Sets the times of what `path` names beneath `dir`.
pub(crate) fn set_times(
    dir: &Dir,
    path: &str,
    links: Links,
    follow: Follow,
    new: NewTimes,
    procfs: Procfs,
) -> Result<()> {
    let mut walk = Walk::new(&Names, dir, path)?.making(links);
    loop {
        let last = walk.to_last()?;
        procfs.permit_names_in(last.dir)?;
        if last.name.is_none() {
            return os::set_times(last.dir, Path::new("."), new);
        }
        let must_be_dir = last.must_be_dir;
        if (follow == Follow::Yes || must_be_dir) && walk.follow()? {
            continue;
        }
        let last = walk.to_last()?;
        let name = last.name.map_or(Ok(Path::new(".")), os::name)?;
        if must_be_dir && !is_directory(last.dir, name)? {
            return Err(Code::NotDirectory.into());
        }
        if new.is_none() {
            // A system may not even look then whether the name is there.
            return stat::at(last.dir, name).map(drop);
        }
        return os::set_times(last.dir, name, new);
    }
}

/// The directory and the name that a call on the name itself acts on.
pub(crate) fn place<'d, 'p>(dir: &'d Dir, path: &'p str, links: Links) -> Result<Place<'d, 'p>> {
    let split = split(path)?;
    let mut walk = Walk::new(&Names, dir, path)?.making(links);
    // The walk shows that `.` and `..` are there, and inside.
    walk.to_last()?;
    let name = match split.last {
        LastName::Plain(name) => os::name(name.as_bytes())?,
        LastName::Dot => return Ok(Place::Dot),
        LastName::DotDot => return Ok(Place::DotDot),
    };
    Ok(Place::Name(Named { dir: walk.into_dir(), name, must_be_dir: split.must_be_dir }))
}

/// The directory and the name that `path` leads to when all links are followed, for a call that refuses directories.
///
/// # Errors
/// `NotPermitted` for a directory that has no name here or a trailing `/`.
pub(crate) fn followed<'d>(dir: &'d Dir, path: &str, links: Links) -> Result<Followed<'d>> {
    let mut walk = Walk::new(&Names, dir, path)?.making(links);
    loop {
        walk.to_last()?;
        if !walk.follow()? {
            break;
        }
    }
    let last = walk.to_last()?;
    let (Some(name), must_be_dir) = (last.name.map(<[u8]>::to_vec), last.must_be_dir) else {
        return Err(Code::NotPermitted.into());
    };
    let dir = walk.into_dir();
    if must_be_dir {
        let is_directory = is_directory(&dir, os::name(&name)?)?;
        return Err(if is_directory { Code::NotPermitted } else { Code::NotDirectory }.into());
    }
    Ok(Followed { dir, name })
}

/// True if the plain name `name` in `dir` is a directory, not a link to one.
pub(crate) fn is_directory(dir: &Dir, name: &Path) -> Result<bool> {
    dir.symlink_metadata(name).portable().map(|metadata| metadata.is_dir())
}
