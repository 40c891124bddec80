//! A descriptor of preview1: an object of the guest's, and what a handle of 0.2 doesn't have: a position, flags and rights.

use std::sync::{Arc, Mutex};

use callgate_system::{FileType, OpenHow, Result};

use super::errno::Errno;
use super::listing::Listing;
use super::rights::{self, Rights};
use super::values::{self, FdFlags};
use crate::objects::{Descriptor, InputStream, Number, OutputStream, TcpSocket, Wait};

/// An open descriptor.
pub(super) struct Fd {
    pub(super) object: Object,
    /// The offset at which a file is read and written next.
    pub(super) position: Number,
    /// [`FdFlags`], as preview1 numbers them.
    flags: Number,
    /// For itself, and for what is opened below it.
    rights: (Number, Number),
    /// Of a directory that is being listed.
    pub(super) listing: Mutex<Option<Listing>>,
    /// True if the guest found it open.
    pub(super) is_root: bool,
}

/// The object that a descriptor is open on.
pub(super) enum Object {
    Input(Arc<InputStream>),
    Output(Arc<OutputStream>),
    File(Arc<Descriptor>),
    Directory(Arc<Descriptor>),
    Listener(Arc<TcpSocket>),
    Connection(Connection),
}

/// A connection that was accepted, and its two streams.
pub(super) struct Connection {
    pub(super) socket: Arc<TcpSocket>,
    pub(super) input: Arc<InputStream>,
    pub(super) output: Arc<OutputStream>,
}

impl Fd {
    fn new(object: Object, rights: (Rights, Rights)) -> Self {
        Self {
            object,
            position: Number::default(),
            flags: Number::default(),
            rights: (Number::new(rights.0), Number::new(rights.1)),
            listing: Mutex::default(),
            is_root: false,
        }
    }

    pub(super) fn input(stream: Arc<InputStream>) -> Self {
        Self::new(Object::Input(stream), (rights::STREAM | rights::FD_READ, 0))
    }

    pub(super) fn output(stream: Arc<OutputStream>) -> Self {
        Self::new(Object::Output(stream), (rights::STREAM | rights::FD_WRITE, 0))
    }

    /// The root of a mount.
    pub(super) fn root(directory: Arc<Descriptor>) -> Self {
        Self { is_root: true, ..Self::new(Object::Directory(directory), (rights::DIRECTORY, rights::BELOW)) }
    }

    pub(super) fn listener(socket: Arc<TcpSocket>) -> Self {
        Self::new(Object::Listener(socket), (rights::STREAM | rights::SOCK_ACCEPT, 0))
    }

    pub(super) fn connection(connection: Connection, flags: FdFlags) -> Self {
        let rights = rights::STREAM | rights::FD_READ | rights::FD_WRITE | rights::SOCK_SHUTDOWN;
        let this = Self::new(Object::Connection(connection), (rights, 0));
        this.set_flags(flags);
        this
    }

    /// The descriptor of a file or directory that was opened below a directory whose rights for that are `below`.
    pub(super) fn opened(descriptor: Arc<Descriptor>, below: Rights, how: OpenHow, flags: FdFlags) -> Self {
        let this = if descriptor.directory().is_ok() {
            Self::new(Object::Directory(descriptor), (rights::DIRECTORY & below, below))
        } else {
            let read = if how.read { rights::FD_READ } else { 0 };
            let write = if how.write { rights::FD_WRITE } else { 0 };
            let rights = rights::FILE & !(rights::FD_READ | rights::FD_WRITE) | read | write;
            Self::new(Object::File(descriptor), (rights & below, 0))
        };
        this.set_flags(flags);
        this
    }

    pub(super) fn flags(&self) -> FdFlags {
        FdFlags::of_bits(self.flags.get())
    }

    pub(super) fn set_flags(&self, flags: FdFlags) {
        self.flags.set(flags.bits().into());
    }

    /// For itself, and for what is opened below it.
    pub(super) fn rights(&self) -> (Rights, Rights) {
        (self.rights.0.get(), self.rights.1.get())
    }

    pub(super) fn set_rights(&self, base: Rights, inheriting: Rights) {
        self.rights.0.set(base);
        self.rights.1.set(inheriting);
    }

    /// Checks that it is good for what only files and streams do. A directory's is for paths below it, and for listing it.
    ///
    /// # Errors
    /// `Badf`, as hosts of today have it; systems say `EISDIR` or let it happen.
    pub(super) fn no_directory(&self) -> Result<(), Errno> {
        if let Object::Directory(_) = self.object { Err(Errno::Badf) } else { Ok(()) }
    }

    /// True if a call that would have to wait fails instead.
    pub(super) fn is_nonblocking(&self) -> bool {
        self.flags().nonblock
    }

    /// As preview1 numbers it.
    pub(super) fn file_type(&self) -> Result<u8> {
        Ok(match &self.object {
            Object::Input(stream) if stream.is_terminal() => values::CHARACTER_DEVICE,
            Object::Output(stream) if stream.is_terminal() => values::CHARACTER_DEVICE,
            Object::Input(_) | Object::Output(_) => values::UNKNOWN,
            Object::File(file) => values::file_type(file.kind()?),
            Object::Directory(_) => values::file_type(FileType::Directory),
            Object::Listener(_) | Object::Connection(_) => values::SOCKET_STREAM,
        })
    }

    /// The end of a wait before a read yields something.
    pub(super) fn readable(&self) -> Wait<'_> {
        match &self.object {
            Object::Input(stream) => stream.readable().into(),
            Object::Connection(connection) => connection.input.readable().into(),
            Object::Listener(socket) => socket.moves_on().into(),
            _ => Wait::Over,
        }
    }

    /// The end of a wait before more may be written.
    pub(super) fn writable(&self) -> Wait<'_> {
        match &self.object {
            Object::Output(stream) => stream.writable().into(),
            Object::Connection(connection) => connection.output.writable().into(),
            _ => Wait::Over,
        }
    }
}
