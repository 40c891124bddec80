//! preview1's error numbers, and why a host function stops.

use callgate_system::{Code, Error};

use callgate_gate::{CallError, RunEnd};

macro_rules! numbers {
    ($($name:ident = $number:literal,)*) => {
        /// `errno`, those of it that are used here. 0 is success.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u16)]
        pub(super) enum Errno { $($name = $number,)* }
    };
}

numbers! {
    Acces = 2,
    Addrinuse = 3,
    Addrnotavail = 4,
    Again = 6,
    Already = 7,
    Badf = 8,
    Busy = 10,
    Connaborted = 13,
    Connrefused = 14,
    Connreset = 15,
    Deadlk = 16,
    Dquot = 19,
    Exist = 20,
    Fault = 21,
    Fbig = 22,
    Hostunreach = 23,
    Ilseq = 25,
    Inprogress = 26,
    Intr = 27,
    Inval = 28,
    Io = 29,
    Isdir = 31,
    Loop = 32,
    Mfile = 33,
    Mlink = 34,
    Msgsize = 35,
    Nametoolong = 37,
    Nodev = 43,
    Noent = 44,
    Nolck = 46,
    Nomem = 48,
    Nospc = 51,
    Notconn = 53,
    Notdir = 54,
    Notempty = 55,
    Notrecoverable = 56,
    Notsock = 57,
    Notsup = 58,
    Notty = 59,
    Nxio = 60,
    Overflow = 61,
    Perm = 63,
    Pipe = 64,
    Rofs = 69,
    Spipe = 70,
    Timedout = 73,
    Txtbsy = 74,
    Xdev = 75,
    Notcapable = 76,
}

impl From<Error> for Errno {
    fn from(error: Error) -> Self {
        match error.code {
            Code::Access | Code::AccessDenied => Self::Acces,
            Code::WouldBlock => Self::Again,
            Code::Already => Self::Already,
            Code::BadDescriptor => Self::Badf,
            Code::Busy => Self::Busy,
            Code::Deadlock => Self::Deadlk,
            Code::Quota => Self::Dquot,
            Code::Exist => Self::Exist,
            Code::FileTooLarge => Self::Fbig,
            Code::IllegalByteSequence => Self::Ilseq,
            Code::InProgress => Self::Inprogress,
            Code::Interrupted => Self::Intr,
            Code::Invalid | Code::NotInProgress => Self::Inval,
            Code::IsDirectory => Self::Isdir,
            Code::Loop => Self::Loop,
            Code::TooManyLinks => Self::Mlink,
            Code::MessageSize => Self::Msgsize,
            Code::NameTooLong => Self::Nametoolong,
            Code::NoDevice => Self::Nodev,
            Code::NoEntry => Self::Noent,
            Code::NoLock => Self::Nolck,
            Code::InsufficientMemory => Self::Nomem,
            Code::InsufficientSpace => Self::Nospc,
            Code::NotDirectory => Self::Notdir,
            Code::NotEmpty => Self::Notempty,
            Code::NotRecoverable => Self::Notrecoverable,
            Code::Unsupported => Self::Notsup,
            Code::NoTty => Self::Notty,
            Code::NoSuchDevice => Self::Nxio,
            Code::Overflow => Self::Overflow,
            Code::NotCapable => Self::Notcapable,
            Code::NotPermitted => Self::Perm,
            Code::Pipe => Self::Pipe,
            Code::ReadOnly => Self::Rofs,
            Code::InvalidSeek => Self::Spipe,
            Code::TextFileBusy => Self::Txtbsy,
            Code::CrossDevice => Self::Xdev,
            Code::Timeout => Self::Timedout,
            Code::InvalidState => Self::Notconn,
            Code::NewSocketLimit => Self::Mfile,
            Code::AddressNotBindable => Self::Addrnotavail,
            Code::AddressInUse => Self::Addrinuse,
            Code::RemoteUnreachable => Self::Hostunreach,
            Code::ConnectionRefused => Self::Connrefused,
            Code::ConnectionReset => Self::Connreset,
            Code::ConnectionAborted => Self::Connaborted,
            _ => Self::Io,
        }
    }
}

/// Why a host function does not succeed: the guest is told, or the run is over.
#[derive(Debug)]
pub(super) enum Stop {
    Errno(Errno),
    EndedRun(RunEnd),
}

impl From<Errno> for Stop {
    fn from(errno: Errno) -> Self {
        Self::Errno(errno)
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Errno(error.into())
    }
}

impl From<CallError> for Stop {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Failed(error) => error.into(),
            CallError::EndedRun(end) => Self::EndedRun(end),
        }
    }
}
