//! Counts and times of each function.
//!
//! Hazard: a stored trace may name any number of functions and errors. So many are kept; the others share a place.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use callgate_system::Nanoseconds;

use super::Sample;
use super::histogram::Histogram;

/// Functions that are kept: far more than the interface has.
const MOST: usize = 512;

/// Errors of a function that are kept.
const MOST_ERRORS: usize = 64;

/// Bytes of a name that are kept.
const NAME: usize = 128;

/// The name of whatever comes beyond those.
const OTHERS: &str = "(others)";

/// The function that was called.
#[derive(Clone, Copy)]
pub(super) enum Function<'a> {
    /// One of the gate's, known by where its name is.
    Known { interface: &'static str, name: &'static str },
    /// One that a file names.
    Told { interface: &'a str, name: &'a str },
}

/// The error of a call.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Failure<'a> {
    pub(super) code: &'a str,
    pub(super) native: Option<Native<'a>>,
    pub(super) refused: bool,
}

/// A native code.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Native<'a> {
    pub(super) family: &'a str,
    pub(super) code: u64,
    pub(super) name: &'a str,
}

/// All functions that were called.
#[derive(Default)]
pub(super) struct Calls {
    all: Vec<Counts>,
    by_name: HashMap<Box<str>, usize>,
    by_address: HashMap<usize, usize, BuildHasherDefault<AddressHasher>>,
}

/// The calls of one function.
#[derive(Default)]
pub(super) struct Counts {
    pub(super) interface: Box<str>,
    pub(super) name: Box<str>,
    pub(super) count: u64,
    pub(super) bytes: u64,
    pub(super) total: Nanoseconds,
    pub(super) times: Histogram,
    pub(super) errors: Vec<Errors>,
}

/// The failures of one function with one error.
pub(super) struct Errors {
    pub(super) code: Box<str>,
    pub(super) native: Option<(Box<str>, u64, Box<str>)>,
    pub(super) refused: bool,
    pub(super) count: u64,
}

impl Calls {
    #[inline]
    pub(super) fn add(&mut self, sample: &Sample<'_>) {
        let place = self.place(sample.function);
        let counts = &mut self.all[place];
        counts.count += 1;
        counts.bytes = counts.bytes.saturating_add(sample.bytes);
        counts.total = counts.total.saturating_add(sample.took);
        counts.times.add(sample.took);
        if let Some(failure) = sample.failure {
            counts.fail(failure);
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Counts> {
        self.all.iter()
    }

    #[inline]
    fn place(&mut self, function: Function<'_>) -> usize {
        match function {
            Function::Known { interface, name } => {
                let address = name.as_ptr().addr();
                if let Some(place) = self.by_address.get(&address) {
                    return *place;
                }
                let place = self.place_of_name(interface, name);
                self.by_address.insert(address, place);
                place
            }
            Function::Told { interface, name } => self.place_of_name(interface, name),
        }
    }

    fn place_of_name(&mut self, interface: &str, name: &str) -> usize {
        let name = cut(name);
        if let Some(place) = self.by_name.get(name) {
            return *place;
        }
        if self.all.len() >= MOST {
            let others = self.all.len() - 1;
            self.all[others].interface = "".into();
            self.all[others].name = OTHERS.into();
            return others;
        }
        self.by_name.insert(name.into(), self.all.len());
        self.all.push(Counts { interface: cut(interface).into(), name: name.into(), ..Counts::default() });
        self.all.len() - 1
    }
}

impl Counts {
    #[cold]
    fn fail(&mut self, failure: Failure<'_>) {
        if let Some(errors) = self.errors.iter_mut().find(|errors| errors.are(failure)) {
            errors.count += 1;
        } else if self.errors.len() < MOST_ERRORS {
            let native = failure.native.map(|native| (cut(native.family).into(), native.code, cut(native.name).into()));
            self.errors.push(Errors { code: cut(failure.code).into(), native, refused: failure.refused, count: 1 });
        } else if let Some(others) = self.errors.last_mut() {
            *others = Errors { code: OTHERS.into(), native: None, refused: false, count: others.count + 1 };
        }
    }
}

impl Errors {
    fn are(&self, failure: Failure<'_>) -> bool {
        let native = self.native.as_ref().map(|(family, code, name)| Native { family, code: *code, name });
        let same_native = match (native, failure.native) {
            (Some(one), Some(other)) => {
                one.code == other.code && one.family == cut(other.family) && one.name == cut(other.name)
            }
            (one, other) => one.is_none() && other.is_none(),
        };
        same_native && self.refused == failure.refused && *self.code == *cut(failure.code)
    }
}

fn cut(name: &str) -> &str {
    &name[..name.floor_char_boundary(NAME)]
}

/// Hashes addresses, which nobody chooses.
#[derive(Default)]
pub(super) struct AddressHasher(u64);

impl Hasher for AddressHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_usize(usize::from(*byte)));
    }

    fn write_usize(&mut self, address: usize) {
        // The table takes its place from the low bits and a tag from the high ones.
        let mixed = (self.0 ^ address as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = mixed ^ mixed >> 32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call<'a>(name: &'a str, code: Option<&'a str>) -> Sample<'a> {
        let failure = code.map(|code| Failure { code, native: None, refused: false });
        let function = Function::Told { interface: "i", name };
        Sample { sequence: 1, began: 0, took: 1, function, failure, bytes: 0, place: None }
    }

    /// What a file names without end is counted, and takes no more memory.
    #[test]
    fn names_without_end() {
        let mut calls = Calls::default();
        for number in 0..10 * MOST {
            calls.add(&call(&format!("call {number}"), None));
        }
        assert_eq!(calls.iter().count(), MOST);
        assert_eq!(calls.iter().map(|counts| counts.count).sum::<u64>(), 10 * MOST as u64);
        let last = calls.iter().last().unwrap();
        assert_eq!((&*last.name, last.count), (OTHERS, 9 * MOST as u64 + 1));
    }

    #[test]
    fn errors_without_end() {
        let mut calls = Calls::default();
        for number in 0..1000 {
            calls.add(&call("a", Some(&format!("error {number}"))));
        }
        let counts = calls.iter().next().unwrap();
        assert_eq!(
            (counts.errors.len(), counts.errors.iter().map(|errors| errors.count).sum::<u64>()),
            (MOST_ERRORS, 1000)
        );
    }

    #[test]
    fn long_names_are_cut() {
        let mut calls = Calls::default();
        let long = "ü".repeat(1 << 16);
        (0..3).for_each(|_| calls.add(&call(&long, Some(&long))));
        let counts = calls.iter().next().unwrap();
        assert_eq!((counts.count, counts.name.len(), counts.errors.len(), counts.errors[0].count), (3, NAME, 1, 3));
    }
}
