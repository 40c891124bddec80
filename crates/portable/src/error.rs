//! Errors: one table from the standard library's kinds to the portable codes.
//!
//! Errors that the kinds leave open, or throw together (`EPERM` and `EACCES`), are in a table of each system's (`os::error`). That
//! table also names the numbers. An error without a number was made by cap-std: a refusal, or a path it wouldn't resolve.

use std::io::{self, ErrorKind};

use callgate_system::{Code, Error, Result};

use crate::os;

/// The portable error, with the native one in it.
pub(crate) fn portable(error: io::Error) -> Error {
    match error.raw_os_error() {
        Some(number) => {
            let native = os::native(number);
            let code = os::code(number).unwrap_or_else(|| of_kind(error.kind()));
            Error { code, native: Some(native) }
        }
        // cap-std's word for what leaves the directory, or the pool.
        None if error.kind() == ErrorKind::PermissionDenied => Code::NotPermitted.into(),
        None => of_kind(error.kind()).into(),
    }
}

/// An exception from the table: `code`, with the native error of `error`.
pub(crate) fn coded(code: Code, error: Error) -> Error {
    Error { code, ..error }
}

fn of_kind(kind: ErrorKind) -> Code {
    match kind {
        ErrorKind::NotFound => Code::NoEntry,
        ErrorKind::PermissionDenied => Code::Access,
        ErrorKind::AlreadyExists => Code::Exist,
        ErrorKind::NotADirectory => Code::NotDirectory,
        ErrorKind::IsADirectory => Code::IsDirectory,
        ErrorKind::DirectoryNotEmpty => Code::NotEmpty,
        ErrorKind::ReadOnlyFilesystem => Code::ReadOnly,
        ErrorKind::InvalidInput => Code::Invalid,
        ErrorKind::InvalidFilename => Code::NameTooLong,
        ErrorKind::StorageFull => Code::InsufficientSpace,
        ErrorKind::QuotaExceeded => Code::Quota,
        ErrorKind::FileTooLarge => Code::FileTooLarge,
        ErrorKind::NotSeekable => Code::InvalidSeek,
        ErrorKind::CrossesDevices => Code::CrossDevice,
        ErrorKind::TooManyLinks => Code::TooManyLinks,
        ErrorKind::ResourceBusy => Code::Busy,
        ErrorKind::ExecutableFileBusy => Code::TextFileBusy,
        ErrorKind::Deadlock => Code::Deadlock,
        ErrorKind::WouldBlock => Code::WouldBlock,
        ErrorKind::Interrupted => Code::Interrupted,
        ErrorKind::Unsupported => Code::Unsupported,
        ErrorKind::OutOfMemory => Code::InsufficientMemory,
        ErrorKind::BrokenPipe => Code::Pipe,
        ErrorKind::NotConnected => Code::InvalidState,
        ErrorKind::TimedOut => Code::Timeout,
        ErrorKind::AddrInUse => Code::AddressInUse,
        ErrorKind::AddrNotAvailable => Code::AddressNotBindable,
        ErrorKind::ConnectionRefused => Code::ConnectionRefused,
        ErrorKind::ConnectionReset => Code::ConnectionReset,
        ErrorKind::ConnectionAborted => Code::ConnectionAborted,
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable | ErrorKind::NetworkDown => Code::RemoteUnreachable,
        _ => Code::Unknown,
    }
}

/// The result of a call in portable words.
pub(crate) trait Portable<T> {
    /// Converts.
    fn portable(self) -> Result<T>;
}

impl<T> Portable<T> for io::Result<T> {
    fn portable(self) -> Result<T> {
        self.map_err(portable)
    }
}

impl<T> Portable<T> for rustix::io::Result<T> {
    fn portable(self) -> Result<T> {
        self.map_err(|errno| portable(errno.into()))
    }
}

/// Repeats what a signal interrupts.
pub(crate) fn again<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_without_a_number_is_cap_stds_own() {
        let refused = portable(io::Error::new(ErrorKind::PermissionDenied, "a path led outside of the filesystem"));
        assert_eq!(refused.to_string(), "not-permitted");
        assert_eq!(portable(io::Error::other("x")).to_string(), "unknown");
    }
}
