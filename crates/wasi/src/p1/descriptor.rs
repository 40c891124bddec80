//! What a descriptor of preview1 stands for. Unlike 0.2's it has a position, flags and rights of its own.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use callgate_gate::{Handle, Mount};
use callgate_system::{Directory, File, FileType, Interest, OpenHow, Opened, Result, Socket, Stat};

use super::errno::Errno;
use super::listing::Listing;
use super::rights::{self, Rights};
use super::values::FdFlags;
use crate::budget::Budget;
use crate::name::Name;
use crate::p2::io::{HungUp, InputStream, Outbox, OutputStream};

/// An open descriptor.
pub(super) struct Descriptor {
    pub(super) object: Object,
    pub(super) flags: Cell<FdFlags>,
    /// For itself, and for what is opened below it.
    pub(super) rights: Cell<(Rights, Rights)>,
    name: Name,
    mount: Option<Arc<Mount>>,
}

/// What it is open on.
pub(super) enum Object {
    Input(Rc<InputStream>),
    Output(Rc<OutputStream>),
    File(OpenFile),
    Directory(OpenDirectory),
    Listener(Arc<dyn Socket>),
    Connection(Connection),
}

pub(super) struct OpenFile {
    pub(super) file: Arc<dyn File>,
    pub(super) position: Cell<u64>,
    kind: Cell<Option<FileType>>,
}

pub(super) struct OpenDirectory {
    pub(super) directory: Arc<dyn Directory>,
    pub(super) is_root: bool,
    pub(super) listing: RefCell<Option<Listing>>,
}

pub(super) struct Connection {
    pub(super) socket: Arc<dyn Socket>,
    pub(super) input: InputStream,
    pub(super) hung_up: HungUp,
    pub(super) output: OutputStream,
    pub(super) outbox: Rc<Outbox>,
}

impl Descriptor {
    fn new(object: Object, name: Name, mount: Option<&Arc<Mount>>, rights: (Rights, Rights)) -> Self {
        let flags = Cell::new(FdFlags::default());
        Self { object, flags, rights: Cell::new(rights), name, mount: mount.cloned() }
    }

    pub(super) fn input(name: &'static str, stream: &Rc<InputStream>) -> Self {
        let name = Name::Fixed(name);
        Self::new(Object::Input(Rc::clone(stream)), name, None, (rights::STREAM | rights::FD_READ, 0))
    }

    pub(super) fn output(name: &'static str, stream: &Rc<OutputStream>) -> Self {
        let name = Name::Fixed(name);
        Self::new(Object::Output(Rc::clone(stream)), name, None, (rights::STREAM | rights::FD_WRITE, 0))
    }

    /// The root of a mount.
    ///
    /// # Errors
    /// `InsufficientMemory`.
    pub(super) fn root(mount: &Arc<Mount>, directory: &Arc<dyn Directory>, budget: &Budget) -> Result<Self> {
        let object = OpenDirectory::new(Arc::clone(directory), true);
        let name = Name::new(&mount.guest_path, budget)?;
        Ok(Self::new(Object::Directory(object), name, Some(mount), (rights::DIRECTORY, rights::BELOW)))
    }

    pub(super) fn listener(socket: &Arc<dyn Socket>) -> Self {
        let rights = rights::STREAM | rights::SOCK_ACCEPT;
        Self::new(Object::Listener(Arc::clone(socket)), Name::Fixed("listener"), None, (rights, 0))
    }

    /// A connection that was accepted.
    pub(super) fn connection(socket: Arc<dyn Socket>, flags: FdFlags, budget: &Budget) -> Self {
        let outbox = Rc::new(Outbox::of_socket(Arc::clone(&socket), budget));
        let hung_up = HungUp::default();
        let (input, output) = (InputStream::of_socket(&socket, &hung_up), OutputStream::of_connection(&outbox));
        let rights = rights::STREAM | rights::FD_READ | rights::FD_WRITE | rights::SOCK_SHUTDOWN;
        let object = Object::Connection(Connection { socket, input, hung_up, output, outbox });
        let this = Self::new(object, Name::Fixed("tcp"), None, (rights, 0));
        this.flags.set(flags);
        this
    }

    /// Opens `path` below this directory.
    pub(super) fn open(&self, path: &str, how: OpenHow, flags: FdFlags, budget: &Budget) -> Result<Self> {
        let charge = self.name.charge_below(path, budget)?;
        let (object, of_kind) = match self.directory()?.directory.open(path, how.writing_to_truncate())? {
            Opened::Directory(directory) => {
                (Object::Directory(OpenDirectory::new(directory, false)), rights::DIRECTORY)
            }
            Opened::File(file) => {
                let read = if how.read { rights::FD_READ } else { 0 };
                let write = if how.write { rights::FD_WRITE } else { 0 };
                let file = OpenFile { file, position: Cell::new(0), kind: Cell::new(None) };
                (Object::File(file), rights::FILE & !(rights::FD_READ | rights::FD_WRITE) | read | write)
            }
        };
        let (_, below) = self.rights.get();
        let inheriting = if let Object::Directory(_) = object { below } else { 0 };
        let this = Self::new(object, self.name.below(path, charge), self.mount.as_ref(), (of_kind & below, inheriting));
        this.flags.set(flags);
        Ok(this)
    }

    /// The directory.
    ///
    /// # Errors
    /// `NotDirectory` where it is none.
    pub(super) fn directory(&self) -> Result<&OpenDirectory> {
        match &self.object {
            Object::Directory(directory) => Ok(directory),
            _ => Err(callgate_system::Code::NotDirectory.into()),
        }
    }

    /// The file.
    ///
    /// # Errors
    /// `Badf` for a directory; `otherwise` for what has no offsets.
    pub(super) fn file(&self, otherwise: Errno) -> Result<&OpenFile, Errno> {
        self.no_directory()?;
        match &self.object {
            Object::File(file) => Ok(file),
            _ => Err(otherwise),
        }
    }

    /// Checks that it is good for what only files and streams do. A directory's is for paths below it, and for listing it.
    ///
    /// # Errors
    /// `Badf`, as hosts of today have it; systems say `EISDIR` or let it happen.
    pub(super) fn no_directory(&self) -> Result<(), Errno> {
        if let Object::Directory(_) = self.object { Err(Errno::Badf) } else { Ok(()) }
    }

    /// Checks that it has the rights that a call takes.
    pub(super) fn require(&self, wanted: Rights) -> Result<(), Errno> {
        rights::require(self.rights.get().0, wanted)
    }

    /// Whether a call that would have to wait fails instead.
    pub(super) fn is_nonblocking(&self) -> bool {
        self.flags.get().nonblock
    }

    /// The attributes; `None` for what is in no file system.
    pub(super) fn stat(&self) -> Result<Option<Stat>> {
        match &self.object {
            Object::File(file) => file.file.stat().map(Some),
            Object::Directory(directory) => directory.directory.metadata().map(Some),
            _ => Ok(None),
        }
    }

    /// As preview1 numbers it.
    pub(super) fn file_type(&self) -> Result<u8> {
        Ok(match &self.object {
            Object::Input(stream) if stream.is_terminal() => super::values::CHARACTER_DEVICE,
            Object::Output(stream) if stream.is_terminal() => super::values::CHARACTER_DEVICE,
            Object::Input(_) | Object::Output(_) => super::values::UNKNOWN,
            Object::File(file) => super::values::file_type(file.kind()?),
            Object::Directory(_) => super::values::file_type(FileType::Directory),
            Object::Listener(_) | Object::Connection(_) => super::values::SOCKET_STREAM,
        })
    }

    /// What to wait for before a read yields something; nothing, where it always does.
    pub(super) fn readable(&self) -> Option<Interest<'_>> {
        match &self.object {
            Object::Input(stream) => stream.readable(),
            Object::Connection(connection) => connection.input.readable(),
            Object::Listener(socket) => Some(Interest::Receivable(&**socket)),
            _ => None,
        }
    }

    /// What to wait for before more may be written; nothing, where more always may.
    pub(super) fn writable(&self) -> Option<Interest<'_>> {
        match &self.object {
            Object::Output(stream) => stream.writable(),
            Object::Connection(connection) => connection.output.writable(),
            _ => None,
        }
    }

    /// What it holds that has not gone out yet.
    pub(super) fn unsent(&self) -> Option<Rc<Outbox>> {
        match &self.object {
            Object::Output(stream) => stream.unsent(),
            Object::Connection(connection) => connection.output.unsent(),
            _ => None,
        }
    }

    /// As the gate names it.
    pub(super) fn handle(&self, id: u32) -> Handle<'_> {
        Handle { id, name: &self.name, mount: self.mount.as_deref() }
    }
}

impl OpenFile {
    /// What kind of file it is; asked for once, since it cannot change while the file is open.
    pub(super) fn kind(&self) -> Result<FileType> {
        if let Some(kind) = self.kind.get() {
            return Ok(kind);
        }
        let kind = self.file.stat()?.kind;
        self.kind.set(Some(kind));
        Ok(kind)
    }
}

impl OpenDirectory {
    fn new(directory: Arc<dyn Directory>, is_root: bool) -> Self {
        Self { directory, is_root, listing: RefCell::default() }
    }
}
