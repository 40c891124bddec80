//! Win32 and Winsock codes for which the standard library has no kind, or one with another meaning.

use callgate_system::{Code, Family, Native};

macro_rules! table {
    ($($number:literal $name:ident $code:ident,)*) => {
        const TABLE: &[(i32, &str, Code)] = &[$(($number, stringify!($name), Code::$code),)*];
    };
}

// The number, its name in `winerror.h`, and what it means.
table! {
    2 ERROR_FILE_NOT_FOUND NoEntry,
    3 ERROR_PATH_NOT_FOUND NoEntry,
    4 ERROR_TOO_MANY_OPEN_FILES InsufficientMemory,
    5 ERROR_ACCESS_DENIED Access,
    6 ERROR_INVALID_HANDLE BadDescriptor,
    17 ERROR_NOT_SAME_DEVICE CrossDevice,
    19 ERROR_WRITE_PROTECT ReadOnly,
    32 ERROR_SHARING_VIOLATION Busy,
    33 ERROR_LOCK_VIOLATION Busy,
    80 ERROR_FILE_EXISTS Exist,
    87 ERROR_INVALID_PARAMETER Invalid,
    109 ERROR_BROKEN_PIPE Pipe,
    123 ERROR_INVALID_NAME NoEntry,
    131 ERROR_NEGATIVE_SEEK Invalid,
    145 ERROR_DIR_NOT_EMPTY NotEmpty,
    183 ERROR_ALREADY_EXISTS Exist,
    206 ERROR_FILENAME_EXCED_RANGE NameTooLong,
    223 ERROR_FILE_TOO_LARGE FileTooLarge,
    232 ERROR_NO_DATA Pipe,
    234 ERROR_MORE_DATA NameTooLong,
    267 ERROR_DIRECTORY NotDirectory,
    303 ERROR_DELETE_PENDING NoEntry,
    336 ERROR_DIRECTORY_NOT_SUPPORTED IsDirectory,
    681 ERROR_STOPPED_ON_SYMLINK Loop,
    1142 ERROR_TOO_MANY_LINKS TooManyLinks,
    1224 ERROR_USER_MAPPED_FILE TextFileBusy,
    1314 ERROR_PRIVILEGE_NOT_HELD NotPermitted,
    1816 ERROR_NOT_ENOUGH_QUOTA Quota,
    1921 ERROR_CANT_RESOLVE_FILENAME Loop,
    4390 ERROR_NOT_A_REPARSE_POINT Invalid,
    10004 WSAEINTR Interrupted,
    10009 WSAEBADF BadDescriptor,
    10022 WSAEINVAL Invalid,
    10024 WSAEMFILE InsufficientMemory,
    10035 WSAEWOULDBLOCK WouldBlock,
    10036 WSAEINPROGRESS InProgress,
    10037 WSAEALREADY Already,
    10038 WSAENOTSOCK BadDescriptor,
    10039 WSAEDESTADDRREQ InvalidState,
    10040 WSAEMSGSIZE MessageSize,
    10042 WSAENOPROTOOPT Unsupported,
    10043 WSAEPROTONOSUPPORT Unsupported,
    10044 WSAESOCKTNOSUPPORT Unsupported,
    10045 WSAEOPNOTSUPP Unsupported,
    10047 WSAEAFNOSUPPORT Unsupported,
    10052 WSAENETRESET ConnectionReset,
    10055 WSAENOBUFS InsufficientMemory,
    10056 WSAEISCONN InvalidState,
    10057 WSAENOTCONN InvalidState,
    10058 WSAESHUTDOWN Pipe,
    10064 WSAEHOSTDOWN RemoteUnreachable,
    11001 WSAHOST_NOT_FOUND NameUnresolvable,
    11002 WSATRY_AGAIN TemporaryResolverFailure,
    11003 WSANO_RECOVERY PermanentResolverFailure,
    11004 WSANO_DATA NameUnresolvable,
}

/// Where Winsock's numbers are.
const WINSOCK: std::ops::Range<u32> = 10_000..12_000;

/// The bits that make a Win32 code an `NTSTATUS` (`FACILITY_NTWIN32`): the interface has no numbering for the code itself.
const NT_WIN32: u32 = 0xc007_0000;

fn row(number: i32) -> Option<&'static (i32, &'static str, Code)> {
    TABLE.iter().find(|row| row.0 == number)
}

/// The meaning of the number, where its kind doesn't give it.
pub(crate) fn code(number: i32) -> Option<Code> {
    row(number).map(|row| row.2)
}

/// The number, and its name.
pub(crate) fn native(number: i32) -> Native {
    let (number, name) = (number.unsigned_abs(), row(number).map_or("", |row| row.1));
    if WINSOCK.contains(&number) {
        Native { family: Family::Winsock, code: number, name }
    } else {
        Native { family: Family::NtStatus, code: NT_WIN32 | (number & 0xffff), name }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::io;

    use super::*;
    use crate::error::portable;

    #[test]
    fn every_number_stands_once_and_means_something() {
        let mut numbers = HashSet::new();
        for &(number, name, code) in TABLE {
            assert!(numbers.insert(number), "{name}: its number stands twice");
            let error = portable(io::Error::from_raw_os_error(number));
            assert_eq!((error.code, error.native.map(|native| native.name)), (code, Some(name)));
        }
        let error = portable(io::Error::from_raw_os_error(1));
        assert_eq!(error.native.map(|native| native.code), Some(0xc007_0001));
    }
}
