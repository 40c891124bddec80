//! Random values of the interface's types: mostly ones that get somewhere, now and then what no compiler would ever pass.

use fastrand::Rng;
use wit_parser::{Handle, Type, TypeDefKind, TypeId};

use super::interface::Interface;
use super::layout::{END, SLOTS, TEXTS, slot};

/// A value before it is lowered.
pub(crate) enum Value {
    /// A number, a truth value, a character, flags, an enumerator, a handle out of the air.
    Number(u64),
    /// The handle that this address holds.
    Held(u32),
    /// An address and a length: a text, or a list that is not put together here.
    Range(u32, u32),
    /// A list to be put together.
    List(Vec<Value>),
    /// A record or a tuple.
    Record(Vec<Value>),
    /// A case: the number that stands for it, the one that it is, and what it carries.
    Case(u32, usize, Option<Box<Value>>),
}

/// Texts that calls take: paths, names of hosts, and what is none of them.
pub(crate) const STRINGS: &[&str] = &[
    "a",
    "f",
    "a/f",
    "b",
    "a/b",
    "out",
    "out/secret",
    "absolute",
    "absolute/passwd",
    "loop",
    "..",
    ".",
    "",
    "/",
    "/f",
    "../outside/secret",
    "a/../..",
    "f/",
    "a/",
    "a//b",
    "a\0b",
    "ä",
    "localhost",
    "127.0.0.1",
    "::1",
    "nowhere.invalid",
    "hello",
];

/// All texts one after the other, and then bytes that are no text.
pub(crate) fn texts() -> Vec<u8> {
    let mut bytes = STRINGS.concat().into_bytes();
    bytes.extend([b'n'; 300]);
    bytes.extend([0xff, 0xc0, 0x80, 0xed, 0xa0, 0x80]);
    bytes
}

/// Makes values.
pub(crate) struct Values<'a> {
    pub(crate) interface: &'a Interface,
    pub(crate) random: Rng,
    /// One value in so many is wild; 0 for none.
    pub(crate) wild: u32,
    /// A port that the guest may use.
    pub(crate) port: u16,
    /// The slots of each resource that may hold a handle by now.
    pub(crate) filled: Vec<Vec<u32>>,
}

impl Values<'_> {
    pub(crate) fn is_wild(&mut self) -> bool {
        self.wild > 0 && self.random.u32(0..self.wild) == 0
    }

    fn pick(&mut self, from: &[u64]) -> u64 {
        from[self.random.usize(0..from.len())]
    }

    /// A value of type `ty`; `name` is that of the parameter or field.
    pub(crate) fn make(&mut self, ty: &Type, name: &str) -> Value {
        match ty {
            Type::Bool => Value::Number(self.random.u64(0..2)),
            Type::U16 if name == "port" => {
                let ports = [0, u64::from(self.port), u64::from(self.port), 80];
                Value::Number(self.pick(&ports))
            }
            Type::U8 | Type::S8 => Value::Number(self.random.u64(0..256)),
            Type::U16 | Type::S16 => Value::Number(self.random.u64(0..65_536)),
            Type::U32 | Type::S32 => Value::Number(self.number() & 0xffff_ffff),
            Type::Char => Value::Number(self.random.u64(0..0x20_0000)),
            Type::String => self.text(),
            Type::Id(id) => self.defined(*id, name),
            _ => Value::Number(self.number()),
        }
    }

    fn number(&mut self) -> u64 {
        let edges = [1 << 20, 1 << 31, (1 << 32) - 1, 1 << 40, i64::MAX as u64, 1 << 63, u64::MAX];
        match self.random.u32(0..48) {
            0 => self.pick(&edges),
            1..=8 => self.random.u64(0..100_000),
            9..=16 => 0,
            _ => self.random.u64(0..64),
        }
    }

    fn text(&mut self) -> Value {
        if self.is_wild() {
            return self.wild_range();
        }
        let which = self.random.usize(0..STRINGS.len() + 1);
        let before: usize = STRINGS.iter().take(which).map(|text| text.len()).sum();
        let length = STRINGS.get(which).map_or(300, |text| text.len());
        Value::Range(TEXTS + before as u32, length as u32)
    }

    /// Anywhere, and as long as one likes.
    fn wild_range(&mut self) -> Value {
        let not_text = texts().len() as u32 - 6;
        let address = [0, TEXTS + not_text, END - 8, END, u32::MAX, u32::MAX - 7, self.random.u32(..)];
        let length = [0, 6, 100, END, 1 << 28, 1 << 31, u32::MAX];
        Value::Range(address[self.random.usize(0..address.len())], length[self.random.usize(0..length.len())])
    }

    fn defined(&mut self, id: TypeId, name: &str) -> Value {
        let interface = self.interface;
        let definition = &interface.resolve.types[id];
        match &definition.kind {
            TypeDefKind::Type(ty) => self.make(ty, name),
            TypeDefKind::Handle(Handle::Own(resource) | Handle::Borrow(resource)) => self.handle(*resource),
            TypeDefKind::Tuple(_)
                if definition.name.as_deref() == Some("ipv4-address") && self.random.u32(0..8) > 0 =>
            {
                Value::Record([127, 0, 0, 1].map(Value::Number).into())
            }
            TypeDefKind::Record(record) => {
                Value::Record(record.fields.iter().map(|field| self.make(&field.ty, &field.name)).collect())
            }
            TypeDefKind::Tuple(tuple) => Value::Record(tuple.types.iter().map(|ty| self.make(ty, name)).collect()),
            TypeDefKind::Flags(flags) => {
                let all = (1_u64 << flags.flags.len().min(32)) - 1;
                let some = self.random.u64(..) & self.random.u64(..);
                Value::Number(if self.is_wild() { some & 0xffff_ffff } else { some & all })
            }
            TypeDefKind::Enum(cases) => {
                let wild = u64::from(self.is_wild());
                Value::Number(self.random.u64(0..cases.cases.len() as u64 + wild * 3))
            }
            TypeDefKind::Variant(variant) => self.case(variant.cases.iter().map(|case| case.ty).collect(), name),
            TypeDefKind::Option(ty) => self.case(vec![None, Some(*ty)], name),
            TypeDefKind::Result(result) => self.case(vec![result.ok, result.err], name),
            TypeDefKind::List(ty) => self.list(ty, name),
            _ => Value::Number(0),
        }
    }

    fn handle(&mut self, id: TypeId) -> Value {
        let filled = self.interface.resource(id).map(|resource| (resource, self.filled[resource].clone()));
        match filled {
            Some((resource, filled)) if !self.is_wild() => {
                let place = self.random.usize(0..filled.len().max(1));
                Value::Held(slot(resource, filled.get(place).copied().unwrap_or(0)))
            }
            // One of another kind, one that was closed, one that never was.
            Some((resource, _)) if self.random.bool() => {
                Value::Held(slot((resource + 1) % self.filled.len(), self.random.u32(0..SLOTS)))
            }
            _ => Value::Number(self.number() & 0xffff_ffff),
        }
    }

    fn case(&mut self, cases: Vec<Option<Type>>, name: &str) -> Value {
        let case = self.random.usize(0..cases.len());
        let payload = cases[case].map(|ty| Box::new(self.make(&ty, name)));
        let number = if self.is_wild() { self.random.u32(..) } else { case as u32 };
        Value::Case(number, case, payload)
    }

    fn list(&mut self, ty: &Type, name: &str) -> Value {
        if self.is_wild() {
            return self.wild_range();
        }
        if *ty == Type::U8 {
            let length = [0, 1, 5, 100, 4_096, 4_097, 65_536, 300_000];
            return Value::Range(self.random.u32(0..END / 4), length[self.random.usize(0..length.len())]);
        }
        let length = self.random.usize(0..16).checked_sub(8).unwrap_or(1);
        Value::List((0..length).map(|_| self.make(ty, name)).collect())
    }
}
