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
    /// One that depends on the guest or its user.
    Told(Arc<Told>),
}

/// A text, and what it costs.
pub(crate) struct Told {
    text: Box<str>,
    _charge: Charge,
}

impl Name {
    /// `text`, charged.
    ///
    /// # Errors
    /// `InsufficientMemory`.
    pub(crate) fn new(text: &str, budget: &Budget) -> Result<Self> {
        let charge = budget.charge(text.len())?;
        Ok(Self::Told(Arc::new(Told { text: text.into(), _charge: charge })))
    }

    /// The name of the entry at `path` below the directory `self`, as people read it in a trace. No system ever sees it. `charge` is
    /// that of [`Name::charge_below`].
    pub(crate) fn below(&self, path: &str, charge: Charge) -> Self {
        Self::Told(Arc::new(Told { text: join(self, path).into(), _charge: charge }))
    }

    /// Takes the charge for [`Name::below`]. It comes before the file is opened: a file that can't be named is not opened either.
    ///
    /// # Errors
    /// `InsufficientMemory`.
    pub(crate) fn charge_below(&self, path: &str, budget: &Budget) -> Result<Charge> {
        budget.charge((self.len() + 1 + path.len()).min(LONGEST))
    }
}

impl Deref for Name {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Fixed(text) => text,
            Self::Told(told) => &told.text,
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
    let slash = if directory.ends_with('/') { "" } else { "/" };
    let mut name = [directory, slash, path].concat();
    if name.len() > PATH_MAX {
        name.replace_range(..name.ceil_char_boundary(name.len() - PATH_MAX), CUT);
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_does_not_grow_for_ever() {
        assert_eq!(join("/", "a"), "/a");
        assert_eq!(join("/data", "a/b"), "/data/a/b");
        let (mut name, step) = ("/".to_owned(), "ä/".repeat(1_000));
        for _ in 0..10 {
            name = join(&name, &step);
        }
        assert!(name.starts_with('…') && name.ends_with("ä/ä/"), "{name}");
        assert!(name.len() <= LONGEST, "{}", name.len());
    }

    #[test]
    fn a_name_is_charged_as_long_as_anybody_has_it() {
        let budget = Budget::new(10_000);
        let root = Name::new("/data", &budget).unwrap();
        assert!(budget.has(9_995) && !budget.has(9_996));
        let charge = root.charge_below("file", &budget).unwrap();
        let (file, stream) = (root.below("file", charge), root.clone());
        assert_eq!((&*file, &*stream), ("/data/file", "/data"));
        assert!(budget.has(9_985) && !budget.has(9_986), "a clone costs nothing");
        drop((root, file));
        assert!(budget.has(9_995) && !budget.has(9_996));
        assert!(stream.charge_below(&"x".repeat(9_999), &budget).is_ok(), "no name is longer than {LONGEST}");
    }
}
