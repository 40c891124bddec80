//! The guest's descriptors: small numbers, the lowest free one first, as C programs expect; a map over the table of handles, which
//! bounds them and charges for them.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ops::Deref;
use std::sync::Arc;

use callgate_gate::{Handle, Reply, Value};
use callgate_system::{Code, Result};

use super::errno::Errno;
use super::fd::{Connection, Fd, Object};
use super::rights::{self, Rights};
use super::values::FdFlags;
use crate::objects::{Closing, Descriptor, Handles, Held, InputStream, Keep, Named, OutputStream, TcpSocket};

/// The map.
#[derive(Default)]
pub(super) struct Fds {
    slots: RefCell<Slots>,
}

#[derive(Default)]
struct Slots {
    open: Vec<Option<Slot>>,
    free: BTreeSet<u32>,
}

#[derive(Clone)]
struct Slot {
    fd: Arc<Fd>,
    /// The number of its object in the table of handles.
    handle: u32,
}

/// A descriptor that a host function works on.
#[derive(Clone)]
pub(super) struct HeldFd {
    pub(super) number: u32,
    slot: Slot,
    /// The error for want of a right to what it is about to be used for.
    denied: Option<Code>,
}

impl Deref for HeldFd {
    type Target = Fd;

    fn deref(&self) -> &Fd {
        &self.slot.fd
    }
}

impl HeldFd {
    /// The same, for a use that takes `rights`. Where one is missing the gate refuses the call, and so does it where one was missing before.
    pub(super) fn needing(self, rights: Rights) -> Self {
        let missing = rights::missing(self.rights().0, rights);
        self.denied_by(missing)
    }

    /// The same, for a use that is refused with `denied`, if that is an error.
    pub(super) fn denied_by(self, denied: Option<Code>) -> Self {
        Self { denied: self.denied.or(denied), ..self }
    }

    /// True if the gate will refuse its use.
    pub(super) fn is_denied(&self) -> bool {
        self.denied.is_some()
    }

    /// As the gate names it.
    pub(super) fn handle(&self) -> Handle<'_> {
        let (name, mount) = match &self.object {
            Object::Input(stream) => (stream.name(), stream.mount()),
            Object::Output(stream) => (stream.name(), stream.mount()),
            Object::File(file) | Object::Directory(file) => (file.name(), file.mount()),
            Object::Listener(_) => ("listener", None),
            Object::Connection(connection) => (connection.input.name(), None),
        };
        Handle { id: self.number, name, mount, denied: self.denied }
    }

    /// The directory.
    ///
    /// # Errors
    /// `Notdir` where it is none.
    pub(super) fn directory(&self) -> Result<Held<Descriptor>, Errno> {
        match &self.object {
            Object::Directory(directory) => Ok(self.as_held(directory)),
            _ => Err(Errno::Notdir),
        }
    }

    /// The file.
    ///
    /// # Errors
    /// `Badf` for a directory; `otherwise` for what has no offsets.
    pub(super) fn file(&self, otherwise: Errno) -> Result<Held<Descriptor>, Errno> {
        self.no_directory()?;
        match &self.object {
            Object::File(file) => Ok(self.as_held(file)),
            _ => Err(otherwise),
        }
    }

    /// The file or directory, where it is one of the two.
    pub(super) fn descriptor(&self) -> Option<Held<Descriptor>> {
        match &self.object {
            Object::File(descriptor) | Object::Directory(descriptor) => Some(self.as_held(descriptor)),
            _ => None,
        }
    }

    /// The stream that it reads, if any.
    pub(super) fn input(&self) -> Option<Held<InputStream>> {
        match &self.object {
            Object::Input(stream) => Some(self.as_held(stream)),
            Object::Connection(connection) => Some(self.as_held(&connection.input)),
            _ => None,
        }
    }

    /// The stream that it writes, if any.
    pub(super) fn output(&self) -> Option<Held<OutputStream>> {
        match &self.object {
            Object::Output(stream) => Some(self.as_held(stream)),
            Object::Connection(connection) => Some(self.as_held(&connection.output)),
            _ => None,
        }
    }

    /// An object of its own, under its number.
    pub(super) fn as_held<T: Keep>(&self, object: &Arc<T>) -> Held<T> {
        Held::new(self.number, Arc::clone(object)).denied(self.denied)
    }

    /// Its object on the way out of the table of handles.
    pub(super) fn closing(&self, handles: &Handles) -> Option<Closing> {
        handles.closing(self.slot.handle).ok().map(|closing| closing.under(self.number))
    }
}

impl Reply for HeldFd {
    fn value(&self) -> Value<'_> {
        Value::Handle(self.handle())
    }
}

impl Slots {
    fn find(&self, number: u32) -> Result<&Slot, Errno> {
        self.open.get(number as usize).and_then(Option::as_ref).ok_or(Errno::Badf)
    }
}

impl Fds {
    /// Adds an input stream.
    ///
    /// # Errors
    /// `InsufficientMemory` at the limit of the table of handles, as for the others.
    pub(super) fn add_input(&self, handles: &Handles, stream: &Arc<InputStream>) -> Result<HeldFd> {
        Ok(self.add(handles.add_shared(Arc::clone(stream))?.id(), Fd::input(Arc::clone(stream))))
    }

    pub(super) fn add_output(&self, handles: &Handles, stream: &Arc<OutputStream>) -> Result<HeldFd> {
        Ok(self.add(handles.add_shared(Arc::clone(stream))?.id(), Fd::output(Arc::clone(stream))))
    }

    pub(super) fn add_listener(&self, handles: &Handles, socket: TcpSocket) -> Result<HeldFd> {
        let held = handles.add(socket)?;
        Ok(self.add(held.id(), Fd::listener(held.into_shared())))
    }

    /// Adds a connection. The table knows it by its output, of which something may be left when it is closed.
    pub(super) fn add_connection(
        &self,
        handles: &Handles,
        (socket, input, output): (TcpSocket, InputStream, OutputStream),
        flags: FdFlags,
    ) -> Result<HeldFd> {
        let output = handles.add(output)?;
        let connection = Connection { socket: Arc::new(socket), input: Arc::new(input), output: output.share() };
        Ok(self.add(output.id(), Fd::connection(connection, flags)))
    }

    pub(super) fn add_descriptor(
        &self,
        handles: &Handles,
        descriptor: Arc<Descriptor>,
        of: impl FnOnce(Arc<Descriptor>) -> Fd,
    ) -> Result<HeldFd> {
        let held = handles.add_shared(descriptor)?;
        Ok(self.add(held.id(), of(held.into_shared())))
    }

    /// Adds a descriptor under the lowest free number.
    fn add(&self, handle: u32, fd: Fd) -> HeldFd {
        let slot = Slot { fd: Arc::new(fd), handle };
        let mut slots = self.slots.borrow_mut();
        let number = slots.free.pop_first().unwrap_or_else(|| {
            slots.open.push(None);
            // The table of handles has no more places than that.
            u32::try_from(slots.open.len() - 1).unwrap_or(u32::MAX)
        });
        if let Some(place) = slots.open.get_mut(number as usize) {
            *place = Some(slot.clone());
        }
        HeldFd { number, slot, denied: None }
    }

    /// Finds what a number stands for.
    ///
    /// # Errors
    /// `Badf` where it is nothing.
    #[inline]
    pub(super) fn find(&self, number: u32) -> Result<HeldFd, Errno> {
        let slot = self.slots.borrow().find(number)?.clone();
        Ok(HeldFd { number, slot, denied: None })
    }

    /// The directory that a number stands for, for a use that takes `rights`, and its rights for what is opened below it.
    ///
    /// # Errors
    /// `Badf` where it is nothing, `Notdir` where it is no directory.
    #[inline]
    pub(super) fn directory(&self, number: u32, rights: Rights) -> Result<(Held<Descriptor>, Rights), Errno> {
        let slots = self.slots.borrow();
        let fd = &slots.find(number)?.fd;
        let Object::Directory(directory) = &fd.object else { return Err(Errno::Notdir) };
        let (own, below) = fd.rights();
        Ok((Held::new(number, Arc::clone(directory)).denied(rights::missing(own, rights)), below))
    }

    /// The object behind a number, on the way out of the table of handles.
    ///
    /// # Errors
    /// `Badf` where it is nothing.
    pub(super) fn closing(&self, handles: &Handles, number: u32) -> Result<Closing, Errno> {
        let handle = self.slots.borrow().find(number)?.handle;
        handles.closing(handle).map(|closing| closing.under(number)).map_err(|_| Errno::Badf)
    }

    /// Forgets a number.
    pub(super) fn remove(&self, number: u32) {
        let mut slots = self.slots.borrow_mut();
        let removed = slots.open.get_mut(number as usize).and_then(Option::take);
        if removed.is_some() {
            slots.free.insert(number);
        }
        // Closing may take long: not under the borrow.
        drop(slots);
        drop(removed);
    }

    /// Moves what is open at `from` to `to`, and forgets what was there. Nothing, for a number that was never given out.
    pub(super) fn renumber(&self, from: u32, to: u32) {
        let mut slots = self.slots.borrow_mut();
        let Slots { open, free } = &mut *slots;
        if from == to || open.len() <= to as usize {
            return;
        }
        let moved = open.get_mut(from as usize).and_then(Option::take);
        let replaced = open.get_mut(to as usize).and_then(|slot| std::mem::replace(slot, moved));
        free.remove(&to);
        free.insert(from);
        drop(slots);
        drop(replaced);
    }
}
