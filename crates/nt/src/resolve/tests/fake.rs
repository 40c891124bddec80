//! A tree of NT objects that is made up: case-insensitive, with 8.3 aliases, reparse points of every kind, and somebody who changes
//! it between any two calls.
//!
//! It follows nothing by itself, and fails a test that asks NT for what must never be asked: a name that is more than one
//! component, or an open that would let NT follow.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use callgate_system::Identity;

use crate::error::Status;
use crate::names::Name;
use crate::open::{Disposition, How};
use crate::reparse::{DIRECTORY, LX_SYMLINK, Look, REPARSE_POINT, lx_symlink, symlink};
use crate::resolve::Objects;

/// `IO_REPARSE_TAG_MOUNT_POINT`
const MOUNT_POINT: u32 = 0xA000_0003;

/// An object. A handle holds it wherever it goes.
pub(super) struct Object {
    pub(super) label: &'static str,
    look: Cell<Look>,
    data: RefCell<Vec<u8>>,
    entries: RefCell<Vec<Entry>>,
    /// The object that a filter of the system gives to a caller that reopens this one, where it isn't this one.
    served: RefCell<Option<Rc<Object>>>,
}

struct Entry {
    name: String,
    alias: Option<String>,
    object: Rc<Object>,
}

fn object(label: &'static str, attributes: u32, tag: u32, data: Vec<u8>) -> Rc<Object> {
    let look = Cell::new(Look { attributes, tag });
    let (data, entries, served) = (RefCell::new(data), RefCell::default(), RefCell::default());
    Rc::new(Object { label, look, data, entries, served })
}

pub(super) fn file(label: &'static str) -> Rc<Object> {
    object(label, 0x20, 0, Vec::new())
}

pub(super) fn folder(label: &'static str, entries: &[(&str, Rc<Object>)]) -> Rc<Object> {
    let folder = object(label, DIRECTORY, 0, Vec::new());
    for (name, object) in entries {
        folder.put(name, object);
    }
    folder
}

/// A relative link as Windows makes it.
pub(super) fn link(text: &str) -> Rc<Object> {
    object("link", REPARSE_POINT, crate::reparse::SYMLINK, symlink(text).expect("it fits"))
}

/// The same, made to lead to a directory.
pub(super) fn directory_link(text: &str) -> Rc<Object> {
    let link = link(text);
    link.look.set(Look { attributes: REPARSE_POINT | DIRECTORY, ..link.look.get() });
    link
}

/// An absolute link: the flag of relative ones is not set.
pub(super) fn absolute_link(text: &str) -> Rc<Object> {
    let link = link(text);
    link.data.borrow_mut()[16] = 0;
    link
}

/// A link of the Linux subsystem.
pub(super) fn lx_link(text: &str) -> Rc<Object> {
    object("lx link", REPARSE_POINT, LX_SYMLINK, lx_symlink(text).expect("it fits"))
}

/// A junction, or a volume mounted on a directory.
pub(super) fn junction() -> Rc<Object> {
    tagged("junction", DIRECTORY, MOUNT_POINT)
}

/// A reparse point with any tag, and data that means nothing.
pub(super) fn tagged(label: &'static str, attributes: u32, tag: u32) -> Rc<Object> {
    let data = [&tag.to_le_bytes()[..], &[4, 0, 0, 0], &[0xAA; 4]].concat();
    object(label, attributes | REPARSE_POINT, tag, data)
}

impl Object {
    pub(super) fn put(&self, name: &str, object: &Rc<Object>) {
        self.take(name);
        let entry = Entry { name: name.to_owned(), alias: None, object: Rc::clone(object) };
        self.entries.borrow_mut().push(entry);
    }

    pub(super) fn put_with_alias(&self, name: &str, alias: &str, object: &Rc<Object>) {
        let entry = Entry { name: name.to_owned(), alias: Some(alias.to_owned()), object: Rc::clone(object) };
        self.entries.borrow_mut().push(entry);
    }

    pub(super) fn take(&self, name: &str) {
        self.entries.borrow_mut().retain(|entry| !same(&entry.name, name));
    }

    pub(super) fn get(&self, name: &str) -> Option<Rc<Object>> {
        let is_named =
            |entry: &&Entry| same(&entry.name, name) || entry.alias.as_ref().is_some_and(|alias| same(alias, name));
        self.entries.borrow().iter().find(is_named).map(|entry| Rc::clone(&entry.object))
    }

    /// Makes who reopens it get `other`.
    pub(super) fn serve(&self, other: &Rc<Object>) {
        *self.served.borrow_mut() = Some(Rc::clone(other));
    }
}

/// Names are the same in any case.
fn same(one: &str, other: &str) -> bool {
    one.to_uppercase() == other.to_uppercase()
}

type Change = Box<dyn FnMut(usize)>;

/// The system, and what somebody else does before each of its calls.
#[derive(Default)]
pub(super) struct Fake {
    calls: Cell<usize>,
    meanwhile: RefCell<Option<Change>>,
}

impl Fake {
    pub(super) fn meanwhile(change: impl FnMut(usize) + 'static) -> Self {
        Self { calls: Cell::new(0), meanwhile: RefCell::new(Some(Box::new(change))) }
    }

    fn call(&self) {
        self.calls.set(self.calls.get() + 1);
        if let Some(change) = self.meanwhile.borrow_mut().as_mut() {
            change(self.calls.get());
        }
    }
}

impl Objects for Fake {
    type Handle = Rc<Object>;

    fn open(&self, at: &Rc<Object>, name: &Name, how: How) -> Result<(Rc<Object>, bool), Status> {
        self.call();
        let name = String::from_utf16(name.units()).expect("a name is UTF-16");
        assert!(!name.is_empty() && name != "." && name != ".." && !name.contains(['\\', '/', ':']), "{name}");
        let look = at.look.get();
        assert!(
            look.attributes & DIRECTORY != 0 && look.attributes & REPARSE_POINT == 0,
            "{name} in what is no directory"
        );
        match (at.get(&name), how.disposition) {
            (Some(_), Disposition::Create) => Err(Status::OBJECT_NAME_COLLISION),
            (Some(object), _) => Ok((object, false)),
            (None, Disposition::Open) => Err(Status::OBJECT_NAME_NOT_FOUND),
            (None, _) => {
                let made = file("made");
                at.put(&name, &made);
                Ok((made, true))
            }
        }
    }

    fn reopen(&self, handle: &Rc<Object>, how: How) -> Result<Rc<Object>, Status> {
        self.call();
        assert_eq!(how.disposition, Disposition::Open);
        Ok(handle.served.borrow().as_ref().unwrap_or(handle).clone())
    }

    fn look(&self, handle: &Rc<Object>) -> Result<Look, Status> {
        self.call();
        Ok(handle.look.get())
    }

    fn reparse_data(&self, handle: &Rc<Object>) -> Result<Vec<u8>, Status> {
        self.call();
        match handle.look.get().attributes & REPARSE_POINT {
            0 => Err(Status::NOT_A_REPARSE_POINT),
            _ => Ok(handle.data.borrow().clone()),
        }
    }

    fn identity(&self, handle: &Rc<Object>) -> Result<Identity, Status> {
        self.call();
        Ok(Identity { device: 1, file: Rc::as_ptr(handle).addr() as u128 })
    }
}
