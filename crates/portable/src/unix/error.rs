//! The names of `errno`, and what those mean that the standard library has no kind for, or one kind for several.

use callgate_system::{Code, Family, Native};
use rustix::io::Errno;

macro_rules! table {
    ($($errno:ident $name:ident $($code:ident)?,)*) => {
        const TABLE: &[(Errno, &str, Option<Code>)] =
            &[$((Errno::$errno, stringify!($name), table!(@code $($code)?)),)*];
    };
    (@code $code:ident) => { Some(Code::$code) };
    (@code) => { None };
}

// rustix's constant, the system's name, and what it means where its kind doesn't say so.
table! {
    PERM EPERM NotPermitted,
    NOENT ENOENT,
    INTR EINTR,
    IO EIO Io,
    NXIO ENXIO NoSuchDevice,
    BADF EBADF BadDescriptor,
    AGAIN EAGAIN,
    NOMEM ENOMEM,
    ACCESS EACCES,
    BUSY EBUSY,
    EXIST EEXIST,
    XDEV EXDEV,
    NODEV ENODEV NoDevice,
    NOTDIR ENOTDIR,
    ISDIR EISDIR,
    INVAL EINVAL,
    NFILE ENFILE InsufficientMemory,
    MFILE EMFILE InsufficientMemory,
    NOTTY ENOTTY NoTty,
    TXTBSY ETXTBSY,
    FBIG EFBIG,
    NOSPC ENOSPC,
    SPIPE ESPIPE,
    ROFS EROFS,
    MLINK EMLINK,
    PIPE EPIPE,
    DEADLK EDEADLK,
    NAMETOOLONG ENAMETOOLONG,
    NOLCK ENOLCK NoLock,
    NOSYS ENOSYS,
    NOTEMPTY ENOTEMPTY,
    LOOP ELOOP Loop,
    OVERFLOW EOVERFLOW Overflow,
    ILSEQ EILSEQ IllegalByteSequence,
    DESTADDRREQ EDESTADDRREQ InvalidState,
    MSGSIZE EMSGSIZE MessageSize,
    NOPROTOOPT ENOPROTOOPT Unsupported,
    PROTONOSUPPORT EPROTONOSUPPORT Unsupported,
    SOCKTNOSUPPORT ESOCKTNOSUPPORT Unsupported,
    OPNOTSUPP EOPNOTSUPP Unsupported,
    AFNOSUPPORT EAFNOSUPPORT Unsupported,
    ADDRINUSE EADDRINUSE,
    ADDRNOTAVAIL EADDRNOTAVAIL,
    NETDOWN ENETDOWN,
    NETUNREACH ENETUNREACH,
    NETRESET ENETRESET ConnectionReset,
    CONNABORTED ECONNABORTED,
    CONNRESET ECONNRESET,
    NOBUFS ENOBUFS InsufficientMemory,
    ISCONN EISCONN InvalidState,
    NOTCONN ENOTCONN,
    SHUTDOWN ESHUTDOWN Pipe,
    TIMEDOUT ETIMEDOUT,
    CONNREFUSED ECONNREFUSED,
    HOSTDOWN EHOSTDOWN RemoteUnreachable,
    HOSTUNREACH EHOSTUNREACH,
    ALREADY EALREADY Already,
    INPROGRESS EINPROGRESS InProgress,
    DQUOT EDQUOT,
}

fn row(number: i32) -> Option<&'static (Errno, &'static str, Option<Code>)> {
    TABLE.iter().find(|row| row.0.raw_os_error() == number)
}

/// The meaning of the number, where its kind doesn't give it.
pub(crate) fn code(number: i32) -> Option<Code> {
    row(number)?.2
}

/// The number, and its name.
pub(crate) fn native(number: i32) -> Native {
    let name = row(number).map_or("", |row| row.1);
    Native { family: Family::Errno, code: number.unsigned_abs(), name }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::error::portable;

    #[test]
    fn every_number_stands_once_and_means_something() {
        let (mut numbers, mut names) = (HashSet::new(), HashSet::new());
        for &(errno, name, code) in TABLE {
            assert!(numbers.insert(errno.raw_os_error()), "{name}: its number stands twice");
            assert!(names.insert(name), "{name} stands twice");
            let error = portable(errno.into());
            assert_ne!(error.code, Code::Unknown, "{name}");
            assert!(code.is_none_or(|code| code == error.code), "{name}");
            assert_eq!(error.native.map(|native| native.name), Some(name));
        }
        assert_eq!(portable(Errno::from_raw_os_error(4000).into()).to_string(), "unknown (errno 4000)");
        assert_eq!(portable(Errno::NOENT.into()).to_string(), "no-entry (ENOENT)");
    }
}
