//! The guest's descriptors: small numbers, the lowest free one first, as C programs expect. `--max-handles` bounds them, and a place in the
//! table is charged as one of 0.2 is.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ops::Deref;
use std::rc::Rc;

use callgate_gate::{AsReply, Handle, Reply};
use callgate_system::{Code, Result};

use super::descriptor::Descriptor;
use super::errno::Errno;
use crate::budget::{Budget, Charge};
use crate::handles::HANDLE;
use crate::p2::io::Outbox;

/// The table.
pub(super) struct Descriptors {
    limit: usize,
    slots: RefCell<Slots>,
}

struct Slots {
    open: Vec<Option<Rc<Descriptor>>>,
    free: BTreeSet<u32>,
    /// For as many places as there are.
    charge: Charge,
}

impl Slots {
    /// Grows to so many places.
    fn grow(&mut self, places: usize) -> Result<()> {
        let more = places.saturating_sub(self.open.len());
        self.charge.grow(more.saturating_mul(HANDLE))?;
        for _ in 0..more {
            self.free.extend(u32::try_from(self.open.len()));
            self.open.push(None);
        }
        Ok(())
    }
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
    /// An empty table for at most `limit` descriptors, within `budget`.
    pub(super) fn new(limit: usize, budget: &Budget) -> Self {
        let slots = Slots { open: Vec::new(), free: BTreeSet::new(), charge: budget.nothing() };
        Self { limit: limit.min(u32::MAX as usize), slots: RefCell::new(slots) }
    }

    /// Adds a descriptor under the lowest free number.
    ///
    /// # Errors
    /// `InsufficientMemory` at the limit, or at that of the budget.
    pub(super) fn add(&self, descriptor: Descriptor) -> Result<Held> {
        let mut slots = self.slots.borrow_mut();
        let held = Rc::new(descriptor);
        let places = slots.open.len();
        if slots.free.is_empty() && places < self.limit {
            slots.grow(places + 1)?;
        }
        let fd = slots.free.pop_first().ok_or(Code::InsufficientMemory)?;
        if let Some(slot) = slots.open.get_mut(fd as usize) {
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

    /// Moves what is open at `from` to `to`; what is open there is closed. Nothing, for a number that was never given out.
    pub(super) fn renumber(&self, from: u32, to: u32) {
        let mut slots = self.slots.borrow_mut();
        let Slots { open, free, .. } = &mut *slots;
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

    /// What descriptors hold that has not gone out yet.
    pub(super) fn unsent(&self) -> Vec<Rc<Outbox>> {
        self.slots.borrow().open.iter().flatten().filter_map(|held| held.unsent()).collect()
    }
}
