//! preview1's rights. A descriptor starts with all rights that its kind has. A guest can give rights away, for the descriptor itself
//! and for files that are opened below it, and a use that takes such a right is refused. The rights that `path_open` asks for decide on
//! reading and writing only: guests ask for too little as often as for too much, since no host of today looks at the rest. The gate
//! refuses: a call passes it with a handle that says which right is missing.

use callgate_system::Code;

/// A set of rights, as in the standard: one bit each.
pub(super) type Rights = u64;

pub(super) const FD_DATASYNC: Rights = 1;
pub(super) const FD_READ: Rights = 1 << 1;
pub(super) const FD_SEEK: Rights = 1 << 2;
pub(super) const FD_FDSTAT_SET_FLAGS: Rights = 1 << 3;
pub(super) const FD_SYNC: Rights = 1 << 4;
pub(super) const FD_TELL: Rights = 1 << 5;
pub(super) const FD_WRITE: Rights = 1 << 6;
pub(super) const FD_ADVISE: Rights = 1 << 7;
pub(super) const FD_ALLOCATE: Rights = 1 << 8;
pub(super) const PATH_CREATE_DIRECTORY: Rights = 1 << 9;
pub(super) const PATH_CREATE_FILE: Rights = 1 << 10;
pub(super) const PATH_LINK_SOURCE: Rights = 1 << 11;
pub(super) const PATH_LINK_TARGET: Rights = 1 << 12;
pub(super) const PATH_OPEN: Rights = 1 << 13;
pub(super) const FD_READDIR: Rights = 1 << 14;
pub(super) const PATH_READLINK: Rights = 1 << 15;
pub(super) const PATH_RENAME_SOURCE: Rights = 1 << 16;
pub(super) const PATH_RENAME_TARGET: Rights = 1 << 17;
pub(super) const PATH_FILESTAT_GET: Rights = 1 << 18;
pub(super) const PATH_FILESTAT_SET_SIZE: Rights = 1 << 19;
pub(super) const PATH_FILESTAT_SET_TIMES: Rights = 1 << 20;
pub(super) const FD_FILESTAT_GET: Rights = 1 << 21;
pub(super) const FD_FILESTAT_SET_SIZE: Rights = 1 << 22;
pub(super) const FD_FILESTAT_SET_TIMES: Rights = 1 << 23;
pub(super) const PATH_SYMLINK: Rights = 1 << 24;
pub(super) const PATH_REMOVE_DIRECTORY: Rights = 1 << 25;
pub(super) const PATH_UNLINK_FILE: Rights = 1 << 26;
pub(super) const POLL_FD_READWRITE: Rights = 1 << 27;
pub(super) const SOCK_SHUTDOWN: Rights = 1 << 28;
pub(super) const SOCK_ACCEPT: Rights = 1 << 29;

/// The rights that any descriptor may have.
pub(super) const ANY: Rights = FD_FDSTAT_SET_FLAGS | FD_FILESTAT_GET;

/// The rights that a stream may have besides reading or writing. A terminal is told by its not having `FD_SEEK`.
pub(super) const STREAM: Rights = ANY | POLL_FD_READWRITE;

pub(super) const FILE: Rights = STREAM
    | FD_DATASYNC
    | FD_READ
    | FD_SEEK
    | FD_SYNC
    | FD_TELL
    | FD_WRITE
    | FD_ADVISE
    | FD_ALLOCATE
    | FD_FILESTAT_SET_SIZE
    | FD_FILESTAT_SET_TIMES;

pub(super) const DIRECTORY: Rights = ANY
    | FD_DATASYNC
    | FD_SYNC
    | FD_FILESTAT_SET_TIMES
    | PATH_CREATE_DIRECTORY
    | PATH_CREATE_FILE
    | PATH_LINK_SOURCE
    | PATH_LINK_TARGET
    | PATH_OPEN
    | FD_READDIR
    | PATH_READLINK
    | PATH_RENAME_SOURCE
    | PATH_RENAME_TARGET
    | PATH_FILESTAT_GET
    | PATH_FILESTAT_SET_SIZE
    | PATH_FILESTAT_SET_TIMES
    | PATH_SYMLINK
    | PATH_REMOVE_DIRECTORY
    | PATH_UNLINK_FILE;

/// The rights that files and directories opened below a directory may have.
pub(super) const BELOW: Rights = DIRECTORY | FILE;

/// The error for want of `wanted`, of which some were given away, or never there.
///
/// `BadDescriptor` for reading and writing, as for a file that was opened without; `NotCapable` for the rest.
pub(super) fn missing(held: Rights, wanted: Rights) -> Option<Code> {
    match wanted & !held {
        0 => None,
        missing if missing & (FD_READ | FD_WRITE) != 0 => Some(Code::BadDescriptor),
        _ => Some(Code::NotCapable),
    }
}
