//! Errors: one table from `errno` to its name and to the portable code.
//!
//! The numbers are rustix's, because they differ between architectures. Exceptions stand beside the call that makes them,
//! such as `openat2`'s `EXDEV`, which is `NotPermitted` and not `CrossDevice`.

use callgate_system::{Code, Error, Family, Native, Result};
use rustix::io::Errno;

macro_rules! table {
    ($($errno:ident $name:ident $code:ident,)*) => {
        const TABLE: &[(Errno, &str, Code)] = &[$((Errno::$errno, stringify!($name), Code::$code),)*];
    };
}

// rustix's constant, the kernel's name, what it means. Names of one number stand here once, by the one that strace prints.
table! {
    PERM EPERM NotPermitted,
    NOENT ENOENT NoEntry,
    SRCH ESRCH Unknown,
    INTR EINTR Interrupted,
    IO EIO Io,
    NXIO ENXIO NoSuchDevice,
    TOOBIG E2BIG Unknown,
    NOEXEC ENOEXEC Unknown,
    BADF EBADF BadDescriptor,
    CHILD ECHILD Unknown,
    AGAIN EAGAIN WouldBlock,
    NOMEM ENOMEM InsufficientMemory,
    ACCESS EACCES Access,
    FAULT EFAULT Unknown,
    NOTBLK ENOTBLK Unknown,
    BUSY EBUSY Busy,
    EXIST EEXIST Exist,
    XDEV EXDEV CrossDevice,
    NODEV ENODEV NoDevice,
    NOTDIR ENOTDIR NotDirectory,
    ISDIR EISDIR IsDirectory,
    INVAL EINVAL Invalid,
    NFILE ENFILE InsufficientMemory,
    MFILE EMFILE InsufficientMemory,
    NOTTY ENOTTY NoTty,
    TXTBSY ETXTBSY TextFileBusy,
    FBIG EFBIG FileTooLarge,
    NOSPC ENOSPC InsufficientSpace,
    SPIPE ESPIPE InvalidSeek,
    ROFS EROFS ReadOnly,
    MLINK EMLINK TooManyLinks,
    PIPE EPIPE Pipe,
    DOM EDOM Unknown,
    RANGE ERANGE Unknown,
    DEADLK EDEADLK Deadlock,
    NAMETOOLONG ENAMETOOLONG NameTooLong,
    NOLCK ENOLCK NoLock,
    NOSYS ENOSYS Unsupported,
    NOTEMPTY ENOTEMPTY NotEmpty,
    LOOP ELOOP Loop,
    NOMSG ENOMSG Unknown,
    IDRM EIDRM Unknown,
    CHRNG ECHRNG Unknown,
    L2NSYNC EL2NSYNC Unknown,
    L3HLT EL3HLT Unknown,
    L3RST EL3RST Unknown,
    LNRNG ELNRNG Unknown,
    UNATCH EUNATCH Unknown,
    NOCSI ENOCSI Unknown,
    L2HLT EL2HLT Unknown,
    BADE EBADE Unknown,
    BADR EBADR Unknown,
    XFULL EXFULL Unknown,
    NOANO ENOANO Unknown,
    BADRQC EBADRQC Unknown,
    BADSLT EBADSLT Unknown,
    BFONT EBFONT Unknown,
    NOSTR ENOSTR Unknown,
    NODATA ENODATA Unknown,
    TIME ETIME Unknown,
    NOSR ENOSR Unknown,
    NONET ENONET RemoteUnreachable,
    NOPKG ENOPKG Unknown,
    REMOTE EREMOTE Unknown,
    NOLINK ENOLINK Unknown,
    ADV EADV Unknown,
    SRMNT ESRMNT Unknown,
    COMM ECOMM Unknown,
    PROTO EPROTO Unknown,
    MULTIHOP EMULTIHOP Unknown,
    DOTDOT EDOTDOT Unknown,
    BADMSG EBADMSG Unknown,
    OVERFLOW EOVERFLOW Overflow,
    NOTUNIQ ENOTUNIQ Unknown,
    BADFD EBADFD Unknown,
    REMCHG EREMCHG Unknown,
    LIBACC ELIBACC Unknown,
    LIBBAD ELIBBAD Unknown,
    LIBSCN ELIBSCN Unknown,
    LIBMAX ELIBMAX Unknown,
    LIBEXEC ELIBEXEC Unknown,
    ILSEQ EILSEQ IllegalByteSequence,
    RESTART ERESTART Unknown,
    STRPIPE ESTRPIPE Unknown,
    USERS EUSERS Unknown,
    NOTSOCK ENOTSOCK Unknown,
    DESTADDRREQ EDESTADDRREQ InvalidState,
    MSGSIZE EMSGSIZE MessageSize,
    PROTOTYPE EPROTOTYPE Unknown,
    NOPROTOOPT ENOPROTOOPT Unsupported,
    PROTONOSUPPORT EPROTONOSUPPORT Unsupported,
    SOCKTNOSUPPORT ESOCKTNOSUPPORT Unsupported,
    NOTSUP EOPNOTSUPP Unsupported,
    PFNOSUPPORT EPFNOSUPPORT Unsupported,
    AFNOSUPPORT EAFNOSUPPORT Unsupported,
    ADDRINUSE EADDRINUSE AddressInUse,
    ADDRNOTAVAIL EADDRNOTAVAIL AddressNotBindable,
    NETDOWN ENETDOWN RemoteUnreachable,
    NETUNREACH ENETUNREACH RemoteUnreachable,
    NETRESET ENETRESET ConnectionReset,
    CONNABORTED ECONNABORTED ConnectionAborted,
    CONNRESET ECONNRESET ConnectionReset,
    NOBUFS ENOBUFS InsufficientMemory,
    ISCONN EISCONN InvalidState,
    NOTCONN ENOTCONN InvalidState,
    SHUTDOWN ESHUTDOWN Pipe,
    TOOMANYREFS ETOOMANYREFS Unknown,
    TIMEDOUT ETIMEDOUT Timeout,
    CONNREFUSED ECONNREFUSED ConnectionRefused,
    HOSTDOWN EHOSTDOWN RemoteUnreachable,
    HOSTUNREACH EHOSTUNREACH RemoteUnreachable,
    ALREADY EALREADY Already,
    INPROGRESS EINPROGRESS InProgress,
    STALE ESTALE Unknown,
    UCLEAN EUCLEAN Unknown,
    NOTNAM ENOTNAM Unknown,
    NAVAIL ENAVAIL Unknown,
    ISNAM EISNAM Unknown,
    REMOTEIO EREMOTEIO Unknown,
    DQUOT EDQUOT Quota,
    NOMEDIUM ENOMEDIUM Unknown,
    MEDIUMTYPE EMEDIUMTYPE Unknown,
    CANCELED ECANCELED Unknown,
    NOKEY ENOKEY Unknown,
    KEYEXPIRED EKEYEXPIRED Unknown,
    KEYREVOKED EKEYREVOKED Unknown,
    KEYREJECTED EKEYREJECTED Unknown,
    OWNERDEAD EOWNERDEAD Unknown,
    NOTRECOVERABLE ENOTRECOVERABLE NotRecoverable,
    RFKILL ERFKILL Unknown,
    HWPOISON EHWPOISON Unknown,
}

/// Room for every number of every architecture that Linux runs on (mips: 168; EDQUOT is 1133 there, and found by search).
const NUMBERS: usize = 256;

/// The table by number.
static BY_NUMBER: [Option<(&str, Code)>; NUMBERS] = {
    let mut by_number = [None; NUMBERS];
    let mut row = 0;
    while row < TABLE.len() {
        let (errno, name, code) = TABLE[row];
        let number = errno.raw_os_error() as usize;
        if number < NUMBERS {
            by_number[number] = Some((name, code));
        }
        row += 1;
    }
    by_number
};

fn row(errno: Errno) -> (&'static str, Code) {
    let number = usize::try_from(errno.raw_os_error()).unwrap_or(NUMBERS);
    let found = BY_NUMBER.get(number).copied().flatten();
    let search = || TABLE.iter().find(|(known, ..)| *known == errno).map(|&(_, name, code)| (name, code));
    found.or_else(search).unwrap_or(("", Code::Unknown))
}

/// The portable error, with the native one in it.
pub(crate) fn portable(errno: Errno) -> Error {
    coded(row(errno).1, errno)
}

/// An exception from the table: `code`, with the native error.
pub(crate) fn coded(code: Code, errno: Errno) -> Error {
    let native = Native { family: Family::Errno, code: errno.raw_os_error().unsigned_abs(), name: row(errno).0 };
    Error { code, native: Some(native) }
}

/// Converts the result of a system call.
pub(crate) trait Portable<T> {
    /// By the table.
    fn portable(self) -> Result<T>;
}

impl<T> Portable<T> for rustix::io::Result<T> {
    fn portable(self) -> Result<T> {
        self.map_err(portable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_row_is_found_by_its_number_and_by_its_name() {
        let mut numbers = HashSet::new();
        let mut names = HashSet::new();
        for &(errno, name, code) in TABLE {
            assert!(numbers.insert(errno.raw_os_error()), "{name}: its number stands twice");
            assert!(names.insert(name), "{name} stands twice");
            let error = portable(errno);
            let native = error.native.expect("the native error is kept");
            assert_eq!((error.code, native.name, native.family), (code, name, Family::Errno));
            assert_eq!(i32::try_from(native.code), Ok(errno.raw_os_error()));
            let back = TABLE.iter().find(|row| row.1 == native.name).expect("the name leads back");
            assert_eq!(back.0, errno);
        }
    }

    #[test]
    fn every_portable_code_that_a_system_call_can_mean_is_reached() {
        // Codes that the kernel has no number for: refusals by a rule of the user's, states that are kept above it, names, and
        // meanings that depend on the call.
        let ours = [
            Code::AccessDenied,
            Code::NotCapable,
            Code::NotInProgress,
            Code::NewSocketLimit,
            Code::NameUnresolvable,
            Code::TemporaryResolverFailure,
            Code::PermanentResolverFailure,
        ];
        let reached: HashSet<Code> = TABLE.iter().map(|row| row.2).collect();
        let known = Code::ALL.iter().take_while(|&&code| code != Code::Unknown);
        for code in known.filter(|code| !ours.contains(code)) {
            assert!(reached.contains(code), "{} is the meaning of no errno", code.name());
        }
        // Several numbers for one code are listed, so that a new one is a decision.
        let several = |code: Code| TABLE.iter().filter(|row| row.2 == code).map(|row| row.1).collect::<Vec<_>>();
        for &code in Code::ALL.iter().filter(|&&code| code != Code::Unknown) {
            let expected: &[&str] = match code {
                Code::InsufficientMemory => &["ENOMEM", "ENFILE", "EMFILE", "ENOBUFS"],
                Code::Pipe => &["EPIPE", "ESHUTDOWN"],
                Code::Unsupported => &[
                    "ENOSYS",
                    "ENOPROTOOPT",
                    "EPROTONOSUPPORT",
                    "ESOCKTNOSUPPORT",
                    "EOPNOTSUPP",
                    "EPFNOSUPPORT",
                    "EAFNOSUPPORT",
                ],
                Code::InvalidState => &["EDESTADDRREQ", "EISCONN", "ENOTCONN"],
                Code::ConnectionReset => &["ENETRESET", "ECONNRESET"],
                Code::RemoteUnreachable => &["ENONET", "ENETDOWN", "ENETUNREACH", "EHOSTDOWN", "EHOSTUNREACH"],
                _ => continue,
            };
            assert_eq!(several(code), expected, "{}", code.name());
        }
    }

    #[test]
    fn an_unknown_number_keeps_its_number() {
        let error = portable(Errno::from_raw_os_error(4000));
        assert_eq!(error.code, Code::Unknown);
        assert_eq!(error.to_string(), "unknown (errno 4000)");
        assert_eq!(portable(Errno::NOENT).to_string(), "no-entry (ENOENT)");
    }
}
