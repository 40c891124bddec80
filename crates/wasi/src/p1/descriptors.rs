//! The guest's descriptors: small numbers, the lowest free one first, as C programs expect. `--max-handles` bounds them.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ops::Deref;
use std::rc::Rc;

use callgate_gate::{AsReply, Handle, Reply};
use callgate_system::{Code, Result};

use super::descriptor::Descriptor;
use super::errno::Errno;
use crate::p2::io::Outbox;

/// The table.
pub(super) struct Descriptors {
    limit: usize,
    slots: RefCell<Slots>,
}

#[derive(Default)]
struct Slots {
    open: Vec<Option<Rc<Descriptor>>>,
    free: BTreeSet<u32>,
}

/// A descriptor that a host function works on.
#[derive(Clone)]
pub(super) struct Held {
    pub(super) fd: u32,
    held: Rc<Descriptor>,
}

impl Held {
    /// As the gate names it.
    pub(super) fn handle(&self) -> Handle<'_> {
        self.held.handle(self.fd)
    }
}

impl Deref for Held {
    type Target = Descriptor;

    fn deref(&self) -> &Descriptor {
        &self.held
    }
}

impl AsReply for Held {
    fn as_reply(&self) -> Reply<'_> {
        Reply::Handle(self.handle())
    }
}

impl Descriptors {
    /// An empty table for at most `limit` descriptors.
    pub(super) fn new(limit: usize) -> Self {
        Self { limit: limit.min(u32::MAX as usize), slots: RefCell::default() }
    }

    /// Adds a descriptor under the lowest free number.
    ///
    /// # Errors
    /// `InsufficientMemory` at the limit.
    pub(super) fn add(&self, descriptor: Descriptor) -> Result<Held> {
        let mut slots = self.slots.borrow_mut();
        let Slots { open, free } = &mut *slots;
        let held = Rc::new(descriptor);
        let fd = if let Some(fd) = free.pop_first() {
            fd
        } else if open.len() < self.limit {
            open.push(None);
            u32::try_from(open.len() - 1).map_err(|_| Code::InsufficientMemory)?
        } else {
            return Err(Code::InsufficientMemory.into());
        };
        if let Some(slot) = open.get_mut(fd as usize) {
            *slot = Some(Rc::clone(&held));
        }
        Ok(Held { fd, held })
    }

    /// Finds what a number stands for.
    ///
    /// # Errors
    /// `Badf` where it is nothing.
    #[inline]
    pub(super) fn find(&self, fd: u32) -> Result<Held, Errno> {
        let slots = self.slots.borrow();
        let held = slots.open.get(fd as usize).and_then(Option::as_ref).ok_or(Errno::Badf)?;
        Ok(Held { fd, held: Rc::clone(held) })
    }

    /// Forgets a number. What it stood for is closed when nobody else holds it.
    pub(super) fn remove(&self, fd: u32) {
        let mut slots = self.slots.borrow_mut();
        let removed = slots.open.get_mut(fd as usize).and_then(Option::take);
        if removed.is_some() {
            slots.free.insert(fd);
        }
        // Closing may take long: not under the borrow.
        drop(slots);
        drop(removed);
    }

    /// Whether a number may be given out: those up to the limit, as for an operating system.
    pub(super) fn is_number(&self, fd: u32) -> bool {
        (fd as usize) < self.limit
    }

    /// Moves what is open at `from` to `to`; what is open there is closed. `to` need not be open, but [has to
    /// be](Self::is_number) a number that could be.
    pub(super) fn renumber(&self, from: u32, to: u32) {
        if from == to {
            return;
        }
        let mut slots = self.slots.borrow_mut();
        let Slots { open, free } = &mut *slots;
        while open.len() <= to as usize {
            free.extend(u32::try_from(open.len()));
            open.push(None);
        }
        let moved = open.get_mut(from as usize).and_then(Option::take);
        let replaced = open.get_mut(to as usize).and_then(|slot| std::mem::replace(slot, moved));
        free.remove(&to);
        free.insert(from);
        drop(slots);
        drop(replaced);
    }

    /// What descriptors hold that has not gone out yet.
    pub(super) fn unsent(&self) -> Vec<Rc<Outbox>> {
        self.slots.borrow().open.iter().flatten().filter_map(|held| held.unsent()).collect()
    }
}
