//! The outcome of a call, in words that mean the same on every backend: no inode numbers, no clock's times, no native codes.

use callgate_system::{Code, FileType, Stat, Timestamp};

use super::operation::MARKS;

/// The outcome of a call.
pub type Outcome = Result<Told, Code>;

/// The result of a call that succeeded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// Nothing.
    Done,
    /// A number of bytes.
    Count(usize),
    /// The text of a link.
    Text(String),
    /// The bytes that were read.
    Bytes(Vec<u8>),
    /// A handle was opened, of a directory or not.
    Opened {
        /// True if it is a directory.
        directory: bool,
    },
    /// Attributes.
    Stat(Seen),

    /// The place that the operation names holds no handle: nothing was called.
    NoHandle,
    /// A promise was broken, whatever the other backends did.
    Broken(String),
}

/// Attributes, as far as they can be compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Its kind.
    pub kind: FileType,
    /// Hard links to it.
    pub links: u64,
    /// Bytes; `None` of a directory, where systems say what they like.
    pub size: Option<u64>,
    /// Last read.
    pub accessed: Moment,
    /// Last written.
    pub modified: Moment,
    /// The held handles that are the same file.
    pub same_as: Vec<String>,
}

/// A time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Not told.
    Untold,
    /// The one with this number among [`MARKS`].
    Mark(usize),
    /// Any other: a clock's.
    Clock,
}

impl Moment {
    pub(super) fn of(time: Option<Timestamp>) -> Self {
        match time {
            None => Self::Untold,
            Some(time) => MARKS.iter().position(|mark| *mark == time).map_or(Self::Clock, Self::Mark),
        }
    }
}

impl Seen {
    pub(super) fn of(stat: &Stat, same_as: Vec<String>) -> Self {
        Self {
            kind: stat.kind,
            links: stat.links,
            size: (stat.kind != FileType::Directory).then_some(stat.size),
            accessed: Moment::of(stat.accessed),
            modified: Moment::of(stat.modified),
            same_as,
        }
    }
}
