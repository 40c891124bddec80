//! From values to instructions, as the canonical ABI wants them: flat on the stack, or in memory.

use wasm_encoder::{InstructionSink, MemArg};
use wit_parser::abi::{FlatTypes, WasmType};
use wit_parser::{FlagsRepr, Int, Type, TypeDefKind};

use super::interface::Interface;
use super::value::Value;

/// A flat value: what it is made of, and what it is called.
#[derive(Clone, Copy)]
pub(crate) enum Flat {
    Number(u64),
    Held(u32),
}

/// Where memory is read and written: at the address on the stack, whatever its alignment.
pub(crate) const HERE: MemArg = MemArg { offset: 0, align: 0, memory_index: 0 };

/// Lowers the arguments of one call. Lists are put together from `lists` on.
pub(crate) struct Lower<'a, 'b> {
    pub(crate) interface: &'a Interface,
    pub(crate) code: &'a mut InstructionSink<'b>,
    pub(crate) lists: u32,
    /// The number of a flat value, and the value to push in its place.
    pub(crate) instead: Option<(usize, Flat)>,
}

impl Lower<'_, '_> {
    /// Pushes the arguments: what must be in memory is stored before, for nothing may come between.
    pub(crate) fn arguments(&mut self, values: &[(Value, Type)]) {
        let flat: Vec<_> = values.iter().flat_map(|(value, ty)| self.flat(value, ty)).collect();
        for (place, (value, ty)) in flat.into_iter().enumerate() {
            match self.instead {
                Some((instead, value)) if instead == place => self.push(value, ty),
                _ => self.push(value, ty),
            }
        }
    }

    fn push(&mut self, value: Flat, ty: WasmType) {
        let wide = matches!(ty, WasmType::I64 | WasmType::PointerOrI64);
        match (value, ty) {
            (Flat::Number(number), WasmType::F32) => self.code.f32_const((number as f32).into()),
            (Flat::Number(number), WasmType::F64) => self.code.f64_const((number as f64).into()),
            (Flat::Number(number), _) if wide => self.code.i64_const(number as i64),
            (Flat::Number(number), _) => self.code.i32_const(number as i32),
            (Flat::Held(address), _) => {
                self.code.i32_const(address as i32).i32_load(HERE);
                if wide { self.code.i64_extend_i32_u() } else { &mut *self.code }
            }
        };
    }

    /// The flat values of `value`, each with its type.
    fn flat(&mut self, value: &Value, ty: &Type) -> Vec<(Flat, WasmType)> {
        let types = flat_types(self.interface, ty);
        let first = |value| vec![(value, types.first().copied().unwrap_or(WasmType::I32))];
        match value {
            Value::Number(number) => first(Flat::Number(*number)),
            Value::Held(address) => first(Flat::Held(*address)),
            Value::Range(address, length) => {
                [address, length].map(|number| (Flat::Number((*number).into()), WasmType::I32)).into()
            }
            Value::List(items) => {
                let address = self.store_list(items, ty);
                let both = [u64::from(address), items.len() as u64];
                both.map(|number| (Flat::Number(number), WasmType::I32)).into()
            }
            Value::Record(fields) => {
                let types = parts(self.interface, ty);
                fields
                    .iter()
                    .zip(types)
                    .flat_map(|(field, ty)| ty.map_or(Vec::new(), |ty| self.flat(field, &ty)))
                    .collect()
            }
            Value::Case(number, case, payload) => {
                let mut values = vec![Flat::Number((*number).into())];
                let carried = parts(self.interface, ty).get(*case).copied().flatten();
                if let (Some(payload), Some(ty)) = (payload, carried) {
                    values.extend(self.flat(payload, &ty).into_iter().map(|(value, _)| value));
                }
                // The cases share their places: each has the types that hold any of them.
                values.resize(types.len(), Flat::Number(0));
                values.into_iter().zip(types).collect()
            }
        }
    }

    /// Stores a list's items, and returns its address.
    fn store_list(&mut self, items: &[Value], ty: &Type) -> u32 {
        let Some(Some(item)) = parts(self.interface, ty).first().copied() else { return self.lists };
        let (size, align) = (size(self.interface, &item), self.interface.sizes.align(&item).align_wasm32() as u32);
        let address = self.lists.next_multiple_of(align.max(1));
        self.lists = address + size * items.len() as u32;
        for (number, value) in items.iter().enumerate() {
            self.store(value, &item, address + size * number as u32);
        }
        address
    }

    /// Stores `value` at `address`.
    pub(crate) fn store(&mut self, value: &Value, ty: &Type, address: u32) {
        match value {
            Value::Number(_) | Value::Held(_) => {
                let size = size(self.interface, ty);
                self.store_flat(value, size, address);
            }
            Value::Range(at, length) => {
                self.store_flat(&Value::Number((*at).into()), 4, address);
                self.store_flat(&Value::Number((*length).into()), 4, address + 4);
            }
            Value::List(items) => {
                let at = self.store_list(items, ty);
                self.store(&Value::Range(at, items.len() as u32), ty, address);
            }
            Value::Record(fields) => {
                let types: Vec<_> = parts(self.interface, ty).into_iter().flatten().collect();
                let offsets = self.interface.sizes.field_offsets(&types);
                let offsets: Vec<_> =
                    offsets.into_iter().map(|(offset, ty)| (offset.size_wasm32() as u32, *ty)).collect();
                for (field, (offset, ty)) in fields.iter().zip(offsets) {
                    self.store(field, &ty, address + offset);
                }
            }
            Value::Case(number, case, payload) => {
                let tag = tag(self.interface, ty);
                self.store_flat(&Value::Number((*number).into()), tag_size(tag), address);
                let cases = parts(self.interface, ty);
                if let (Some(payload), Some(carried)) = (payload, cases.get(*case).copied().flatten()) {
                    let offset = self.interface.sizes.payload_offset(tag, cases.iter().map(Option::as_ref));
                    self.store(payload, &carried, address + offset.size_wasm32() as u32);
                }
            }
        }
    }

    fn store_flat(&mut self, value: &Value, size: u32, address: u32) {
        let flat = match value {
            Value::Held(address) => Flat::Held(*address),
            Value::Number(number) => Flat::Number(*number),
            _ => Flat::Number(0),
        };
        self.code.i32_const(address as i32);
        self.push(flat, if size == 8 { WasmType::I64 } else { WasmType::I32 });
        match size {
            1 => self.code.i32_store8(HERE),
            2 => self.code.i32_store16(HERE),
            8 => self.code.i64_store(HERE),
            _ => self.code.i32_store(HERE),
        };
    }
}

/// The core types that a value is passed as.
pub(crate) fn flat_types(interface: &Interface, ty: &Type) -> Vec<WasmType> {
    let mut storage = [WasmType::I32; 64];
    let mut types = FlatTypes::new(&mut storage);
    interface.resolve.push_flat(ty, &mut types);
    types.to_vec()
}

/// Bytes of a value in memory.
pub(crate) fn size(interface: &Interface, ty: &Type) -> u32 {
    interface.sizes.size(ty).size_wasm32() as u32
}

/// The types that `ty` is made of: of its fields or items, or of what its cases carry.
pub(crate) fn parts(interface: &Interface, ty: &Type) -> Vec<Option<Type>> {
    let Type::Id(id) = ty else { return Vec::new() };
    match &interface.resolve.types[*id].kind {
        TypeDefKind::Type(ty) => parts(interface, ty),
        TypeDefKind::Record(record) => record.fields.iter().map(|field| Some(field.ty)).collect(),
        TypeDefKind::Tuple(tuple) => tuple.types.iter().copied().map(Some).collect(),
        TypeDefKind::Variant(variant) => variant.cases.iter().map(|case| case.ty).collect(),
        TypeDefKind::Option(ty) => vec![None, Some(*ty)],
        TypeDefKind::Result(result) => vec![result.ok, result.err],
        TypeDefKind::List(ty) => vec![Some(*ty)],
        _ => Vec::new(),
    }
}

/// The number that tells the cases of `ty` apart.
pub(crate) fn tag(interface: &Interface, ty: &Type) -> Int {
    let Type::Id(id) = ty else { return Int::U8 };
    match &interface.resolve.types[*id].kind {
        TypeDefKind::Type(ty) => tag(interface, ty),
        TypeDefKind::Variant(variant) => variant.tag(),
        TypeDefKind::Enum(cases) => cases.tag(),
        TypeDefKind::Flags(flags) => match flags.repr() {
            FlagsRepr::U8 => Int::U8,
            FlagsRepr::U16 => Int::U16,
            FlagsRepr::U32(_) => Int::U32,
        },
        _ => Int::U8,
    }
}

fn tag_size(tag: Int) -> u32 {
    match tag {
        Int::U8 => 1,
        Int::U16 => 2,
        Int::U32 => 4,
        Int::U64 => 8,
    }
}
