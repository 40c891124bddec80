//! The values of `wasi:filesystem/types`, and what they are in the words of the portable system.

use std::hash::{DefaultHasher, Hash, Hasher};

use callgate_gate::Reply;
use callgate_system::{
    Advice as SystemAdvice, Code, Entry, Error, FileType, Follow, Identity, NewTimestamp as SystemTimestamp, OpenHow,
    Stat, Timestamp,
};
use wasmtime::component::{ComponentType, Lift, Lower, Resource, flags};

use super::Datetime;
use crate::abi::{Arguments, Fixed, Flat, Pair, Store, View, Writer, lists, put, store_as_they_are};
use crate::bind::component::{Own, Value, give, lowered_as_they_are, values_of_the_host};
use crate::bind::direct::{LiftFlat, case};
use crate::objects::{Descriptor, Flags, Held};

macro_rules! error_codes {
    ($($variant:ident = $name:literal,)*) => {
        /// `wasi:filesystem/types.error-code`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, ComponentType, Lift, Lower)]
        #[component(enum)]
        #[repr(u8)]
        pub(in crate::bind) enum ErrorCode { $(#[component(name = $name)] $variant,)* }

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
pub(in crate::bind) enum DescriptorType {
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

/// The way to open a path, except for following links and for the descriptor's flags.
#[derive(Clone, Copy, Debug)]
pub(in crate::bind) struct Opening(OpenFlags);

impl Opening {
    /// The options with which the portable system opens the path that the guest asks for.
    pub(in crate::bind) fn how(self, follow: Follow, flags: Flags) -> OpenHow {
        OpenHow {
            read: flags.contains(Flags::READ),
            write: flags.contains(Flags::WRITE),
            follow,
            create: self.0.contains(OpenFlags::CREATE),
            exclusive: self.0.contains(OpenFlags::EXCLUSIVE),
            truncate: self.0.contains(OpenFlags::TRUNCATE),
            directory: self.0.contains(OpenFlags::DIRECTORY),
            sync: flags.contains(Flags::FILE_INTEGRITY_SYNC),
            sync_data: flags.contains(Flags::DATA_INTEGRITY_SYNC),
        }
    }
}

impl From<OpenFlags> for Opening {
    fn from(flags: OpenFlags) -> Self {
        Self(flags)
    }
}

/// Each flag, as the interface has it and as a descriptor has it.
const FLAGS: [(DescriptorFlags, Flags); 6] = [
    (DescriptorFlags::READ, Flags::READ),
    (DescriptorFlags::WRITE, Flags::WRITE),
    (DescriptorFlags::FILE_INTEGRITY_SYNC, Flags::FILE_INTEGRITY_SYNC),
    (DescriptorFlags::DATA_INTEGRITY_SYNC, Flags::DATA_INTEGRITY_SYNC),
    (DescriptorFlags::REQUESTED_WRITE_SYNC, Flags::REQUESTED_WRITE_SYNC),
    (DescriptorFlags::MUTATE_DIRECTORY, Flags::MUTATE_DIRECTORY),
];

impl From<DescriptorFlags> for Flags {
    fn from(flags: DescriptorFlags) -> Self {
        let set = FLAGS.into_iter().filter(|(flag, _)| flags.contains(*flag));
        set.fold(Self::default(), |all, (_, flag)| all.and(flag))
    }
}

impl From<Flags> for DescriptorFlags {
    fn from(flags: Flags) -> Self {
        let set = FLAGS.into_iter().filter(|(_, flag)| flags.contains(*flag));
        set.fold(Self::default(), |all, (flag, _)| all | flag)
    }
}

/// `advice`.
#[derive(Clone, Copy, Debug, ComponentType, Lift, Lower)]
#[component(enum)]
#[repr(u8)]
#[allow(dead_code, reason = "the guest makes them")]
pub(in crate::bind) enum Advice {
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
pub(in crate::bind) struct DescriptorStat {
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
pub(in crate::bind) enum NewTimestamp {
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
                // A time beyond the range becomes one that every system refuses.
                seconds: i64::try_from(time.seconds).unwrap_or(i64::MAX),
                nanoseconds: time.nanoseconds,
            }),
        }
    }
}

/// `directory-entry`.
#[derive(Debug, ComponentType, Lower)]
#[component(record)]
pub(in crate::bind) struct DirectoryEntry {
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
pub(in crate::bind) struct MetadataHash {
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

/// Bytes, and whether the end was met.
pub(in crate::bind) struct Transfer(pub(in crate::bind) Vec<u8>, pub(in crate::bind) bool);

impl Reply for Transfer {
    fn value(&self) -> callgate_gate::Value<'_> {
        callgate_gate::Value::Bytes(&self.0)
    }
}

impl From<Transfer> for (Vec<u8>, bool) {
    fn from(Transfer(bytes, end): Transfer) -> Self {
        (bytes, end)
    }
}

/// `list<tuple<descriptor, string>>`
pub(in crate::bind) struct Directories(Vec<(Held<Descriptor>, String)>);

impl From<Vec<(Held<Descriptor>, String)>> for Directories {
    fn from(list: Vec<(Held<Descriptor>, String)>) -> Self {
        Self(list)
    }
}

impl Value for Directories {
    type Engine = Vec<(Resource<Descriptor>, String)>;

    fn lowered(self) -> Self::Engine {
        self.0.into_iter().map(|(root, path)| (Own::from(root).lowered(), path)).collect()
    }
}

give!(Follow, Opening, Flags, SystemAdvice, SystemTimestamp);
values_of_the_host!(
    PathFlags => Follow,
    OpenFlags => Opening,
    DescriptorFlags => Flags,
    Advice => SystemAdvice,
    NewTimestamp => SystemTimestamp
);
lowered_as_they_are!(DescriptorFlags, DescriptorStat, DescriptorType, DirectoryEntry, ErrorCode, MetadataHash);

enumerations!(ErrorCode, DescriptorType);

impl Fixed for DescriptorFlags {
    const SIZE: usize = 1;
    const ALIGN: usize = 1;

    fn encode(&self, out: &mut [u8]) {
        put(out, 0, [Flags::from(*self).0]);
    }
}

impl Fixed for DescriptorStat {
    const SIZE: usize = 96;
    const ALIGN: usize = 8;

    fn encode(&self, out: &mut [u8]) {
        const TIME: usize = <Option<Datetime> as Fixed>::SIZE;
        self.kind.encode(&mut out[..1]);
        put(out, 8, self.link_count.to_le_bytes());
        put(out, 16, self.size.to_le_bytes());
        self.accessed.encode(&mut out[24..][..TIME]);
        self.modified.encode(&mut out[24 + TIME..][..TIME]);
        self.changed.encode(&mut out[24 + 2 * TIME..][..TIME]);
    }
}

impl Fixed for MetadataHash {
    const SIZE: usize = 16;
    const ALIGN: usize = 8;

    fn encode(&self, out: &mut [u8]) {
        put(out, 0, self.lower.to_le_bytes());
        put(out, 8, self.upper.to_le_bytes());
    }
}

store_as_they_are!(DescriptorFlags, DescriptorStat, MetadataHash);

/// `directory-entry` with its name in memory.
pub(in crate::bind) struct StoredEntry(DescriptorType, Pair);

impl Fixed for StoredEntry {
    const SIZE: usize = 12;
    const ALIGN: usize = 4;

    fn encode(&self, out: &mut [u8]) {
        self.0.encode(&mut out[..1]);
        self.1.encode(&mut out[4..12]);
    }
}

impl Store for DirectoryEntry {
    type Fixed = StoredEntry;

    fn store(self, writer: &mut Writer<'_, '_>) -> wasmtime::Result<StoredEntry> {
        Ok(StoredEntry(self.kind, self.name.store(writer)?))
    }
}

lists!((Own<Descriptor>, String));

impl Store for Directories {
    type Fixed = Pair;

    fn store(self, writer: &mut Writer<'_, '_>) -> wasmtime::Result<Pair> {
        let list = self.0.into_iter().map(|(root, path)| (Own::from(root), path));
        list.collect::<Vec<(Own<Descriptor>, String)>>().store(writer)
    }
}

/// A byte of flags; those that are not defined mean nothing.
#[allow(clippy::cast_possible_truncation, reason = "narrow numbers are cut off, as the ABI has it")]
fn flags(arguments: &mut Arguments<'_>) -> u8 {
    arguments.u32() as u8
}

impl LiftFlat for PathFlags {
    const FLAT: &'static [Flat] = &[Flat::I32];

    fn lift<'a>(_: View<'a>, arguments: &mut Arguments<'_>) -> wasmtime::Result<Follow> {
        Ok(if flags(arguments) & 1 == 0 { Follow::No } else { Follow::Yes })
    }
}

impl LiftFlat for OpenFlags {
    const FLAT: &'static [Flat] = &[Flat::I32];

    fn lift<'a>(_: View<'a>, arguments: &mut Arguments<'_>) -> wasmtime::Result<Opening> {
        let bits = flags(arguments);
        let all = [Self::CREATE, Self::DIRECTORY, Self::EXCLUSIVE, Self::TRUNCATE];
        let set = all.into_iter().enumerate().filter(|(bit, _)| bits >> bit & 1 == 1);
        Ok(Opening(set.fold(Self::default(), |all, (_, flag)| all | flag)))
    }
}

impl LiftFlat for DescriptorFlags {
    const FLAT: &'static [Flat] = &[Flat::I32];

    fn lift<'a>(_: View<'a>, arguments: &mut Arguments<'_>) -> wasmtime::Result<Flags> {
        Ok(Flags(flags(arguments) & Flags::ALL.0))
    }
}

impl LiftFlat for Advice {
    const FLAT: &'static [Flat] = &[Flat::I32];

    fn lift<'a>(_: View<'a>, arguments: &mut Arguments<'_>) -> wasmtime::Result<SystemAdvice> {
        const ALL: [Advice; 6] =
            [Advice::Normal, Advice::Sequential, Advice::Random, Advice::WillNeed, Advice::DontNeed, Advice::NoReuse];
        case(arguments.u32(), &ALL).map(|advice| (*advice).into())
    }
}

impl LiftFlat for NewTimestamp {
    const FLAT: &'static [Flat] = &[Flat::I32, Flat::I64, Flat::I32];

    fn lift<'a>(_: View<'a>, arguments: &mut Arguments<'_>) -> wasmtime::Result<SystemTimestamp> {
        let (kind, seconds, nanoseconds) = (arguments.u32(), arguments.u64(), arguments.u32());
        let cases = [Self::NoChange, Self::Now, Self::Timestamp(Datetime { seconds, nanoseconds })];
        case(kind, &cases).map(|new| (*new).into())
    }
}
