//! Where things are in a hostile guest's memory, in bytes.

/// Pages of 64 KiB to begin with.
pub(crate) const PAGES: u64 = 8;
/// All of them, in bytes.
pub(crate) const END: u32 = PAGES as u32 * 65_536;
/// Handles, [`SLOTS`] of each kind; 0 is none.
pub(crate) const HANDLES: u32 = 1_024;
/// The number of handles of one kind that are remembered.
pub(crate) const SLOTS: u32 = 8;
/// Where results are returned.
pub(crate) const RESULTS: u32 = 4_096;
/// Texts, written by a data segment.
pub(crate) const TEXTS: u32 = 8_192;
/// Where lists are put together.
pub(crate) const LISTS: u32 = 32_768;
/// Where the host asks for memory; begins anew with each call.
pub(crate) const HEAP: u32 = 65_536;

/// The address of a handle.
pub(crate) fn slot(resource: usize, slot: u32) -> u32 {
    HANDLES + (resource as u32 * SLOTS + slot % SLOTS) * 4
}
