//! The canonical ABI in a guest's memory: how values of the interface lie there, as the component model defines it, and exactly as
//! strict as the engine is (`wasmtime::component`). Values with texts or lists in them take memory from the guest's own allocator.
//!
//! Hazards: addresses and lengths come from the guest. The allocator is the guest's code, so its answer is checked like any other
//! address, and memory is borrowed anew after each call of the allocator.

use std::mem::MaybeUninit;

use wasmtime::{Caller, Memory, TypedFunc, ValRaw};

use crate::host::Host;
use crate::limits::handed_over;

type Result<T> = wasmtime::Result<T>;

/// `cabi_realloc`: old address, old size, alignment, new size.
pub(crate) type Realloc = TypedFunc<(u32, u32, u32, u32), u32>;

/// A core type that parameters and results are passed as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flat {
    I32,
    I64,
}

/// The arguments of a call, in order; its result, if it has one, comes in the place of the first.
pub(crate) struct Arguments<'a> {
    slots: &'a mut [MaybeUninit<ValRaw>],
    next: usize,
}

impl<'a> Arguments<'a> {
    /// # Safety
    /// The caller's signature is the one that the arguments are taken by: as many slots are filled, with values of those types.
    #[allow(unsafe_code, reason = "the engine hands values over without their types")]
    pub(crate) unsafe fn new(slots: &'a mut [MaybeUninit<ValRaw>]) -> Self {
        Self { slots, next: 0 }
    }

    #[allow(unsafe_code, reason = "as for `new`")]
    fn next(&mut self) -> ValRaw {
        let slot = &self.slots[self.next];
        self.next += 1;
        // SAFETY: whoever made this has seen to it that the signature's slots are filled.
        unsafe { slot.assume_init() }
    }

    pub(crate) fn u32(&mut self) -> u32 {
        self.next().get_u32()
    }

    pub(crate) fn u64(&mut self) -> u64 {
        self.next().get_u64()
    }

    /// The result.
    pub(crate) fn answer(self, value: ValRaw) {
        self.slots[0].write(value);
    }
}

/// The guest while arguments are lifted: its memory, and what its handles stand for.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) host: &'a Host,
}

impl<'a> View<'a> {
    /// `len` elements of `size` bytes at `at`.
    ///
    /// # Errors
    /// If they lie outside of memory, or unaligned.
    pub(crate) fn list(self, at: u32, len: u32, size: u32, align: u32) -> Result<&'a [u8]> {
        let bytes = u64::from(len) * u64::from(size);
        let list = usize::try_from(bytes).ok().and_then(|bytes| self.bytes.get(at as usize..)?.get(..bytes));
        let list = list.ok_or_else(|| wasmtime::format_err!("list pointer/length out of bounds of memory"))?;
        if bytes > handed_over(&self.host.budget) as u64 {
            return Err(wasmtime::format_err!("fuel allocated for hostcalls has been exhausted"));
        }
        if !at.is_multiple_of(align) {
            return Err(wasmtime::format_err!("list pointer is not aligned"));
        }
        Ok(list)
    }

    /// # Errors
    /// If it lies outside of memory, or is not UTF-8.
    pub(crate) fn text(self, at: u32, len: u32) -> Result<&'a str> {
        Ok(str::from_utf8(self.list(at, len, 1, 1)?)?)
    }
}

/// A number out of a value in memory, which is as long as its type.
pub(crate) fn number<const N: usize>(value: &[u8], at: usize) -> [u8; N] {
    value.get(at..).and_then(|rest| rest.first_chunk()).copied().unwrap_or([0; N])
}

/// A value that lies in memory whole, without anything elsewhere.
pub(crate) trait Fixed {
    const SIZE: usize;
    const ALIGN: usize;
    /// The core type that it is returned as, where it is returned as one.
    const FLAT: Option<Flat> = None;

    /// Writes it; `out` has its size. Gaps stay as they are.
    fn encode(&self, out: &mut [u8]);

    /// It as that core value.
    fn flat(&self) -> ValRaw {
        ValRaw::u32(0)
    }
}

/// A value on its way into memory, with what it keeps elsewhere.
pub(crate) trait Store {
    type Fixed: Fixed;

    /// Puts into memory what it keeps elsewhere.
    ///
    /// # Errors
    /// If the guest's allocator traps, or answers wrongly.
    fn store(self, writer: &mut Writer<'_, '_>) -> Result<Self::Fixed>;

    /// It as it is, where it keeps nothing elsewhere.
    fn fixed(self) -> Option<Self::Fixed>
    where
        Self: Sized,
    {
        None
    }
}

/// The guest while an answer is lowered.
pub(crate) struct Writer<'a, 'g> {
    pub(crate) guest: &'a mut Caller<'g, Host>,
    pub(crate) memory: Memory,
}

impl Writer<'_, '_> {
    /// The place of a value at `at`.
    ///
    /// # Errors
    /// If it lies outside of memory, or unaligned.
    pub(crate) fn place<T: Fixed>(&mut self, at: u32) -> Result<&mut [u8]> {
        let at = at as usize;
        if !at.is_multiple_of(T::ALIGN) {
            return Err(wasmtime::format_err!("pointer not aligned"));
        }
        let bytes = self.memory.data_mut(&mut *self.guest);
        let place = bytes.get_mut(at..).and_then(|rest| rest.get_mut(..T::SIZE));
        place.ok_or_else(|| wasmtime::format_err!("pointer out of bounds"))
    }

    /// Memory from the guest's allocator. While that runs, no call of the guest's comes to us.
    fn allocate(&mut self, align: usize, size: usize) -> Result<u32> {
        let (align, size) = (u32::try_from(align)?, u32::try_from(size)?);
        let state = &self.guest.data().direct;
        // Taken out for as long as it runs, since to clone it costs more than to call it.
        let realloc = state.allocator().take().ok_or_else(|| wasmtime::format_err!("it exports no allocator"))?;
        let before = state.may_not_leave.replace(true);
        let at = realloc.call(&mut *self.guest, (0, 0, align, size));
        let state = &self.guest.data().direct;
        state.may_not_leave.set(before);
        state.allocator().set(Some(realloc));
        let at = at?;
        if !at.is_multiple_of(align) {
            return Err(wasmtime::format_err!("realloc return: result not aligned"));
        }
        let end = u64::from(at) + u64::from(size);
        if end > self.memory.data_size(&*self.guest) as u64 {
            return Err(wasmtime::format_err!("realloc return: beyond end of memory"));
        }
        Ok(at)
    }

    /// Bytes in memory of their own.
    pub(crate) fn bytes(&mut self, contents: &[u8]) -> Result<Pair> {
        let at = self.allocate(1, contents.len())?;
        let bytes = self.memory.data_mut(&mut *self.guest);
        bytes[at as usize..][..contents.len()].copy_from_slice(contents);
        Ok(Pair(at, u32::try_from(contents.len())?))
    }

    /// A list in memory of its own, each element with what it keeps elsewhere.
    pub(crate) fn list<T: Store>(&mut self, list: Vec<T>) -> Result<Pair> {
        let (size, len) = (T::Fixed::SIZE, u32::try_from(list.len())?);
        let at = self.allocate(T::Fixed::ALIGN, size.saturating_mul(list.len()))?;
        for (index, element) in list.into_iter().enumerate() {
            let element = element.store(self)?;
            let bytes = self.memory.data_mut(&mut *self.guest);
            element.encode(&mut bytes[at as usize + index * size..][..size]);
        }
        Ok(Pair(at, len))
    }
}

/// The address and length of a list or a text.
pub(crate) struct Pair(u32, u32);

impl Fixed for Pair {
    const SIZE: usize = 8;
    const ALIGN: usize = 4;

    fn encode(&self, out: &mut [u8]) {
        put(out, 0, self.0.to_le_bytes());
        put(out, 4, self.1.to_le_bytes());
    }
}

/// Writes a number of a value.
pub(crate) fn put<const N: usize>(out: &mut [u8], at: usize, number: [u8; N]) {
    if let Some(place) = out.get_mut(at..).and_then(|rest| rest.first_chunk_mut()) {
        *place = number;
    }
}

/// Numbers and truth values.
macro_rules! numbers {
    ($($type:ty, $size:literal, $flat:ident, |$value:ident| $raw:expr, $bytes:expr;)*) => {
        $(impl Fixed for $type {
            const SIZE: usize = $size;
            const ALIGN: usize = $size;
            const FLAT: Option<Flat> = Some(Flat::$flat);

            fn encode(&self, out: &mut [u8]) {
                let $value = *self;
                put(out, 0, $bytes);
            }

            fn flat(&self) -> ValRaw {
                let $value = *self;
                $raw
            }
        })*
    };
}

numbers! {
    bool, 1, I32, |value| ValRaw::u32(value.into()), [u8::from(value)];
    u8, 1, I32, |value| ValRaw::u32(value.into()), [value];
    u32, 4, I32, |value| ValRaw::u32(value), value.to_le_bytes();
    u64, 8, I64, |value| ValRaw::u64(value), value.to_le_bytes();
}

impl Fixed for () {
    const SIZE: usize = 0;
    const ALIGN: usize = 1;

    fn encode(&self, _: &mut [u8]) {}
}

const fn larger(one: usize, other: usize) -> usize {
    if one > other { one } else { other }
}

/// The aligned offset after `size` bytes.
pub(crate) const fn aligned(size: usize, align: usize) -> usize {
    size.next_multiple_of(align)
}

impl<T: Fixed, E: Fixed> Fixed for std::result::Result<T, E> {
    const ALIGN: usize = larger(T::ALIGN, E::ALIGN);
    const SIZE: usize = aligned(aligned(1, Self::ALIGN) + larger(T::SIZE, E::SIZE), Self::ALIGN);

    fn encode(&self, out: &mut [u8]) {
        let (tag, payload) = out.split_at_mut(aligned(1, Self::ALIGN));
        tag[0] = u8::from(self.is_err());
        match self {
            Ok(value) => value.encode(&mut payload[..T::SIZE]),
            Err(error) => error.encode(&mut payload[..E::SIZE]),
        }
    }
}

impl<T: Fixed> Fixed for Option<T> {
    const ALIGN: usize = T::ALIGN;
    const SIZE: usize = aligned(aligned(1, T::ALIGN) + T::SIZE, T::ALIGN);

    fn encode(&self, out: &mut [u8]) {
        let (tag, payload) = out.split_at_mut(aligned(1, Self::ALIGN));
        tag[0] = u8::from(self.is_some());
        if let Some(value) = self {
            value.encode(&mut payload[..T::SIZE]);
        }
    }
}

impl<A: Fixed, B: Fixed> Fixed for (A, B) {
    const ALIGN: usize = larger(A::ALIGN, B::ALIGN);
    const SIZE: usize = aligned(aligned(A::SIZE, B::ALIGN) + B::SIZE, Self::ALIGN);

    fn encode(&self, out: &mut [u8]) {
        self.0.encode(&mut out[..A::SIZE]);
        self.1.encode(&mut out[aligned(A::SIZE, B::ALIGN)..][..B::SIZE]);
    }
}

impl<A: Fixed, B: Fixed, C: Fixed> Fixed for (A, B, C) {
    const ALIGN: usize = larger(larger(A::ALIGN, B::ALIGN), C::ALIGN);
    const SIZE: usize = aligned(aligned(aligned(A::SIZE, B::ALIGN) + B::SIZE, C::ALIGN) + C::SIZE, Self::ALIGN);

    fn encode(&self, out: &mut [u8]) {
        let second = aligned(A::SIZE, B::ALIGN);
        self.0.encode(&mut out[..A::SIZE]);
        self.1.encode(&mut out[second..][..B::SIZE]);
        self.2.encode(&mut out[aligned(second + B::SIZE, C::ALIGN)..][..C::SIZE]);
    }
}

/// Values that keep nothing elsewhere.
macro_rules! store_as_they_are {
    ($($type:ty),*) => {
        $(impl $crate::abi::Store for $type {
            type Fixed = Self;

            fn store(self, _: &mut $crate::abi::Writer<'_, '_>) -> wasmtime::Result<Self> {
                Ok(self)
            }

            fn fixed(self) -> Option<Self> {
                Some(self)
            }
        })*
    };
}
pub(crate) use store_as_they_are;

store_as_they_are!((), bool, u8, u32, u64);

impl Store for String {
    type Fixed = Pair;

    fn store(self, writer: &mut Writer<'_, '_>) -> Result<Pair> {
        writer.bytes(self.as_bytes())
    }
}

/// Lists whose elements are stored one by one, and bytes, which are stored as one.
macro_rules! lists {
    ($($element:ty),*) => {
        $(impl $crate::abi::Store for Vec<$element> {
            type Fixed = $crate::abi::Pair;

            fn store(self, writer: &mut $crate::abi::Writer<'_, '_>) -> wasmtime::Result<$crate::abi::Pair> {
                writer.list(self)
            }
        })*
    };
}
pub(crate) use lists;

lists!(u32, String, (String, String));

impl Store for Vec<u8> {
    type Fixed = Pair;

    fn store(self, writer: &mut Writer<'_, '_>) -> Result<Pair> {
        writer.bytes(&self)
    }
}

impl<T: Store> Store for Option<T> {
    type Fixed = Option<T::Fixed>;

    fn store(self, writer: &mut Writer<'_, '_>) -> Result<Self::Fixed> {
        self.map(|value| value.store(writer)).transpose()
    }
}

impl<A: Store, B: Store> Store for (A, B) {
    type Fixed = (A::Fixed, B::Fixed);

    fn store(self, writer: &mut Writer<'_, '_>) -> Result<Self::Fixed> {
        Ok((self.0.store(writer)?, self.1.store(writer)?))
    }
}

impl<A: Store, B: Store, C: Store> Store for (A, B, C) {
    type Fixed = (A::Fixed, B::Fixed, C::Fixed);

    fn store(self, writer: &mut Writer<'_, '_>) -> Result<Self::Fixed> {
        Ok((self.0.store(writer)?, self.1.store(writer)?, self.2.store(writer)?))
    }
}
