//! Directories: every call that takes a path.
//!
//! A path is resolved beneath the directory first (`resolve`); then one cap-std call acts on one plain name, and does not
//! follow it. Nothing here joins paths.

use std::any::Any;
use std::sync::Arc;

use callgate_system::path::{Links, validate_target};
use callgate_system::{Code, Directory, Entries, Error, Follow, Names, NewTimestamp, OpenHow, Opened, Result, Stat};
use cap_fs_ext::DirExt as _;
use cap_std::ambient_authority;
use cap_std::fs::Dir;

use crate::entries::PortableEntries;
use crate::error::{Portable as _, coded};
use crate::file::PortableFile;
use crate::procfs::Procfs;
use crate::resolve::{self, Handle, Named, Place};
use crate::times::NewTimes;
use crate::{os, stat};

/// An open directory.
pub(crate) struct PortableDirectory {
    dir: Dir,
    place: os::Place,
    procfs: Procfs,
    links: Links,
}

impl PortableDirectory {
    /// The root of a mount: the user's path, links and all.
    pub(crate) fn root(path: &std::ffi::OsStr) -> Result<Self> {
        let dir = Dir::open_ambient_dir(path, ambient_authority()).portable()?;
        Ok(Self { procfs: Procfs::of(&dir), dir, place: os::Place::of_root(path), links: Links::Followed })
    }

    fn place<'d, 'p>(&'d self, path: &'p str) -> Result<Place<'d, 'p>> {
        let place = resolve::place(&self.dir, path, self.links)?;
        if let Place::Name(at) = &place {
            self.procfs.permit_names_in(&at.dir)?;
        }
        Ok(place)
    }
}

impl Directory for PortableDirectory {
    fn open(&self, path: &str, how: OpenHow) -> Result<Opened> {
        callgate_system::path::validate(path)?;
        if (how.create && how.directory) || (how.truncate && !how.write) {
            return Err(Code::Invalid.into());
        }
        Ok(match resolve::open(&self.dir, path, self.links, how, self.procfs)? {
            Handle::Directory(dir) => {
                self.procfs.permit(&dir, false)?;
                let place = os::Place::below_root();
                Opened::Directory(Arc::new(Self { dir, place, procfs: self.procfs, links: self.links }))
            }
            Handle::File(file) => Opened::File(Arc::new(PortableFile::new(file.into_std(), how.read, how.write))),
        })
    }

    fn stat(&self, path: &str, follow: Follow) -> Result<Stat> {
        resolve::stat(&self.dir, path, self.links, follow, self.procfs)
    }

    fn metadata(&self) -> Result<Stat> {
        stat::of_dir(&self.dir)
    }

    fn read_entries(&self) -> Result<Box<dyn Entries>> {
        Ok(Box::new(PortableEntries::of(&self.dir)?))
    }

    fn create_directory(&self, path: &str) -> Result<()> {
        match self.place(path)? {
            Place::Name(at) => at.dir.create_dir(at.name).portable(),
            Place::Dot | Place::DotDot => Err(Code::Exist.into()),
        }
    }

    fn remove_directory(&self, path: &str) -> Result<()> {
        match self.place(path)? {
            Place::Name(at) => at.dir.remove_dir(at.name).portable(),
            Place::Dot => Err(Code::Invalid.into()),
            Place::DotDot => Err(Code::NotEmpty.into()),
        }
    }

    fn unlink_file(&self, path: &str) -> Result<()> {
        match self.place(path)? {
            Place::Name(at) if at.must_be_dir => at.is_directory().and(Err(Code::IsDirectory.into())),
            Place::Name(at) => {
                let removed = at.dir.remove_file_or_symlink(at.name).portable();
                refused_as(removed, &at, Code::IsDirectory)
            }
            Place::Dot | Place::DotDot => Err(Code::IsDirectory.into()),
        }
    }

    fn symlink(&self, target: &str, path: &str) -> Result<()> {
        validate_target(target)?;
        let place = self.place(path)?;
        let at = new_name(&place)?;
        os::symlink(&at.dir, target, at.name)
    }

    fn read_link(&self, path: &str) -> Result<String> {
        let text = match self.place(path)? {
            Place::Name(at) if at.must_be_dir => return at.is_directory().and(Err(Code::Invalid.into())),
            Place::Name(at) => os::link_text(at.dir.read_link_contents(at.name).portable()?),
            Place::Dot | Place::DotDot => return Err(Code::Invalid.into()),
        };
        if text.starts_with(b"/") {
            return Err(Code::NotPermitted.into());
        }
        String::from_utf8(text).map_err(|_| Code::IllegalByteSequence.into())
    }

    fn link(&self, path: &str, follow: Follow, new_directory: &dyn Directory, new_path: &str) -> Result<()> {
        let new_directory = same_system(new_directory)?;
        if follow == Follow::Yes {
            let from = resolve::followed(&self.dir, path, self.links)?;
            self.procfs.permit_names_in(&from.dir)?;
            let name = os::name(&from.name)?;
            return hard_link(&Named { dir: from.dir, name, must_be_dir: false }, &new_directory.place(new_path)?);
        }
        let Place::Name(from) = self.place(path)? else { return Err(Code::NotPermitted.into()) };
        from.is_what_the_slash_says()?;
        hard_link(&from, &new_directory.place(new_path)?)
    }

    fn rename(&self, path: &str, new_directory: &dyn Directory, new_path: &str) -> Result<()> {
        let (from, to) = (self.place(path)?, same_system(new_directory)?.place(new_path)?);
        let (Place::Name(from), Place::Name(to)) = (from, to) else { return Err(Code::Busy.into()) };
        if from.must_be_dir || to.must_be_dir {
            // After either, a directory stands there, or has stood.
            from.is_directory()?;
        }
        os::rename(&from.dir, from.name, &to.dir, to.name)
    }

    fn set_times(&self, path: &str, follow: Follow, accessed: NewTimestamp, modified: NewTimestamp) -> Result<()> {
        let times = NewTimes::new(accessed, modified)?;
        resolve::set_times(&self.dir, path, self.links, follow, times, self.procfs)
    }

    fn set_own_times(&self, accessed: NewTimestamp, modified: NewTimestamp) -> Result<()> {
        os::set_times(&self.dir, std::path::Path::new("."), NewTimes::new(accessed, modified)?)
    }

    fn sync(&self) -> Result<()> {
        os::sync_directory(&self.dir).portable()
    }

    fn lies_within(&self, outer: &dyn Directory) -> Result<bool> {
        match same_system(outer) {
            Ok(outer) => os::lies_within((&self.dir, &self.place), &outer.dir),
            Err(_) => Ok(false),
        }
    }

    fn strict(&self) -> Result<Arc<dyn Directory>> {
        let (dir, place) = (self.dir.try_clone().portable()?, self.place.clone());
        Ok(Arc::new(Self { dir, place, procfs: self.procfs, links: Links::Refused }))
    }

    fn names(&self) -> Names {
        if os::ignores_case(&self.dir) { Names::IgnoringCase } else { Names::Exact }
    }
}

/// Makes `to` another name of `from`.
fn hard_link(from: &Named<'_, '_>, to: &Place<'_, '_>) -> Result<()> {
    let to = new_name(to)?;
    let linked = from.dir.hard_link(from.name, &to.dir, to.name).portable();
    refused_as(linked, from, Code::NotPermitted)
}

/// A name that shall be made, and stand for anything but a directory.
fn new_name<'a, 'd, 'p>(place: &'a Place<'d, 'p>) -> Result<&'a Named<'d, 'p>> {
    match place {
        Place::Name(at) if at.must_be_dir => at.is_directory().and(Err(Code::Exist.into())),
        Place::Name(at) => Ok(at),
        Place::Dot | Place::DotDot => Err(Code::Exist.into()),
    }
}

/// `code` where a call was refused because `at` is a directory: systems have several words for it.
fn refused_as(result: Result<()>, at: &Named<'_, '_>, code: Code) -> Result<()> {
    let is_refused = |error: &Error| os::REFUSED_DIRECTORY.contains(&error.code);
    match result {
        Err(error) if is_refused(&error) && at.is_directory().is_ok() => Err(coded(code, error)),
        result => result,
    }
}

fn same_system(directory: &dyn Directory) -> Result<&PortableDirectory> {
    (directory as &dyn Any).downcast_ref().ok_or(Code::CrossDevice.into())
}
