//! A seal that no guest can make: guests create files as 0666 and directories as 0777, and WASI has no chmod.

/// The permission bits of a sealed regular file, all twelve of them: what has exactly these was made outside of any guest, and is not
/// written through any [`Directory`](crate::Directory) of a Unix, whoever runs the guest: it does not open for writing
/// ([`Code::Access`](crate::Code::Access)), and so is not cut. It may be renamed, linked and removed as any other.
pub const SEAL: u32 = 0o1500;

/// True if a file of this mode (`st_mode`, with its type or without) is sealed.
#[must_use]
pub fn is_sealed(mode: u32) -> bool {
    mode & 0o7777 == SEAL
}
