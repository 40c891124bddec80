//! The names of objects in the trace. A path is shared by all objects that were made of one descriptor, and charged once.

use std::ops::Deref;
use std::sync::Arc;

use callgate_system::Result;
use callgate_system::path::PATH_MAX;

use crate::budget::{Budget, Charge};

/// The name of an object.
#[derive(Clone)]
pub(crate) enum Name {
    /// One of ours, such as `tcp`.
    Fixed(&'static str),
    /// One that depends on the guest or its user, of at most [`SHORT`] bytes. The place of its object in the table of handles pays for it.
    Short(Arc<str>),
    /// A longer one.
    Long(Arc<Charged>),
}

/// Bytes of the longest name that has no charge of its own.
pub(crate) const SHORT: usize = 128;

/// A text, and what it costs.
pub(crate) struct Charged {
    text: Box<str>,
    _charge: Charge,
}

impl Name {
    /// `text`, charged.
    ///
    /// # Errors
    /// `InsufficientMemory`.
    pub(crate) fn new(text: &str, budget: &Budget) -> Result<Self> {
        Ok(match charge(text.len(), budget)? {
            None => Self::Short(text.into()),
            Some(charge) => Self::Long(Arc::new(Charged { text: text.into(), _charge: charge })),
        })
    }

    /// The name of the entry at `path` below a directory, as people read it in a trace. No system ever sees it. `charge` is
    /// that of [`Name::charge_below`].
    pub(crate) fn below(directory: &str, path: &str, charge: Option<Charge>) -> Self {
        match charge {
            None => Self::Short(join_short(directory, path)),
            Some(charge) => Self::Long(Arc::new(Charged { text: join(directory, path).into(), _charge: charge })),
        }
    }

    /// Takes the charge for [`Name::below`]. It comes before the file is opened: a file that can't be named is not opened either.
    ///
    /// # Errors
    /// `InsufficientMemory`.
    pub(crate) fn charge_below(directory: &str, path: &str, budget: &Budget) -> Result<Option<Charge>> {
        charge((directory.len() + 1 + path.len()).min(LONGEST), budget)
    }
}

/// The charge for a name of so many bytes; none for a short one.
fn charge(bytes: usize, budget: &Budget) -> Result<Option<Charge>> {
    if bytes <= SHORT { Ok(None) } else { budget.charge(bytes).map(Some) }
}

impl Deref for Name {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Fixed(text) => text,
            Self::Short(text) => text,
            Self::Long(charged) => &charged.text,
        }
    }
}

/// Stands for the beginning of a name that is too long.
const CUT: &str = "…";

/// Bytes of the longest name.
const LONGEST: usize = PATH_MAX + CUT.len();

/// Of a name that is longer than any path of a system the end is kept: else a guest that opens ever deeper makes it as long as it
/// likes.
fn join(directory: &str, path: &str) -> String {
    let mut name = [directory, slash_between(directory, path), path].concat();
    if name.len() > PATH_MAX {
        name.replace_range(..name.ceil_char_boundary(name.len() - PATH_MAX), CUT);
    }
    name
}

/// The same for one of at most [`SHORT`] bytes, which takes a single allocation: every opened file has a name.
fn join_short(directory: &str, path: &str) -> Arc<str> {
    let (mut room, mut used) = ([0; SHORT], 0);
    for part in [directory, slash_between(directory, path), path] {
        let Some(place) = room.get_mut(used..used + part.len()) else { return join(directory, path).into() };
        place.copy_from_slice(part.as_bytes());
        used += part.len();
    }
    match std::str::from_utf8(&room[..used]) {
        Ok(name) => name.into(),
        Err(_) => unreachable!("texts make a text"),
    }
}

fn slash_between(directory: &str, path: &str) -> &'static str {
    if directory.ends_with('/') || path.is_empty() { "" } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_does_not_grow_for_ever() {
        assert_eq!(join("/", "a"), "/a");
        assert_eq!(join("/data", "a/b"), "/data/a/b");
        assert_eq!((&*join("/data", ""), &*join_short("/data", "")), ("/data", "/data"));
        let (mut name, step) = ("/".to_owned(), "ä/".repeat(1_000));
        for _ in 0..10 {
            name = join(&name, &step);
        }
        assert!(name.starts_with('…') && name.ends_with("ä/ä/"), "{name}");
        assert!(name.len() <= LONGEST, "{}", name.len());
    }

    #[test]
    fn a_long_name_is_charged_as_long_as_anybody_has_it() {
        let (budget, long) = (Budget::new(10_000), "x".repeat(200));
        let root = Name::new(&long, &budget).unwrap();
        assert!(budget.has(9_800) && !budget.has(9_801));
        let charge = Name::charge_below(&root, "file", &budget).unwrap();
        let (file, stream) = (Name::below(&root, "file", charge), root.clone());
        assert_eq!((&*file, &*stream), (&*format!("{long}/file"), &*long));
        assert!(budget.has(9_595) && !budget.has(9_596), "a clone costs nothing");
        drop((root, file));
        assert!(budget.has(9_800) && !budget.has(9_801));
        assert!(Name::charge_below(&stream, &"x".repeat(9_999), &budget).is_ok(), "no name is longer than {LONGEST}");
    }

    #[test]
    fn a_short_name_is_paid_for_by_its_place() {
        let budget = Budget::new(0);
        let root = Name::new("/", &budget).unwrap();
        let longest = "ä".repeat(SHORT / 2 - 1);
        for path in ["a", "a/b", &longest] {
            let charge = Name::charge_below(&root, path, &budget).unwrap();
            assert_eq!(*Name::below(&root, path, charge), format!("/{path}"));
        }
        assert!(Name::charge_below(&root, &"x".repeat(SHORT), &budget).is_err());
    }
}
