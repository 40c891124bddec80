//! Errors: one table from the codes of NT and of Winsock to their names and to the portable code.
//!
//! Plain numbers, so that the table is tested everywhere. A status is translated directly: Win32 codes in between would merge
//! what must stay apart (five statuses are `ERROR_ACCESS_DENIED`). Exceptions stand beside the call that makes them.

use callgate_system::{Code, Error, Family, Native, Result};

/// An `NTSTATUS`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Status(pub(crate) u32);

/// A code of Winsock, or a Win32 code that Winsock passes on.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Winsock(pub(crate) u32);

/// A name, its number, and what it means.
type Row = (&'static str, u32, Code);

macro_rules! table {
    ($table:ident of $type:ident: $($name:ident = $number:literal $code:ident,)*) => {
        const $table: &[Row] = &[$((stringify!($name), $number, Code::$code),)*];

        #[allow(dead_code, reason = "the table is whole; not every code needs an exception somewhere")]
        impl $type {
            $(pub(crate) const $name: Self = Self($number);)*
        }
    };
}

// Those that a file system, the object manager or a driver is known to answer with.
table! { STATUSES of Status:
    TIMEOUT = 0x0000_0102 Timeout,
    PENDING = 0x0000_0103 WouldBlock,
    BUFFER_OVERFLOW = 0x8000_0005 Overflow,
    NO_MORE_FILES = 0x8000_0006 Unknown,
    DEVICE_OFF_LINE = 0x8000_0010 Io,
    DEVICE_BUSY = 0x8000_0011 Busy,
    NO_MORE_ENTRIES = 0x8000_001A Unknown,
    ALREADY_DISCONNECTED = 0x8000_0025 Pipe,
    STOPPED_ON_SYMLINK = 0x8000_002D Loop,
    UNSUCCESSFUL = 0xC000_0001 Io,
    NOT_IMPLEMENTED = 0xC000_0002 Unsupported,
    INVALID_INFO_CLASS = 0xC000_0003 Unsupported,
    INFO_LENGTH_MISMATCH = 0xC000_0004 Unknown,
    ACCESS_VIOLATION = 0xC000_0005 Unknown,
    PAGEFILE_QUOTA = 0xC000_0007 InsufficientMemory,
    INVALID_HANDLE = 0xC000_0008 BadDescriptor,
    INVALID_PARAMETER = 0xC000_000D Invalid,
    NO_SUCH_DEVICE = 0xC000_000E NoDevice,
    NO_SUCH_FILE = 0xC000_000F NoEntry,
    INVALID_DEVICE_REQUEST = 0xC000_0010 Unsupported,
    END_OF_FILE = 0xC000_0011 Unknown,
    WRONG_VOLUME = 0xC000_0012 Io,
    NO_MEDIA_IN_DEVICE = 0xC000_0013 NoSuchDevice,
    NO_MEMORY = 0xC000_0017 InsufficientMemory,
    ACCESS_DENIED = 0xC000_0022 Access,
    BUFFER_TOO_SMALL = 0xC000_0023 Overflow,
    OBJECT_TYPE_MISMATCH = 0xC000_0024 BadDescriptor,
    NOT_LOCKED = 0xC000_002A NoLock,
    INVALID_PARAMETER_MIX = 0xC000_0030 Invalid,
    DISK_CORRUPT_ERROR = 0xC000_0032 Io,
    OBJECT_NAME_INVALID = 0xC000_0033 NoEntry,
    OBJECT_NAME_NOT_FOUND = 0xC000_0034 NoEntry,
    OBJECT_NAME_COLLISION = 0xC000_0035 Exist,
    OBJECT_PATH_INVALID = 0xC000_0039 Invalid,
    OBJECT_PATH_NOT_FOUND = 0xC000_003A NoEntry,
    OBJECT_PATH_SYNTAX_BAD = 0xC000_003B Invalid,
    DATA_ERROR = 0xC000_003E Io,
    CRC_ERROR = 0xC000_003F Io,
    // Wine's word for a file that is too large.
    SECTION_TOO_BIG = 0xC000_0040 FileTooLarge,
    SHARING_VIOLATION = 0xC000_0043 Busy,
    QUOTA_EXCEEDED = 0xC000_0044 Quota,
    FILE_LOCK_CONFLICT = 0xC000_0054 WouldBlock,
    LOCK_NOT_GRANTED = 0xC000_0055 WouldBlock,
    DELETE_PENDING = 0xC000_0056 NoEntry,
    PRIVILEGE_NOT_HELD = 0xC000_0061 NotPermitted,
    RANGE_NOT_LOCKED = 0xC000_007E NoLock,
    DISK_FULL = 0xC000_007F InsufficientSpace,
    FILE_INVALID = 0xC000_0098 Io,
    INSUFFICIENT_RESOURCES = 0xC000_009A InsufficientMemory,
    DEVICE_NOT_CONNECTED = 0xC000_009D NoSuchDevice,
    WORKING_SET_QUOTA = 0xC000_00A1 InsufficientMemory,
    MEDIA_WRITE_PROTECTED = 0xC000_00A2 ReadOnly,
    DEVICE_NOT_READY = 0xC000_00A3 Busy,
    INSTANCE_NOT_AVAILABLE = 0xC000_00AB Busy,
    PIPE_NOT_AVAILABLE = 0xC000_00AC Busy,
    INVALID_PIPE_STATE = 0xC000_00AD Pipe,
    PIPE_DISCONNECTED = 0xC000_00B0 Pipe,
    PIPE_CLOSING = 0xC000_00B1 Pipe,
    PIPE_LISTENING = 0xC000_00B3 WouldBlock,
    IO_TIMEOUT = 0xC000_00B5 Timeout,
    FILE_FORCED_CLOSED = 0xC000_00B6 Io,
    FILE_IS_A_DIRECTORY = 0xC000_00BA IsDirectory,
    NOT_SUPPORTED = 0xC000_00BB Unsupported,
    BAD_NETWORK_PATH = 0xC000_00BE NoEntry,
    NETWORK_BUSY = 0xC000_00BF Busy,
    DEVICE_DOES_NOT_EXIST = 0xC000_00C0 NoDevice,
    UNEXPECTED_NETWORK_ERROR = 0xC000_00C4 Io,
    NETWORK_NAME_DELETED = 0xC000_00C9 Io,
    BAD_NETWORK_NAME = 0xC000_00CC NoEntry,
    SHARING_PAUSED = 0xC000_00CF Busy,
    NOT_SAME_DEVICE = 0xC000_00D4 CrossDevice,
    FILE_RENAMED = 0xC000_00D5 NoEntry,
    PIPE_EMPTY = 0xC000_00D9 WouldBlock,
    INVALID_USER_BUFFER = 0xC000_00E8 Invalid,
    UNEXPECTED_IO_ERROR = 0xC000_00E9 Io,
    DIRECTORY_NOT_EMPTY = 0xC000_0101 NotEmpty,
    FILE_CORRUPT_ERROR = 0xC000_0102 Io,
    NOT_A_DIRECTORY = 0xC000_0103 NotDirectory,
    NAME_TOO_LONG = 0xC000_0106 NameTooLong,
    TOO_MANY_OPENED_FILES = 0xC000_011F InsufficientMemory,
    CANCELLED = 0xC000_0120 Interrupted,
    CANNOT_DELETE = 0xC000_0121 Access,
    FILE_DELETED = 0xC000_0123 NoEntry,
    FILE_CLOSED = 0xC000_0128 BadDescriptor,
    COMMITMENT_LIMIT = 0xC000_012D InsufficientMemory,
    LOCAL_DISCONNECT = 0xC000_013B ConnectionReset,
    REMOTE_DISCONNECT = 0xC000_013C ConnectionReset,
    PIPE_BROKEN = 0xC000_014B Pipe,
    UNRECOGNIZED_VOLUME = 0xC000_014F Io,
    UNMAPPABLE_CHARACTER = 0xC000_0162 IllegalByteSequence,
    DRIVER_INTERNAL_ERROR = 0xC000_0183 Io,
    IO_DEVICE_ERROR = 0xC000_0185 Io,
    POSSIBLE_DEADLOCK = 0xC000_0194 Deadlock,
    INVALID_ADDRESS_COMPONENT = 0xC000_0207 AddressNotBindable,
    ADDRESS_ALREADY_EXISTS = 0xC000_020A AddressInUse,
    CONNECTION_RESET = 0xC000_020D ConnectionReset,
    NOT_FOUND = 0xC000_0225 NoEntry,
    CONNECTION_REFUSED = 0xC000_0236 ConnectionRefused,
    GRACEFUL_DISCONNECT = 0xC000_0237 Pipe,
    NETWORK_UNREACHABLE = 0xC000_023C RemoteUnreachable,
    HOST_UNREACHABLE = 0xC000_023D RemoteUnreachable,
    PROTOCOL_UNREACHABLE = 0xC000_023E RemoteUnreachable,
    PORT_UNREACHABLE = 0xC000_023F ConnectionRefused,
    REQUEST_ABORTED = 0xC000_0240 Interrupted,
    CONNECTION_ABORTED = 0xC000_0241 ConnectionAborted,
    USER_MAPPED_FILE = 0xC000_0243 TextFileBusy,
    TOO_MANY_LINKS = 0xC000_0265 TooManyLinks,
    VOLUME_DISMOUNTED = 0xC000_026E Io,
    NOT_A_REPARSE_POINT = 0xC000_0275 Invalid,
    IO_REPARSE_TAG_INVALID = 0xC000_0276 Invalid,
    IO_REPARSE_TAG_MISMATCH = 0xC000_0277 Invalid,
    IO_REPARSE_DATA_INVALID = 0xC000_0278 Invalid,
    IO_REPARSE_TAG_NOT_HANDLED = 0xC000_0279 Unsupported,
    REPARSE_POINT_NOT_RESOLVED = 0xC000_0280 Loop,
    DIRECTORY_IS_A_REPARSE_POINT = 0xC000_0281 Loop,
    ENCRYPTION_FAILED = 0xC000_028A Access,
    FILE_NOT_AVAILABLE = 0xC000_0467 Io,
    REPARSE_POINT_ENCOUNTERED = 0xC000_050B Loop,
    DISK_QUOTA_EXCEEDED = 0xC000_0802 Quota,
    FILE_TOO_LARGE = 0xC000_0904 FileTooLarge,
    VIRUS_INFECTED = 0xC000_0906 Access,
    VIRUS_DELETED = 0xC000_0907 NoEntry,
    CLOUD_FILE_PROVIDER_NOT_RUNNING = 0xC000_CF01 Io,
    CLOUD_FILE_NETWORK_UNAVAILABLE = 0xC000_CF11 Io,
    CLOUD_FILE_ACCESS_DENIED = 0xC000_CF18 Access,
}

// Winsock's own, and the Win32 codes that its functions pass on.
table! { WINSOCK of Winsock:
    WSA_INVALID_HANDLE = 6 BadDescriptor,
    WSA_NOT_ENOUGH_MEMORY = 8 InsufficientMemory,
    WSA_INVALID_PARAMETER = 87 Invalid,
    ERROR_SEM_TIMEOUT = 121 Timeout,
    WSA_OPERATION_ABORTED = 995 Interrupted,
    WSA_IO_INCOMPLETE = 996 WouldBlock,
    WSA_IO_PENDING = 997 WouldBlock,
    WSAEINTR = 10004 Interrupted,
    WSAEBADF = 10009 BadDescriptor,
    WSAEACCES = 10013 Access,
    WSAEFAULT = 10014 Unknown,
    WSAEINVAL = 10022 Invalid,
    WSAEMFILE = 10024 InsufficientMemory,
    WSAEWOULDBLOCK = 10035 WouldBlock,
    WSAEINPROGRESS = 10036 InProgress,
    WSAEALREADY = 10037 Already,
    WSAENOTSOCK = 10038 Unknown,
    WSAEDESTADDRREQ = 10039 InvalidState,
    WSAEMSGSIZE = 10040 MessageSize,
    WSAEPROTOTYPE = 10041 Unknown,
    WSAENOPROTOOPT = 10042 Unsupported,
    WSAEPROTONOSUPPORT = 10043 Unsupported,
    WSAESOCKTNOSUPPORT = 10044 Unsupported,
    WSAEOPNOTSUPP = 10045 Unsupported,
    WSAEPFNOSUPPORT = 10046 Unsupported,
    WSAEAFNOSUPPORT = 10047 Unsupported,
    WSAEADDRINUSE = 10048 AddressInUse,
    WSAEADDRNOTAVAIL = 10049 AddressNotBindable,
    WSAENETDOWN = 10050 RemoteUnreachable,
    WSAENETUNREACH = 10051 RemoteUnreachable,
    WSAENETRESET = 10052 ConnectionReset,
    WSAECONNABORTED = 10053 ConnectionAborted,
    WSAECONNRESET = 10054 ConnectionReset,
    WSAENOBUFS = 10055 InsufficientMemory,
    WSAEISCONN = 10056 InvalidState,
    WSAENOTCONN = 10057 InvalidState,
    WSAESHUTDOWN = 10058 Pipe,
    WSAETOOMANYREFS = 10059 Unknown,
    WSAETIMEDOUT = 10060 Timeout,
    WSAECONNREFUSED = 10061 ConnectionRefused,
    WSAELOOP = 10062 Loop,
    WSAENAMETOOLONG = 10063 NameTooLong,
    WSAEHOSTDOWN = 10064 RemoteUnreachable,
    WSAEHOSTUNREACH = 10065 RemoteUnreachable,
    WSAENOTEMPTY = 10066 NotEmpty,
    WSAEPROCLIM = 10067 InsufficientMemory,
    WSAEUSERS = 10068 Quota,
    WSAEDQUOT = 10069 Quota,
    WSAESTALE = 10070 Unknown,
    WSAEREMOTE = 10071 Unknown,
    WSASYSNOTREADY = 10091 Unsupported,
    WSAVERNOTSUPPORTED = 10092 Unsupported,
    WSANOTINITIALISED = 10093 Unsupported,
    WSAEDISCON = 10101 ConnectionReset,
    WSAENOMORE = 10102 Unknown,
    WSAECANCELLED = 10103 Interrupted,
    WSAEINVALIDPROCTABLE = 10104 Unknown,
    WSAEINVALIDPROVIDER = 10105 Unknown,
    WSAEPROVIDERFAILEDINIT = 10106 Unknown,
    WSASYSCALLFAILURE = 10107 Io,
    WSASERVICE_NOT_FOUND = 10108 Unknown,
    WSATYPE_NOT_FOUND = 10109 NameUnresolvable,
    WSA_E_NO_MORE = 10110 Unknown,
    WSA_E_CANCELLED = 10111 Interrupted,
    WSAEREFUSED = 10112 PermanentResolverFailure,
    WSAHOST_NOT_FOUND = 11001 NameUnresolvable,
    WSATRY_AGAIN = 11002 TemporaryResolverFailure,
    WSANO_RECOVERY = 11003 PermanentResolverFailure,
    WSANO_DATA = 11004 NameUnresolvable,
    WSA_SECURE_HOST_NOT_FOUND = 11032 NameUnresolvable,
    WSA_IPSEC_NAME_POLICY_ERROR = 11033 PermanentResolverFailure,
}

/// The row of `number`: both tables ascend.
fn row(table: &'static [Row], number: u32) -> (&'static str, Code) {
    let found = table.binary_search_by_key(&number, |row| row.1).ok().and_then(|index| table.get(index));
    found.map_or(("", Code::Unknown), |&(name, _, code)| (name, code))
}

impl Status {
    /// The portable error, with the native one in it.
    pub(crate) fn portable(self) -> Error {
        self.meaning(row(STATUSES, self.0).1)
    }

    /// An exception from the table: `code`, with the native error.
    pub(crate) fn meaning(self, code: Code) -> Error {
        let native = Native { family: Family::NtStatus, code: self.0, name: row(STATUSES, self.0).0 };
        Error { code, native: Some(native) }
    }

    /// True if the status says that the system lacks what was asked for, so that an older way is worth trying. No version is ever
    /// asked for. FAT says `INVALID_PARAMETER`.
    pub(crate) fn is_missing(self) -> bool {
        matches!(
            self,
            Self::NOT_IMPLEMENTED
                | Self::INVALID_INFO_CLASS
                | Self::INVALID_PARAMETER
                | Self::NOT_SUPPORTED
                | Self::INVALID_DEVICE_REQUEST
        )
    }
}

impl Winsock {
    /// The portable error, with the native one in it.
    pub(crate) fn portable(self) -> Error {
        self.meaning(row(WINSOCK, self.0).1)
    }

    /// An exception from the table: `code`, with the native error.
    pub(crate) fn meaning(self, code: Code) -> Error {
        let native = Native { family: Family::Winsock, code: self.0, name: row(WINSOCK, self.0).0 };
        Error { code, native: Some(native) }
    }
}

impl From<Status> for Error {
    fn from(status: Status) -> Self {
        status.portable()
    }
}

impl From<Winsock> for Error {
    fn from(code: Winsock) -> Self {
        code.portable()
    }
}

impl std::fmt::Debug for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.portable())
    }
}

impl std::fmt::Debug for Winsock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.portable())
    }
}

/// Converts the result of a call.
pub(crate) trait Portable<T> {
    /// By the table.
    fn portable(self) -> Result<T>;
}

impl<T> Portable<T> for std::result::Result<T, Status> {
    fn portable(self) -> Result<T> {
        self.map_err(Status::portable)
    }
}

impl<T> Portable<T> for std::result::Result<T, Winsock> {
    fn portable(self) -> Result<T> {
        self.map_err(Winsock::portable)
    }
}

#[cfg(test)]
mod tests;
