//! Directories: every call that takes a path.
//!
//! One plain name is acted on where it is, by one system call that does not follow it; any other path is resolved beneath
//! the directory first (`resolve`). Nothing here joins paths.

use std::any::Any;
use std::sync::Arc;

use callgate_system::path::{LastName, Split, split, validate_target};
use callgate_system::{
    Code, Directory, Entries, Error, FileType, Follow, Names, NewTimestamp, OpenHow, Opened, Result, Stat,
};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{AtFlags, Mode, OFlags};
use rustix::io::Errno;

use crate::entries::LinuxEntries;
use crate::error::{Portable as _, coded};
use crate::file::LinuxFile;
use crate::resolve::{Named, Place, Resolver, Way, nofollow};
use crate::sealed::Sealing;
use crate::{stat, times};

/// An open directory.
pub(crate) struct LinuxDirectory {
    fd: OwnedFd,
    resolver: Resolver,
    sealing: Sealing,
}

/// The flags of every open. No child inherits the descriptor, no terminal becomes ours, no pipe makes us wait.
const ALWAYS: OFlags = OFlags::CLOEXEC.union(OFlags::NOCTTY).union(OFlags::NONBLOCK);

/// The permissions of a new file before the umask: reading and writing by anybody.
const FILE_MODE: Mode = Mode::from_raw_mode(0o666);

/// The same for a new directory.
const DIRECTORY_MODE: Mode = Mode::from_raw_mode(0o777);

impl LinuxDirectory {
    /// The root of a mount: the user's path, links and all.
    pub(crate) fn root(path: &std::ffi::OsStr, way: Way) -> Result<Self> {
        let open = |access| rustix::fs::open(path, access | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty());
        let fd = match open(OFlags::RDONLY) {
            // It may still be passed through.
            Err(Errno::ACCESS) => open(OFlags::PATH),
            opened => opened,
        };
        let fd = fd.portable()?;
        Ok(Self { resolver: Resolver::new(way, &fd), fd, sealing: Sealing::here() })
    }

    fn place<'d, 'p>(&'d self, path: &'p str) -> Result<Place<'d, 'p>> {
        self.resolver.place(&self.fd, path)
    }

    fn opened(&self, fd: OwnedFd, path: &Split<'_>, how: OpenHow) -> Result<Opened> {
        let directory = if how.write || how.create {
            false
        } else if how.directory || ends_as_directory(path) {
            true
        } else {
            is_directory(&fd)?
        };
        Ok(if directory {
            Opened::Directory(Arc::new(Self { fd, resolver: self.resolver, sealing: self.sealing }))
        } else {
            Opened::File(Arc::new(LinuxFile::new(fd, how.read, how.write)))
        })
    }
}

/// Tells a directory from any other file.
///
/// A read of no bytes tells the two apart in half the time of an `fstat`: vfs_read has it fail with `EISDIR` for a directory, and file systems answer
/// 0 without looking at the file. Devices, FIFOs and `O_PATH` handles may fail it otherwise, and are asked for their attributes.
fn is_directory(fd: &OwnedFd) -> Result<bool> {
    match rustix::io::pread(fd, &mut [0_u8; 0][..], 0) {
        Ok(_) => return Ok(false),
        Err(Errno::ISDIR) => return Ok(true),
        Err(_) => {}
    }
    match stat::of(fd)?.kind {
        FileType::Directory => Ok(true),
        // Only where a name was swapped while an O_PATH handle was made.
        FileType::SymbolicLink => Err(coded(Code::Loop, Errno::LOOP)),
        _ => Ok(false),
    }
}

impl AsFd for LinuxDirectory {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl Directory for LinuxDirectory {
    fn open(&self, path: &str, how: OpenHow) -> Result<Opened> {
        let split = split(path)?;
        if (how.create && how.directory) || (how.truncate && !how.write) {
            return Err(Code::Invalid.into());
        }
        let made = OpenHow { exclusive: true, ..how };
        if self.sealing.cuts_later(how)
            && let Ok(fd) = self.resolver.open_split(&self.fd, path, &split, flags(made), FILE_MODE)
        {
            // A new file is not sealed, and there is nothing to cut.
            return self.opened(fd, &split, made);
        }
        let flags = flags(how) | self.sealing.truncation(how);
        let fd = match self.resolver.open_split(&self.fd, path, &split, flags, FILE_MODE) {
            Err(error) if wants_attributes_only(how) && is_unreadable(error) => {
                let flags = OFlags::PATH | OFlags::CLOEXEC | nofollow(how.follow) | directory_flag(how);
                self.resolver.open(&self.fd, path, flags, Mode::empty())
            }
            opened => opened,
        };
        let fd = fd?;
        self.sealing.finish(&fd, how)?;
        self.opened(fd, &split, how)
    }

    fn stat(&self, path: &str, follow: Follow) -> Result<Stat> {
        self.resolver.stat(&self.fd, path, follow)
    }

    fn metadata(&self) -> Result<Stat> {
        stat::of(&self.fd)
    }

    fn read_entries(&self) -> Result<Box<dyn Entries>> {
        Ok(Box::new(LinuxEntries::of(&self.fd)?))
    }

    fn create_directory(&self, path: &str) -> Result<()> {
        match self.place(path)? {
            Place::Name(at) => rustix::fs::mkdirat(&*at.dir, at.name, DIRECTORY_MODE).portable(),
            Place::Dot | Place::DotDot => Err(Code::Exist.into()),
        }
    }

    fn remove_directory(&self, path: &str) -> Result<()> {
        match self.place(path)? {
            Place::Name(at) => rustix::fs::unlinkat(&*at.dir, at.name, AtFlags::REMOVEDIR).portable(),
            Place::Dot => Err(Code::Invalid.into()),
            Place::DotDot => Err(Code::NotEmpty.into()),
        }
    }

    fn unlink_file(&self, path: &str) -> Result<()> {
        match self.place(path)? {
            Place::Name(at) if at.must_be_dir => at.is_directory().and(Err(Code::IsDirectory.into())),
            Place::Name(at) => rustix::fs::unlinkat(&*at.dir, at.name, AtFlags::empty()).portable(),
            Place::Dot | Place::DotDot => Err(Code::IsDirectory.into()),
        }
    }

    fn symlink(&self, target: &str, path: &str) -> Result<()> {
        validate_target(target)?;
        let at = new_name(self.place(path)?)?;
        rustix::fs::symlinkat(target, &*at.dir, at.name).portable()
    }

    fn read_link(&self, path: &str) -> Result<String> {
        let text = match self.place(path)? {
            Place::Name(at) if at.must_be_dir => return at.is_directory().and(Err(Code::Invalid.into())),
            Place::Name(at) => rustix::fs::readlinkat(&*at.dir, at.name, Vec::new()).portable()?.into_bytes(),
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
            let from = self.resolver.followed(&self.fd, path)?;
            let to = new_name(new_directory.place(new_path)?)?;
            return rustix::fs::linkat(&*from.dir, from.name.as_slice(), &*to.dir, to.name, AtFlags::empty())
                .portable();
        }
        let Place::Name(from) = self.place(path)? else { return Err(Code::NotPermitted.into()) };
        from.is_what_the_slash_says()?;
        let to = new_name(new_directory.place(new_path)?)?;
        rustix::fs::linkat(&*from.dir, from.name, &*to.dir, to.name, AtFlags::empty()).portable()
    }

    fn rename(&self, path: &str, new_directory: &dyn Directory, new_path: &str) -> Result<()> {
        let (from, to) = (self.place(path)?, same_system(new_directory)?.place(new_path)?);
        let (Place::Name(from), Place::Name(to)) = (from, to) else { return Err(Code::Busy.into()) };
        if from.must_be_dir || to.must_be_dir {
            // After either, a directory stands there, or has stood.
            from.is_directory()?;
        }
        rustix::fs::renameat(&*from.dir, from.name, &*to.dir, to.name).portable()
    }

    fn set_times(&self, path: &str, follow: Follow, accessed: NewTimestamp, modified: NewTimestamp) -> Result<()> {
        let times = times::timestamps(accessed, modified)?;
        self.resolver.set_times(&self.fd, path, follow, &times)
    }

    fn set_own_times(&self, accessed: NewTimestamp, modified: NewTimestamp) -> Result<()> {
        times::set(&self.fd, &times::timestamps(accessed, modified)?).portable()
    }

    fn sync(&self) -> Result<()> {
        rustix::fs::fsync(&self.fd).portable()
    }

    fn lies_within(&self, outer: &dyn Directory) -> Result<bool> {
        match same_system(outer) {
            Ok(outer) => callgate_mounts::lies_within(self.as_fd(), outer.as_fd()).portable(),
            Err(_) => Ok(false),
        }
    }

    fn strict(&self) -> Result<Arc<dyn Directory>> {
        let fd = rustix::io::fcntl_dupfd_cloexec(&self.fd, 0).portable()?;
        Ok(Arc::new(Self { fd, resolver: self.resolver.strict(), sealing: self.sealing }))
    }

    fn names(&self) -> Names {
        if callgate_mounts::ignores_case(self.as_fd()) { Names::IgnoringCase } else { Names::Exact }
    }
}

/// A name that shall be made, and stand for anything but a directory.
fn new_name<'d, 'p>(place: Place<'d, 'p>) -> Result<Named<'d, 'p>> {
    match place {
        Place::Name(at) if at.must_be_dir => at.is_directory().and(Err(Code::Exist.into())),
        Place::Name(at) => Ok(at),
        Place::Dot | Place::DotDot => Err(Code::Exist.into()),
    }
}

fn same_system(directory: &dyn Directory) -> Result<&LinuxDirectory> {
    (directory as &dyn Any).downcast_ref().ok_or(Code::CrossDevice.into())
}

/// True if the text of a path alone says that the opened object is a directory.
fn ends_as_directory(path: &Split<'_>) -> bool {
    path.must_be_dir || !matches!(path.last, LastName::Plain(_))
}

fn wants_attributes_only(how: OpenHow) -> bool {
    !how.read && !how.write
}

/// True if the error says that a file may not be read, or has nothing to read (a socket, a device without a driver). Its
/// attributes may still be looked at.
fn is_unreadable(error: Error) -> bool {
    matches!(error.code, Code::Access | Code::NoSuchDevice | Code::NoDevice)
}

fn directory_flag(how: OpenHow) -> OFlags {
    if how.directory { OFlags::DIRECTORY } else { OFlags::empty() }
}

fn flags(how: OpenHow) -> OFlags {
    let access = match (how.read, how.write) {
        (true, true) => OFlags::RDWR,
        (false, true) => OFlags::WRONLY,
        // For its attributes alone, too: an O_PATH handle could not be synced or advised on.
        (_, false) => OFlags::RDONLY,
    };
    let mut flags = ALWAYS | access | nofollow(how.follow) | directory_flag(how);
    flags.set(OFlags::CREATE, how.create);
    flags.set(OFlags::EXCL, how.create && how.exclusive);
    flags.set(OFlags::DSYNC, how.sync_data);
    if how.sync {
        flags |= OFlags::SYNC;
    }
    flags
}
