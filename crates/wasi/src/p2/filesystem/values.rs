//! The values of `wasi:filesystem/types`, and what they are in the words of the portable system.

use std::hash::{DefaultHasher, Hash, Hasher};

use callgate_gate::{AsReply, Reply};
use callgate_system::{
    Advice as SystemAdvice, Code, Entry, Error, FileType, Follow, Identity, NewTimestamp as SystemTimestamp, OpenHow,
    Stat, Timestamp,
};
use wasmtime::component::{ComponentType, Lift, Lower, flags};

use crate::p2::clocks::Datetime;

macro_rules! error_codes {
    ($($variant:ident = $name:literal,)*) => {
        /// `wasi:filesystem/types.error-code`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, ComponentType, Lift, Lower)]
        #[component(enum)]
        #[repr(u8)]
        pub(super) enum ErrorCode { $(#[component(name = $name)] $variant,)* }

        impl From<Error> for ErrorCode {
            fn from(error: Error) -> Self {
                match error.code {
                    $(Code::$variant => Self::$variant,)*
                    // A rule of the user's; this interface says it so.
                    Code::AccessDenied => Self::NotPermitted,
                    _ => Self::Io,
                }
            }
        }
    };
}

error_codes! {
    Access = "access",
    WouldBlock = "would-block",
    Already = "already",
    BadDescriptor = "bad-descriptor",
    Busy = "busy",
    Deadlock = "deadlock",
    Quota = "quota",
    Exist = "exist",
    FileTooLarge = "file-too-large",
    IllegalByteSequence = "illegal-byte-sequence",
    InProgress = "in-progress",
    Interrupted = "interrupted",
    Invalid = "invalid",
    Io = "io",
    IsDirectory = "is-directory",
    Loop = "loop",
    TooManyLinks = "too-many-links",
    MessageSize = "message-size",
    NameTooLong = "name-too-long",
    NoDevice = "no-device",
    NoEntry = "no-entry",
    NoLock = "no-lock",
    InsufficientMemory = "insufficient-memory",
    InsufficientSpace = "insufficient-space",
    NotDirectory = "not-directory",
    NotEmpty = "not-empty",
    NotRecoverable = "not-recoverable",
    Unsupported = "unsupported",
    NoTty = "no-tty",
    NoSuchDevice = "no-such-device",
    Overflow = "overflow",
    NotPermitted = "not-permitted",
    Pipe = "pipe",
    ReadOnly = "read-only",
    InvalidSeek = "invalid-seek",
    TextFileBusy = "text-file-busy",
    CrossDevice = "cross-device",
}

/// `descriptor-type`.
#[derive(Clone, Copy, Debug, ComponentType, Lift, Lower)]
#[component(enum)]
#[repr(u8)]
pub(super) enum DescriptorType {
    #[component(name = "unknown")]
    Unknown,
    #[component(name = "block-device")]
    BlockDevice,
    #[component(name = "character-device")]
    CharacterDevice,
    #[component(name = "directory")]
    Directory,
    #[component(name = "fifo")]
    Fifo,
    #[component(name = "symbolic-link")]
    SymbolicLink,
    #[component(name = "regular-file")]
    RegularFile,
    #[component(name = "socket")]
    Socket,
}

impl From<FileType> for DescriptorType {
    fn from(kind: FileType) -> Self {
        match kind {
            FileType::Unknown => Self::Unknown,
            FileType::BlockDevice => Self::BlockDevice,
            FileType::CharacterDevice => Self::CharacterDevice,
            FileType::Directory => Self::Directory,
            FileType::Fifo => Self::Fifo,
            FileType::SymbolicLink => Self::SymbolicLink,
            FileType::RegularFile => Self::RegularFile,
            FileType::Socket => Self::Socket,
        }
    }
}

flags! {
    DescriptorFlags {
        #[component(name = "read")]
        const READ;
        #[component(name = "write")]
        const WRITE;
        #[component(name = "file-integrity-sync")]
        const FILE_INTEGRITY_SYNC;
        #[component(name = "data-integrity-sync")]
        const DATA_INTEGRITY_SYNC;
        #[component(name = "requested-write-sync")]
        const REQUESTED_WRITE_SYNC;
        #[component(name = "mutate-directory")]
        const MUTATE_DIRECTORY;
    }
}

flags! {
    PathFlags {
        #[component(name = "symlink-follow")]
        const SYMLINK_FOLLOW;
    }
}

flags! {
    OpenFlags {
        #[component(name = "create")]
        const CREATE;
        #[component(name = "directory")]
        const DIRECTORY;
        #[component(name = "exclusive")]
        const EXCLUSIVE;
        #[component(name = "truncate")]
        const TRUNCATE;
    }
}

impl From<PathFlags> for Follow {
    fn from(flags: PathFlags) -> Self {
        if flags.contains(PathFlags::SYMLINK_FOLLOW) { Self::Yes } else { Self::No }
    }
}

/// How the portable system is to open what the guest asks for.
pub(super) fn open_how(path: PathFlags, open: OpenFlags, flags: DescriptorFlags) -> OpenHow {
    OpenHow {
        read: flags.contains(DescriptorFlags::READ),
        write: flags.contains(DescriptorFlags::WRITE),
        follow: path.into(),
        create: open.contains(OpenFlags::CREATE),
        exclusive: open.contains(OpenFlags::EXCLUSIVE),
        truncate: open.contains(OpenFlags::TRUNCATE),
        directory: open.contains(OpenFlags::DIRECTORY),
        sync: flags.contains(DescriptorFlags::FILE_INTEGRITY_SYNC),
        sync_data: flags.contains(DescriptorFlags::DATA_INTEGRITY_SYNC),
    }
}

/// `advice`.
#[derive(Clone, Copy, Debug, ComponentType, Lift, Lower)]
#[component(enum)]
#[repr(u8)]
#[allow(dead_code, reason = "the guest makes them")]
pub(super) enum Advice {
    #[component(name = "normal")]
    Normal,
    #[component(name = "sequential")]
    Sequential,
    #[component(name = "random")]
    Random,
    #[component(name = "will-need")]
    WillNeed,
    #[component(name = "dont-need")]
    DontNeed,
    #[component(name = "no-reuse")]
    NoReuse,
}

impl From<Advice> for SystemAdvice {
    fn from(advice: Advice) -> Self {
        match advice {
            Advice::Normal => Self::Normal,
            Advice::Sequential => Self::Sequential,
            Advice::Random => Self::Random,
            Advice::WillNeed => Self::WillNeed,
            Advice::DontNeed => Self::DontNeed,
            Advice::NoReuse => Self::NoReuse,
        }
    }
}

/// `descriptor-stat`.
#[derive(Clone, Copy, Debug, ComponentType, Lower)]
#[component(record)]
pub(super) struct DescriptorStat {
    #[component(name = "type")]
    kind: DescriptorType,
    #[component(name = "link-count")]
    link_count: u64,
    size: u64,
    #[component(name = "data-access-timestamp")]
    accessed: Option<Datetime>,
    #[component(name = "data-modification-timestamp")]
    modified: Option<Datetime>,
    #[component(name = "status-change-timestamp")]
    changed: Option<Datetime>,
}

impl From<Stat> for DescriptorStat {
    /// A time before 1970 is left out: the interface counts seconds up from there.
    fn from(stat: Stat) -> Self {
        Self {
            kind: stat.kind.into(),
            link_count: stat.links,
            size: stat.size,
            accessed: stat.accessed.and_then(Datetime::new),
            modified: stat.modified.and_then(Datetime::new),
            changed: stat.changed.and_then(Datetime::new),
        }
    }
}

/// `new-timestamp`.
#[derive(Clone, Copy, Debug, ComponentType, Lift)]
#[component(variant)]
pub(super) enum NewTimestamp {
    #[component(name = "no-change")]
    NoChange,
    #[component(name = "now")]
    Now,
    #[component(name = "timestamp")]
    Timestamp(Datetime),
}

impl From<NewTimestamp> for SystemTimestamp {
    fn from(new: NewTimestamp) -> Self {
        match new {
            NewTimestamp::NoChange => Self::NoChange,
            NewTimestamp::Now => Self::Now,
            NewTimestamp::Timestamp(time) => Self::At(Timestamp {
                // What is beyond becomes the time that every system refuses.
                seconds: i64::try_from(time.seconds).unwrap_or(i64::MAX),
                nanoseconds: time.nanoseconds,
            }),
        }
    }
}

/// `directory-entry`.
#[derive(Debug, ComponentType, Lower)]
#[component(record)]
pub(super) struct DirectoryEntry {
    #[component(name = "type")]
    kind: DescriptorType,
    name: String,
}

impl From<Entry> for DirectoryEntry {
    fn from(entry: Entry) -> Self {
        Self { kind: entry.kind.into(), name: entry.name }
    }
}

/// `metadata-hash-value`: of the identity alone, so it stays the same while the file is written.
#[derive(Clone, Copy, Debug, ComponentType, Lower)]
#[component(record)]
pub(super) struct MetadataHash {
    lower: u64,
    upper: u64,
}

impl From<Identity> for MetadataHash {
    fn from(identity: Identity) -> Self {
        let mut hasher = DefaultHasher::new();
        identity.hash(&mut hasher);
        let lower = hasher.finish();
        0_u8.hash(&mut hasher);
        Self { lower, upper: hasher.finish() }
    }
}

impl AsReply for DescriptorFlags {
    fn as_reply(&self) -> Reply<'_> {
        let names = [
            (Self::READ, 1),
            (Self::WRITE, 2),
            (Self::FILE_INTEGRITY_SYNC, 4),
            (Self::DATA_INTEGRITY_SYNC, 8),
            (Self::REQUESTED_WRITE_SYNC, 16),
            (Self::MUTATE_DIRECTORY, 32),
        ];
        Reply::Number(names.iter().filter(|(flag, _)| self.contains(*flag)).map(|(_, bit)| bit).sum())
    }
}
