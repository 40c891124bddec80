//! The one error type: a portable code, and the native code that it came from.
//!
//! The native code is kept to the end, for the trace and for the guest that asks; no conversion on the way may drop it.

use std::fmt;

/// The result of every call of a system.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A failed call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Error {
    /// The portable code, in the interface's words.
    pub code: Code,
    /// The operating system's own code, where the error comes from one.
    pub native: Option<Native>,
}

/// An error code of an operating system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Native {
    /// The numbering that `code` belongs to.
    pub family: Family,
    /// The number: `errno` as a positive value, an `NTSTATUS`, or a Winsock code.
    pub code: u32,
    /// Its symbolic name without a number, such as `"ENOENT"`; empty where the backend knows none.
    pub name: &'static str,
}

/// The numbering of a native error code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// `errno` of a Unix.
    Errno,
    /// `NTSTATUS` of Windows NT.
    NtStatus,
    /// A `WSAE…` code of Winsock.
    Winsock,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// The portable error codes: those of `wasi:filesystem/types` and `wasi:sockets/network`, each once.
        ///
        /// A code that both have is named here in the words of the first: `invalid` for `invalid-argument`, `unsupported` for
        /// `not-supported`, `insufficient-memory` for `out-of-memory`, `already` for `concurrency-conflict`,
        /// `message-size` for `datagram-too-large`; `access` and `not-permitted` are `access-denied` to sockets.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Code { $($(#[$doc])* $variant,)* }

        impl Code {
            /// Every code, in the order of their declaration.
            pub const ALL: &'static [Code] = &[$(Code::$variant,)*];

            /// The code's name as WIT writes it: `"no-entry"`.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Code::$variant => $name,)* }
            }
        }
    };
}

codes! {
    /// Permission denied by the file's own rights.
    Access = "access",
    /// The call would have to wait.
    WouldBlock = "would-block",
    /// Already under way.
    Already = "already",
    /// The handle is closed, or was not opened for this.
    BadDescriptor = "bad-descriptor",
    /// In use.
    Busy = "busy",
    /// Would deadlock.
    Deadlock = "deadlock",
    /// Over the storage quota.
    Quota = "quota",
    /// Exists already.
    Exist = "exist",
    /// Larger than a file may be.
    FileTooLarge = "file-too-large",
    /// A name that is not UTF-8.
    IllegalByteSequence = "illegal-byte-sequence",
    /// Under way.
    InProgress = "in-progress",
    /// Interrupted.
    Interrupted = "interrupted",
    /// An argument out of its range.
    Invalid = "invalid",
    /// Input or output failed.
    Io = "io",
    /// A directory where none may be.
    IsDirectory = "is-directory",
    /// Too many symbolic links.
    Loop = "loop",
    /// Too many hard links.
    TooManyLinks = "too-many-links",
    /// A datagram that is too large.
    MessageSize = "message-size",
    /// A name, or a path, that is too long.
    NameTooLong = "name-too-long",
    /// No such device.
    NoDevice = "no-device",
    /// No such file or directory.
    NoEntry = "no-entry",
    /// No locks left.
    NoLock = "no-lock",
    /// No memory, or no handle, left.
    InsufficientMemory = "insufficient-memory",
    /// No space left on the device.
    InsufficientSpace = "insufficient-space",
    /// Not a directory.
    NotDirectory = "not-directory",
    /// The directory is not empty.
    NotEmpty = "not-empty",
    /// Not recoverable.
    NotRecoverable = "not-recoverable",
    /// This system, or this file, does not do that.
    Unsupported = "unsupported",
    /// Not a terminal.
    NoTty = "no-tty",
    /// No such device or address.
    NoSuchDevice = "no-such-device",
    /// A value too large for its type.
    Overflow = "overflow",
    /// Refused by the sandbox, or by the system for want of privilege.
    NotPermitted = "not-permitted",
    /// The other end is closed.
    Pipe = "pipe",
    /// A read-only mount or file system.
    ReadOnly = "read-only",
    /// Not seekable.
    InvalidSeek = "invalid-seek",
    /// A program file in use.
    TextFileBusy = "text-file-busy",
    /// Two handles of different systems or devices.
    CrossDevice = "cross-device",
    /// The peer took too long.
    Timeout = "timeout",
    /// An outcome was asked for, and nothing is under way.
    NotInProgress = "not-in-progress",
    /// Not in this state of the socket.
    InvalidState = "invalid-state",
    /// No further socket.
    NewSocketLimit = "new-socket-limit",
    /// Not an address of this machine.
    AddressNotBindable = "address-not-bindable",
    /// Somebody has the address, or no port is free.
    AddressInUse = "address-in-use",
    /// No way there.
    RemoteUnreachable = "remote-unreachable",
    /// Nobody listens there.
    ConnectionRefused = "connection-refused",
    /// The peer broke it off.
    ConnectionReset = "connection-reset",
    /// This side broke it off.
    ConnectionAborted = "connection-aborted",
    /// The name has no address.
    NameUnresolvable = "name-unresolvable",
    /// The name servers do not answer just now.
    TemporaryResolverFailure = "temporary-resolver-failure",
    /// The name servers cannot answer.
    PermanentResolverFailure = "permanent-resolver-failure",
    /// Refused by a rule of the user's.
    AccessDenied = "access-denied",
    /// The guest gave away its right to that. No system says so, and of the interfaces preview1 alone has such rights.
    NotCapable = "not-capable",
    /// An error that the interface does not name.
    Unknown = "unknown",
}

impl Error {
    /// An error without a native code, such as a refusal by the sandbox.
    #[must_use]
    pub const fn new(code: Code) -> Self {
        Self { code, native: None }
    }
}

impl From<Code> for Error {
    fn from(code: Code) -> Self {
        Self::new(code)
    }
}

impl fmt::Display for Error {
    /// `no-entry (ENOENT)`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.name())?;
        match self.native {
            Some(native) => write!(f, " ({native})"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Native {
    /// `ENOENT`; where the name is not known, `errno 42` or `NTSTATUS 0xc0000034`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.family {
            _ if !self.name.is_empty() => f.write_str(self.name),
            Family::Errno => write!(f, "errno {}", self.code),
            Family::NtStatus => write!(f, "NTSTATUS {:#010x}", self.code),
            Family::Winsock => write!(f, "Winsock {}", self.code),
        }
    }
}

impl std::error::Error for Error {}
