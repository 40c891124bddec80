//! An open file or directory.

use std::sync::{Arc, Mutex, OnceLock, Weak};

use callgate_gate::{Mount, Reply, Value};
use callgate_system::path::PATH_MAX;
use callgate_system::{
    Code, Directory, Entries, Entry, File, FileType, Identity, Names, NewTimestamp, OpenHow, Opened, Result, Stat,
};

use super::{Course, InputStream, Name, Named, OutputStream, Spot, lock};
use crate::budget::{Budget, Charge};

/// The uses that a descriptor was opened for, as the interface numbers its `descriptor-flags`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Flags(pub(crate) u8);

impl Flags {
    pub(crate) const READ: Self = Self(1);
    pub(crate) const WRITE: Self = Self(1 << 1);
    pub(crate) const FILE_INTEGRITY_SYNC: Self = Self(1 << 2);
    pub(crate) const DATA_INTEGRITY_SYNC: Self = Self(1 << 3);
    pub(crate) const REQUESTED_WRITE_SYNC: Self = Self(1 << 4);
    pub(crate) const MUTATE_DIRECTORY: Self = Self(1 << 5);

    /// All that are defined.
    pub(crate) const ALL: Self = Self((1 << 6) - 1);

    /// These and `others`.
    pub(crate) const fn and(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    pub(crate) const fn contains(self, flags: Self) -> bool {
        self.0 & flags.0 == flags.0
    }
}

impl Reply for Flags {
    fn value(&self) -> Value<'_> {
        Value::Unsigned(self.0.into())
    }
}

/// An open file or directory, with the path that it was opened as.
pub(crate) struct Descriptor {
    opened: Opened,
    flags: Flags,
    name: Name,
    mount: Arc<Mount>,
    kind: OnceLock<FileType>,
    /// The way in which names are told apart in it, where somebody has rules about paths.
    names: Names,
}

impl Descriptor {
    /// The root of a mount.
    ///
    /// # Errors
    /// `InsufficientMemory`.
    pub(crate) fn root(mount: &Arc<Mount>, directory: &Arc<dyn Directory>, budget: &Budget) -> Result<Self> {
        let changes = Flags::WRITE.and(Flags::MUTATE_DIRECTORY);
        Ok(Self {
            opened: Opened::Directory(Arc::clone(directory)),
            flags: if mount.read_only { Flags::READ } else { Flags::READ.and(changes) },
            name: Name::new(&mount.guest_path, budget)?,
            mount: Arc::clone(mount),
            kind: FileType::Directory.into(),
            names: mount.names,
        })
    }

    /// Opens what is at `at`, which was found below this directory. Its name is the text that it was opened by, or the place of it, where somebody
    /// has rules about paths.
    ///
    /// # Errors
    /// Those of the system; `InsufficientMemory`, `NameTooLong`.
    pub(crate) fn open(&self, at: Spot<'_>, how: OpenHow, flags: Flags, budget: &Budget) -> Result<Arc<Self>> {
        let (above, below) = match at.place {
            None => (&*self.name, at.path),
            Some((place, _)) => (&*self.mount.guest_path, place),
        };
        if at.place.is_some() && above.len() + below.len() >= PATH_MAX {
            return Err(Code::NameTooLong.into());
        }
        let charge = Name::charge_below(above, below, budget)?;
        let opened = at.directory.open(at.path, how.writing_to_truncate())?;
        let kind = match opened {
            Opened::Directory(_) => FileType::Directory.into(),
            Opened::File(_) => OnceLock::new(),
        };
        let names = at.place.map_or(Names::Exact, |(_, names)| names_in(&opened, names));
        let (name, mount) = (Name::below(above, below, charge), Arc::clone(&self.mount));
        Ok(Arc::new(Self { opened, flags, name, mount, kind, names }))
    }

    /// The mount that it lies beneath.
    pub(crate) fn own_mount(&self) -> &Mount {
        &self.mount
    }

    /// The place beneath the mount, where somebody has rules about paths.
    pub(crate) fn place(&self) -> &str {
        self.name.strip_prefix(&*self.mount.guest_path).map_or("", |place| place.trim_matches('/'))
    }

    /// The way in which names are told apart in it, where somebody has rules about paths.
    pub(crate) fn names(&self) -> Names {
        self.names
    }

    /// The directory.
    ///
    /// # Errors
    /// `NotDirectory` where it is none.
    pub(crate) fn directory(&self) -> Result<&Arc<dyn Directory>> {
        match &self.opened {
            Opened::Directory(directory) => Ok(directory),
            Opened::File(_) => Err(Code::NotDirectory.into()),
        }
    }

    /// The file.
    ///
    /// # Errors
    /// `IsDirectory` where it is one.
    pub(crate) fn file(&self) -> Result<&Arc<dyn File>> {
        match &self.opened {
            Opened::File(file) => Ok(file),
            Opened::Directory(_) => Err(Code::IsDirectory.into()),
        }
    }

    /// The file, opened for reading.
    pub(crate) fn readable(&self) -> Result<&Arc<dyn File>> {
        self.opened_with(Flags::READ)
    }

    /// The file, opened for writing.
    pub(crate) fn writable(&self) -> Result<&Arc<dyn File>> {
        self.opened_with(Flags::WRITE)
    }

    fn opened_with(&self, flag: Flags) -> Result<&Arc<dyn File>> {
        let file = self.file()?;
        if self.flags.contains(flag) { Ok(file) } else { Err(Code::BadDescriptor.into()) }
    }

    /// The uses that it was opened for.
    pub(crate) fn flags(&self) -> Flags {
        self.flags
    }

    /// The type of the file. The system is asked once, since the type cannot change while the file is open.
    pub(crate) fn kind(&self) -> Result<FileType> {
        match self.kind.get() {
            Some(kind) => Ok(*kind),
            None => {
                let kind = self.stat()?.kind;
                Ok(*self.kind.get_or_init(|| kind))
            }
        }
    }

    pub(crate) fn stat(&self) -> Result<Stat> {
        match &self.opened {
            Opened::File(file) => file.stat(),
            Opened::Directory(directory) => directory.metadata(),
        }
    }

    pub(crate) fn identity(&self) -> Result<Identity> {
        Ok(self.stat()?.identity)
    }

    pub(crate) fn set_times(&self, accessed: NewTimestamp, modified: NewTimestamp) -> Result<()> {
        match &self.opened {
            Opened::File(file) => file.set_times(accessed, modified),
            Opened::Directory(directory) => directory.set_own_times(accessed, modified),
        }
    }

    /// Cuts or lengthens the file.
    ///
    /// # Errors
    /// `Invalid` where it is not open for writing, which is the answer of `ftruncate`.
    pub(crate) fn set_size(&self, size: u64) -> Result<()> {
        self.file()?;
        self.writable().map_err(|_| Code::Invalid)?.set_size(size)
    }

    pub(crate) fn sync(&self) -> Result<()> {
        match &self.opened {
            Opened::File(file) => file.sync(),
            Opened::Directory(directory) => directory.sync(),
        }
    }

    pub(crate) fn sync_data(&self) -> Result<()> {
        match &self.opened {
            Opened::File(file) => file.sync_data(),
            Opened::Directory(directory) => directory.sync(),
        }
    }

    pub(crate) fn read_via_stream(&self, offset: u64) -> Result<InputStream> {
        Ok(InputStream::of_file(&self.name, &self.mount, self.readable()?, offset))
    }

    pub(crate) fn write_via_stream(&self, offset: u64) -> Result<OutputStream> {
        Ok(OutputStream::of_file(&self.name, &self.mount, self.writable()?, offset))
    }

    pub(crate) fn append_via_stream(&self) -> Result<OutputStream> {
        Ok(OutputStream::of_end(&self.name, &self.mount, self.writable()?))
    }

    /// Tells this object from all others that there are.
    pub(crate) fn address(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }
}

/// How names are told apart in what was opened at a place where they are told apart as `names` says.
fn names_in(opened: &Opened, names: Names) -> Names {
    match opened {
        Opened::Directory(directory) if names == Names::Exact => directory.names(),
        _ => names,
    }
}

impl Named for Descriptor {
    fn name(&self) -> &str {
        &self.name
    }

    fn mount(&self) -> Option<&Mount> {
        Some(&self.mount)
    }
}

/// A directory that is being listed.
pub(crate) struct DirectoryEntries {
    reading: Mutex<(Box<dyn Entries>, Course)>,
    /// The descriptor that it was begun by, so that no other gets its address. It may be closed by now.
    _of: Weak<Descriptor>,
    name: Name,
    mount: Arc<Mount>,
    _charge: Charge,
}

impl DirectoryEntries {
    /// Begins to list `directory`.
    pub(crate) fn of(directory: Arc<Descriptor>, budget: &Budget, course: Course) -> Result<Self> {
        let entries = directory.directory()?.read_entries()?;
        let charge = budget.charge(entries.holds())?;
        let (name, mount) = (directory.name.clone(), Arc::clone(&directory.mount));
        let (reading, of) = (Mutex::new((entries, course)), Arc::downgrade(&directory));
        Ok(Self { reading, _of: of, name, mount, _charge: charge })
    }

    /// The next entry; `note` is told of it, or of none, and whether it was listed during this call.
    pub(crate) fn next(&self, note: impl FnOnce(&mut Course, Option<&Entry>, bool)) -> Result<Option<Entry>> {
        let (entries, course) = &mut *lock(&self.reading);
        let before = entries.pieces();
        let next = entries.next();
        note(course, next.as_ref().ok().and_then(Option::as_ref), entries.pieces() != before);
        next
    }
}

impl Named for DirectoryEntries {
    fn name(&self) -> &str {
        &self.name
    }

    fn mount(&self) -> Option<&Mount> {
        Some(&self.mount)
    }
}
