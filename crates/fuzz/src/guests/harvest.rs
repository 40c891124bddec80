//! Takes the handles out of what a call returned, so that the next calls have some to work on.

use wasm_encoder::{BlockType, InstructionSink};
use wit_parser::{Handle, Type, TypeDefKind};

use super::interface::Interface;
use super::layout::{SLOTS, slot};
use super::lower::{HERE, parts, size, tag};

/// Emits the code that looks for handles in a result.
pub(crate) struct Harvest<'a, 'b> {
    pub(crate) interface: &'a Interface,
    pub(crate) code: &'a mut InstructionSink<'b>,
    /// A local to keep a list's address in, for each list that is in another.
    pub(crate) locals: Vec<u32>,
    /// The next slot of each resource.
    pub(crate) next: &'a mut Vec<u32>,
    /// The slots that may hold a handle, for each resource.
    pub(crate) filled: &'a mut Vec<Vec<u32>>,
}

/// The place of a value: a constant address, or so many bytes after an address in a local.
#[derive(Clone, Copy)]
pub(crate) enum Place {
    At(u32),
    Behind(u32, u32),
}

impl Place {
    fn plus(self, bytes: u32) -> Self {
        match self {
            Self::At(address) => Self::At(address + bytes),
            Self::Behind(local, offset) => Self::Behind(local, offset + bytes),
        }
    }
}

impl Harvest<'_, '_> {
    /// Keeps the handle on the stack.
    pub(crate) fn keep(&mut self, resource: usize, local: u32) {
        let place = self.slot(resource);
        self.code.local_set(local).i32_const(place as i32).local_get(local).i32_store(HERE);
    }

    fn slot(&mut self, resource: usize) -> u32 {
        let number = self.next[resource] % SLOTS;
        self.next[resource] += 1;
        if !self.filled[resource].contains(&number) {
            self.filled[resource].push(number);
        }
        slot(resource, number)
    }

    fn address(&mut self, place: Place) {
        match place {
            Place::At(address) => self.code.i32_const(address as i32),
            Place::Behind(local, offset) => self.code.local_get(local).i32_const(offset as i32).i32_add(),
        };
    }

    /// True if there is a handle anywhere in a value of this type.
    pub(crate) fn holds_any(&self, ty: &Type) -> bool {
        self.handle(ty).is_some() || parts(self.interface, ty).iter().flatten().any(|part| self.holds_any(part))
    }

    /// The resource, where `ty` is a handle.
    pub(crate) fn handle(&self, ty: &Type) -> Option<usize> {
        let Type::Id(id) = ty else { return None };
        match &self.interface.resolve.types[*id].kind {
            TypeDefKind::Handle(Handle::Own(id)) => self.interface.resource(*id),
            TypeDefKind::Type(ty) => self.handle(ty),
            _ => None,
        }
    }

    /// Keeps all handles of the value at `place`; of a list, those of its first item.
    pub(crate) fn value(&mut self, ty: &Type, place: Place) {
        if let Some(resource) = self.handle(ty) {
            let slot = self.slot(resource);
            self.code.i32_const(slot as i32);
            self.address(place);
            self.code.i32_load(HERE).i32_store(HERE);
            return;
        }
        let Type::Id(id) = ty else { return };
        if !self.holds_any(ty) {
            return;
        }
        match &self.interface.resolve.types[*id].kind {
            TypeDefKind::Type(ty) => self.value(ty, place),
            TypeDefKind::Record(_) | TypeDefKind::Tuple(_) => {
                let types: Vec<_> = parts(self.interface, ty).into_iter().flatten().collect();
                let offsets = self.interface.sizes.field_offsets(&types);
                let offsets: Vec<_> =
                    offsets.into_iter().map(|(offset, ty)| (offset.size_wasm32() as u32, *ty)).collect();
                offsets.into_iter().for_each(|(offset, ty)| self.value(&ty, place.plus(offset)));
            }
            TypeDefKind::List(item) => self.first_item(item, place),
            _ => self.cases(ty, place),
        }
    }

    fn cases(&mut self, ty: &Type, place: Place) {
        let (cases, tag) = (parts(self.interface, ty), tag(self.interface, ty));
        let offset = self.interface.sizes.payload_offset(tag, cases.iter().map(Option::as_ref)).size_wasm32() as u32;
        for (number, carried) in cases.iter().enumerate() {
            let Some(carried) = carried.filter(|carried| self.holds_any(carried)) else { continue };
            self.address(place);
            self.code.i32_load8_u(HERE).i32_const(number as i32).i32_eq().if_(BlockType::Empty);
            self.value(&carried, place.plus(offset));
            self.code.end();
        }
    }

    fn first_item(&mut self, item: &Type, place: Place) {
        let (Some(local), true) = (self.locals.pop(), size(self.interface, item) > 0) else { return };
        self.address(place.plus(4));
        self.code.i32_load(HERE).if_(BlockType::Empty);
        self.address(place);
        self.code.i32_load(HERE).local_set(local);
        self.value(item, Place::Behind(local, 0));
        self.code.end();
    }
}
