//! Directories: every call that takes a path.
//!
//! A path is resolved to a handle, or to a directory's handle and one name (`resolve`); every call of NT is on those. Nothing
//! here joins paths for NT.

use std::any::Any;
use std::ffi::OsStr;
use std::os::windows::ffi::OsStrExt as _;
use std::sync::Arc;

use callgate_system::path::{Held, split};
use callgate_system::{
    Code, Directory, Entries, Follow, Names, NewTimestamp, OpenHow, Opened, Result, Stat, find_listed,
};

use crate::entries::NtEntries;
use crate::error::{Portable as _, Status};
use crate::file::{NtFile, flush_reopened, set_times};
use crate::names::{Name, last_of};
use crate::nt::{self, Handle, file, info};
use crate::objects::{Ntdll, RESOLVER, STRICT};
use crate::open::{APPEND_DATA, Disposition, How, READ_DATA, WRITE_ATTRIBUTES, WRITE_DATA};
use crate::reparse::Class;
use crate::resolve::{Found, Named, Objects as _, Place, Resolver};
use crate::within::lies_within;
use crate::{naming, stat, symlink};

/// An open directory.
pub(crate) struct NtDirectory {
    handle: Handle,
    /// The serial number of its volume.
    device: u64,
    resolver: &'static Resolver<Ntdll>,
}

impl NtDirectory {
    /// The root of a mount: the user's path, links and all.
    pub(crate) fn root(path: &OsStr) -> Result<Self> {
        let path: Vec<u16> = path.encode_wide().collect();
        if path.contains(&0) {
            return Err(Code::Invalid.into());
        }
        let path = nt::path::native(&path).portable()?;
        let how = How { directory: true, optional: READ_DATA | WRITE_ATTRIBUTES, ..How::existing(0) };
        let (handle, _) = file::open(None, &path, how, false).portable()?;
        let device = info::volume_serial(&handle).portable()?;
        Ok(Self { handle, device, resolver: &RESOLVER })
    }

    fn place<'d, 'p>(&'d self, path: &'p str) -> Result<Place<'d, 'p, Handle>> {
        self.resolver.place(&self.handle, path)
    }

    fn opened(&self, found: Found<Handle>, how: OpenHow) -> Result<Opened> {
        match found.look.class() {
            Class::Directory if how.write || how.create => return Err(Status::FILE_IS_A_DIRECTORY.portable()),
            Class::Directory => {
                return Ok(Opened::Directory(Arc::new(Self { handle: found.handle, ..*self })));
            }
            _ if how.directory => return Err(Status::NOT_A_DIRECTORY.portable()),
            Class::Link => return Err(Status::STOPPED_ON_SYMLINK.portable()),
            Class::Special(_) if how.read || how.write => return Err(Code::NoSuchDevice.into()),
            // NT refuses that by itself, but not to who may restore files; nor does Wine, to root.
            _ if how.write && found.look.is_sealed() => return Err(Status::ACCESS_DENIED.portable()),
            _ => {}
        }
        if how.truncate && !found.created {
            info::set_end_of_file(&found.handle, 0).portable()?;
        }
        Ok(Opened::File(Arc::new(NtFile::new(found.handle, self.device, how.read, how.write))))
    }
}

impl Directory for NtDirectory {
    fn open(&self, path: &str, how: OpenHow) -> Result<Opened> {
        split(path)?;
        if (how.create && how.directory) || (how.truncate && !how.write) {
            return Err(Code::Invalid.into());
        }
        self.opened(self.resolver.open(&self.handle, path, native(how), how.follow)?, how)
    }

    fn stat(&self, path: &str, follow: Follow) -> Result<Stat> {
        stat::of(&self.resolver.open(&self.handle, path, How::existing(0), follow)?.handle, self.device)
    }

    fn metadata(&self) -> Result<Stat> {
        stat::of(&self.handle, self.device)
    }

    fn read_entries(&self) -> Result<Box<dyn Entries>> {
        Ok(Box::new(NtEntries::of(&self.handle)?))
    }

    fn create_directory(&self, path: &str) -> Result<()> {
        match self.place(path)? {
            Place::Name(at) => {
                let name = Name::new(at.name.as_bytes())?;
                RESOLVER.0.open(&at.dir, &name, How::new(0, true)).portable().map(drop)
            }
            Place::Dot | Place::DotDot => Err(Code::Exist.into()),
        }
    }

    fn remove_directory(&self, path: &str) -> Result<()> {
        match self.place(path)? {
            Place::Name(at) => naming::remove_directory(&at),
            Place::Dot => Err(Code::Invalid.into()),
            Place::DotDot => Err(Code::NotEmpty.into()),
        }
    }

    fn unlink_file(&self, path: &str) -> Result<()> {
        match self.place(path)? {
            Place::Name(at) if at.must_be_dir => at.is_directory(&RESOLVER).and(Err(Code::IsDirectory.into())),
            Place::Name(at) => naming::unlink_file(&at),
            Place::Dot | Place::DotDot => Err(Code::IsDirectory.into()),
        }
    }

    fn symlink(&self, target: &str, path: &str) -> Result<()> {
        callgate_system::path::validate_target(target)?;
        let at = new_name(self.place(path)?)?;
        symlink::make(target, &at, || symlink::leads_to_directory(&self.handle, target, path))
    }

    fn read_link(&self, path: &str) -> Result<String> {
        let Place::Name(at) = self.place(path)? else { return Err(Code::Invalid.into()) };
        if at.must_be_dir {
            return at.is_directory(&RESOLVER).and(Err(Code::Invalid.into()));
        }
        symlink::read(&at)
    }

    fn link(&self, path: &str, follow: Follow, new_directory: &dyn Directory, new_path: &str) -> Result<()> {
        let new_directory = same_system(new_directory)?;
        let how = How::existing(WRITE_ATTRIBUTES);
        let found = match follow {
            Follow::Yes => self.resolver.open(&self.handle, path, how, follow)?,
            Follow::No => {
                let Place::Name(from) = self.place(path)? else { return Err(Code::NotPermitted.into()) };
                if from.must_be_dir {
                    from.is_directory(&RESOLVER)?;
                }
                from.open(&RESOLVER, how)?
            }
        };
        let to = new_name(new_directory.place(new_path)?)?;
        if found.look.class() == Class::Directory {
            return Err(Status::FILE_IS_A_DIRECTORY.meaning(Code::NotPermitted));
        }
        info::link(&found.handle, &to.dir, &Name::new(to.name.as_bytes())?).portable()
    }

    fn rename(&self, path: &str, new_directory: &dyn Directory, new_path: &str) -> Result<()> {
        let (from, to) = (self.place(path)?, same_system(new_directory)?.place(new_path)?);
        let (Place::Name(from), Place::Name(to)) = (from, to) else { return Err(Code::Busy.into()) };
        if from.must_be_dir || to.must_be_dir {
            // After either, a directory stands there, or has stood.
            from.is_directory(&RESOLVER)?;
        }
        naming::rename(&from, &to)
    }

    fn set_times(&self, path: &str, follow: Follow, accessed: NewTimestamp, modified: NewTimestamp) -> Result<()> {
        accessed.validated()?;
        modified.validated()?;
        let found = self.resolver.open(&self.handle, path, How::existing(WRITE_ATTRIBUTES), follow)?;
        set_times(&found.handle, accessed, modified)
    }

    fn set_own_times(&self, accessed: NewTimestamp, modified: NewTimestamp) -> Result<()> {
        set_times(&self.handle, accessed, modified)
    }

    fn sync(&self) -> Result<()> {
        flush_reopened(&self.handle, file::flush)
    }

    fn lies_within(&self, outer: &dyn Directory) -> Result<bool> {
        match same_system(outer) {
            Ok(outer) => lies_within(&self.handle, &outer.handle),
            Err(_) => Ok(false),
        }
    }

    fn strict(&self) -> Result<Arc<dyn Directory>> {
        let handle =
            RESOLVER.0.reopen(&self.handle, How { optional: READ_DATA | WRITE_ATTRIBUTES, ..How::existing(0) });
        Ok(Arc::new(Self { handle: handle.portable()?, device: self.device, resolver: &STRICT }))
    }

    /// A directory may be marked so that case tells names apart in it. Rules that hold for both are on the safe side there.
    fn names(&self) -> Names {
        Names::IgnoringCase
    }

    fn listed_name(&self, name: &str) -> Result<String> {
        let found =
            Named { dir: Held::Root(&self.handle), name, must_be_dir: false }.open(&RESOLVER, How::existing(0))?;
        match info::normalized_path(&found.handle) {
            Ok(path) => last_of(&path).ok_or(Code::IllegalByteSequence.into()),
            // Before Windows 8, on file systems that don't know, and under Wine.
            Err(_) => find_listed(self, name),
        }
    }
}

/// A name that shall be made, and stand for anything but a directory.
fn new_name<'d, 'p>(place: Place<'d, 'p, Handle>) -> Result<Named<'d, 'p, Handle>> {
    match place {
        Place::Name(at) if at.must_be_dir => at.is_directory::<Ntdll>(&RESOLVER).and(Err(Code::Exist.into())),
        Place::Name(at) => Ok(at),
        Place::Dot | Place::DotDot => Err(Code::Exist.into()),
    }
}

fn same_system(directory: &dyn Directory) -> Result<&NtDirectory> {
    (directory as &dyn Any).downcast_ref().ok_or(Code::CrossDevice.into())
}

/// The rights are those that the calls on the handle need. On a directory those to write are other rights; it is refused after
/// the look at what was opened.
fn native(how: OpenHow) -> How {
    let mut access = 0;
    if how.read {
        access |= READ_DATA;
    }
    if how.write {
        access |= WRITE_DATA | APPEND_DATA;
    }
    let disposition = match (how.create, how.exclusive) {
        (false, _) => Disposition::Open,
        (true, false) => Disposition::OpenIf,
        (true, true) => Disposition::Create,
    };
    let write_through = how.sync || how.sync_data;
    How { disposition, write_through, optional: WRITE_ATTRIBUTES, ..How::existing(access) }
}
