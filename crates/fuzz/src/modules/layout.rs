//! Where things are in a hostile module's memory, in bytes, and what its first descriptors are.

/// Bytes of a page.
pub(crate) const PAGE: u64 = 65_536;

/// Answers that are the same on every system.
pub(crate) const OUT: u32 = 64;
/// Where arguments are put, anew for each call.
pub(crate) const PUT: u32 = 4_096;
/// Answers that are not: times, file numbers, random bytes.
pub(crate) const UNTOLD: u32 = 32_768;
/// The bytes for them.
pub(crate) const UNTOLD_BYTES: u32 = 8_192;
/// The data that is read and written.
pub(crate) const DATA: u32 = UNTOLD + UNTOLD_BYTES;

const _: () = assert!(OUT < PUT && PUT < UNTOLD && (DATA as u64) < PAGE);

/// The descriptors after the standard streams: a socket that listens, a mount, another that may not be changed, and those that
/// the module opens.
pub(crate) const LISTENER: u64 = 3;
pub(crate) const WRITABLE: u64 = 4;
pub(crate) const READ_ONLY: u64 = 5;
pub(crate) const OPENED: u64 = 6;
