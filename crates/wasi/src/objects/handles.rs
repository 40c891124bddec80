//! The guest's handles: one table for every kind, so that one limit bounds them all and a number means one thing.
//!
//! The engine has checked a handle's kind and liveness before a host function sees it; a miss here would be a fault of
//! the host and traps. Entries are counted references, so a host function holds what it works on without borrowing
//! the table, and may add to the table meanwhile.
//!
//! A place in the table is charged once, when the table grows to it ([`HANDLE`]). The memory that an object holds besides (its name, bytes
//! that wait, entries) is charged by the object itself. So making and dropping a handle of a small object touches no budget.

use std::cell::RefCell;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use callgate_gate::{Handle, Reply, Value};
use callgate_system::{Code, Result};

use super::{
    AddressStream, Descriptor, DirectoryEntries, Failure, IncomingDatagrams, InputStream, Named, Network, Outbox,
    OutgoingDatagrams, OutputStream, Pollable, TcpSocket, TerminalInput, TerminalOutput, UdpSocket,
};
use crate::budget::{Budget, Charge};

/// Bytes that are charged for a place in a table of handles: our entry and the engine's, both in lists that double as they grow, the object
/// without what it is charged for by itself, and what the object keeps: a short name, the system's file or socket, an outbox without its bytes.
/// A pollable keeps a stream whose own handle may be gone, whose place then serves another; so there is room for one more object and name.
pub(crate) const HANDLE: usize = 1280;

/// The way into the table and out of it; implemented by [`entries!`] for each kind.
pub(crate) trait Keep: Named + 'static {
    fn keep(held: Arc<Self>) -> Entry;
    fn find(entry: &Entry) -> Option<&Arc<Self>>;
}

macro_rules! entries {
    ($($kind:ident),*) => {
        /// One open handle.
        #[derive(Clone)]
        pub(crate) enum Entry { $($kind(Arc<$kind>),)* }

        impl Entry {
            fn handle(&self, id: u32) -> Handle<'_> {
                match self { $(Entry::$kind(held) => Handle { id, name: held.name(), mount: held.mount(), denied: None },)* }
            }
        }

        $(impl Keep for $kind {
            fn keep(held: Arc<Self>) -> Entry { Entry::$kind(held) }
            fn find(entry: &Entry) -> Option<&Arc<Self>> {
                match entry { Entry::$kind(held) => Some(held), _ => None }
            }
        })*
    };
}

entries!(
    AddressStream,
    Descriptor,
    DirectoryEntries,
    Failure,
    IncomingDatagrams,
    InputStream,
    Network,
    OutgoingDatagrams,
    OutputStream,
    Pollable,
    TcpSocket,
    TerminalInput,
    TerminalOutput,
    UdpSocket
);

/// A handle that a host function works on.
pub(crate) struct Held<T> {
    id: u32,
    held: Arc<T>,
    /// The error that the gate denies this use of it with.
    denied: Option<Code>,
}

impl<T: Keep> Held<T> {
    /// An object under another number than that of the table: preview1's.
    pub(crate) fn new(id: u32, held: Arc<T>) -> Self {
        Self { id, held, denied: None }
    }

    /// The same, for a use that the gate denies with this error, if there is one.
    pub(crate) fn denied(self, denied: Option<Code>) -> Self {
        Self { denied, ..self }
    }

    /// Its number in the table.
    pub(crate) fn id(&self) -> u32 {
        self.id
    }

    /// As the gate names it.
    pub(crate) fn handle(&self) -> Handle<'_> {
        Handle { id: self.id, name: self.held.name(), mount: self.held.mount(), denied: self.denied }
    }

    /// The thing itself, to be kept by another.
    pub(crate) fn share(&self) -> Arc<T> {
        Arc::clone(&self.held)
    }

    /// The same, where it is held no longer.
    pub(crate) fn into_shared(self) -> Arc<T> {
        self.held
    }
}

impl<T> Deref for Held<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.held
    }
}

impl<T: Keep> Reply for Held<T> {
    fn value(&self) -> Value<'_> {
        Value::Handle(self.handle())
    }
}

impl Entry {
    fn unsent(&self) -> Option<Arc<Outbox>> {
        match self {
            Self::OutputStream(stream) => stream.unsent(),
            _ => None,
        }
    }
}

/// The table.
pub(crate) struct Handles {
    limit: usize,
    slots: RefCell<Slots>,
}

struct Slots {
    entries: Vec<Option<Entry>>,
    free: Vec<u32>,
    /// For as many places as there are.
    charge: Charge,
}

impl Handles {
    /// An empty table for at most `limit` handles, within `budget`.
    pub(crate) fn new(limit: usize, budget: &Budget) -> Self {
        let slots = Slots { entries: Vec::new(), free: Vec::new(), charge: budget.nothing() };
        Self { limit: limit.min(u32::MAX as usize), slots: RefCell::new(slots) }
    }

    /// The most entries that there may be at a time.
    pub(crate) fn limit(&self) -> usize {
        self.limit
    }

    /// The number of entries.
    pub(crate) fn len(&self) -> usize {
        let slots = self.slots.borrow();
        slots.entries.len() - slots.free.len()
    }

    /// Adds an entry.
    ///
    /// # Errors
    /// `InsufficientMemory` at the limit, or at that of the budget.
    pub(crate) fn add<T: Keep>(&self, held: T) -> Result<Held<T>> {
        self.add_shared(Arc::new(held))
    }

    /// Adds an entry that others hold too.
    ///
    /// # Errors
    /// As [`Handles::add`].
    pub(crate) fn add_shared<T: Keep>(&self, held: Arc<T>) -> Result<Held<T>> {
        let mut slots = self.slots.borrow_mut();
        let entry = Some(T::keep(Arc::clone(&held)));
        let id = if let Some(id) = slots.free.pop() {
            slots.entries[id as usize] = entry;
            id
        } else {
            let id = u32::try_from(slots.entries.len()).map_err(|_| Code::InsufficientMemory)?;
            if slots.entries.len() >= self.limit {
                return Err(Code::InsufficientMemory.into());
            }
            slots.charge.grow(HANDLE)?;
            slots.entries.push(entry);
            id
        };
        Ok(Held::new(id, held))
    }

    /// Adds two entries, or none.
    ///
    /// # Errors
    /// As [`Handles::add`].
    pub(crate) fn add_both<A: Keep, B: Keep>(&self, one: A, other: B) -> Result<(Held<A>, Held<B>)> {
        let one = self.add(one)?;
        match self.add(other) {
            Ok(other) => Ok((one, other)),
            Err(error) => {
                self.remove(one.id);
                Err(error)
            }
        }
    }

    /// Finds what a guest's handle stands for.
    #[inline]
    pub(crate) fn find<T: Keep>(&self, id: u32) -> std::result::Result<Held<T>, NoSuchHandle> {
        let slots = self.slots.borrow();
        let held = T::find(slots.find(id)?).ok_or(NoSuchHandle::OfAnotherKind(id))?;
        Ok(Held::new(id, Arc::clone(held)))
    }

    /// A handle that is about to be closed.
    pub(crate) fn closing(&self, id: u32) -> std::result::Result<Closing, NoSuchHandle> {
        self.slots.borrow().find(id).map(|_| Closing { id, number: id })
    }

    /// Shows `closing` as the gate names it.
    pub(crate) fn show<T>(&self, closing: &Closing, to: impl FnOnce(Handle<'_>) -> T) -> T {
        match self.slots.borrow().find(closing.id) {
            Ok(entry) => to(entry.handle(closing.number)),
            Err(_) => to(closing.nameless()),
        }
    }

    /// The outboxes of streams whose bytes have not all gone out yet.
    pub(crate) fn unsent(&self) -> Vec<Arc<Outbox>> {
        self.slots.borrow().entries.iter().flatten().filter_map(Entry::unsent).collect()
    }

    /// Forgets all handles.
    pub(crate) fn clear(&self) {
        let mut slots = self.slots.borrow_mut();
        let all = (std::mem::take(&mut slots.entries), std::mem::take(&mut slots.free));
        slots.charge.clear();
        // Closing may take long or run other code: not under the borrow.
        drop(slots);
        drop(all);
    }

    /// Forgets a handle. Its object is closed when nobody else holds the object.
    pub(crate) fn remove(&self, id: u32) {
        // Closing may take long or run other code: not under the borrow.
        drop(self.take(id));
    }

    /// Forgets a handle and lets go of its object. Returns the outbox of the bytes that have not gone out yet.
    pub(crate) fn close(&self, closing: Closing) -> Option<Arc<Outbox>> {
        self.take(closing.id).as_ref().and_then(Entry::unsent)
    }

    fn take(&self, id: u32) -> Option<Entry> {
        let mut slots = self.slots.borrow_mut();
        let entry = slots.entries.get_mut(id as usize)?.take()?;
        slots.free.push(id);
        Some(entry)
    }
}

impl Slots {
    fn find(&self, id: u32) -> std::result::Result<&Entry, NoSuchHandle> {
        self.entries.get(id as usize).and_then(Option::as_ref).ok_or(NoSuchHandle::Unknown(id))
    }
}

/// A handle of any kind on its way out.
pub(crate) struct Closing {
    id: u32,
    number: u32,
}

impl Closing {
    /// The same, shown under another number: preview1's.
    pub(crate) fn under(self, number: u32) -> Self {
        Self { number, ..self }
    }

    /// As the gate names it, but without a name of its own.
    pub(crate) fn nameless(&self) -> Handle<'static> {
        Handle { id: self.number, name: "", mount: None, denied: None }
    }
}

/// A number that is no handle, or one of another kind.
#[derive(Debug)]
pub(crate) enum NoSuchHandle {
    /// The table has none of this number.
    Unknown(u32),
    OfAnotherKind(u32),
}

impl fmt::Display for NoSuchHandle {
    /// In the words of the engine, by which other components learn of it; a guest's numbers begin with 1.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(id) => write!(f, "unknown handle index {}", u64::from(*id) + 1),
            Self::OfAnotherKind(id) => write!(f, "handle index {} used with the wrong type", u64::from(*id) + 1),
        }
    }
}

impl std::error::Error for NoSuchHandle {}

#[cfg(test)]
mod tests {
    use std::mem::size_of;

    use super::*;
    use crate::objects::name::SHORT;

    macro_rules! largest {
        ($($kind:ident),*) => { [$(size_of::<$kind>()),*].into_iter().max().unwrap() };
    }

    /// A place is charged what may be in it.
    #[test]
    fn a_place_has_room_for_two_objects() {
        const COUNTS_AND_ALLOCATOR: usize = 32;
        // The engine's entry is a number, a type, an owner and a count.
        let lists = 2 * (size_of::<Option<Entry>>() + size_of::<u32>() + 32);
        let object = largest!(
            AddressStream,
            Descriptor,
            DirectoryEntries,
            Failure,
            IncomingDatagrams,
            InputStream,
            OutgoingDatagrams,
            OutputStream,
            Pollable,
            TcpSocket,
            UdpSocket
        ) + COUNTS_AND_ALLOCATOR;
        let outbox = size_of::<Outbox>() + COUNTS_AND_ALLOCATOR;
        // The largest of the backends' sockets is that of NT, of some 150 bytes; a file with a quota has two objects of some 80.
        let system = 192 + COUNTS_AND_ALLOCATOR;
        let name = SHORT + COUNTS_AND_ALLOCATOR;
        let all = lists + 2 * (object + name) + outbox + system;
        assert!(all <= HANDLE, "{lists} + 2 * ({object} + {name}) + {outbox} + {system}");
    }

    #[test]
    fn places_are_charged_once() {
        let budget = Budget::new(10 * HANDLE as u64);
        let handles = Handles::new(100, &budget);
        for _ in 0..3 {
            let ids: Vec<_> = (0..10).map(|_| handles.add(Network).map(|held| held.id).unwrap()).collect();
            assert!(handles.add(Network).is_err(), "an eleventh does not fit into the budget");
            ids.into_iter().for_each(|id| handles.remove(id));
        }
        assert!(!budget.has(1), "the table keeps its places");
        handles.clear();
        assert!(budget.has(10 * HANDLE));
    }
}
