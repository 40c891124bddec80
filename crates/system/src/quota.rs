//! Limits on the size of a tree.

/// The most that a tree holds, or that may be added to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Bytes of files.
    pub bytes: u64,
    /// Names.
    pub entries: u64,
}
