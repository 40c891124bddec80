//! The values of preview1 as they lie in guest memory, and what they are in the words of the portable system.
//!
//! Each is laid out whole, its padding zeros, so that nothing of the host can be read in a gap. preview0 (`wasi_unstable`)
//! differs in `filestat`, in the order of `whence` and in subscriptions (`poll.rs`).

use callgate_system::{Advice, FileType, Follow, Identity, NewTimestamp, OpenHow, Stat, Timestamp};

use super::errno::Errno;
use super::memory::GuestMemory;
use super::rights::{FD_READ, FD_WRITE, Rights};

/// The one of the two old interfaces that a module imports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Snapshot {
    /// `wasi_unstable`.
    Preview0,
    /// `wasi_snapshot_preview1`.
    Preview1,
}

pub(super) const UNKNOWN: u8 = 0;
pub(super) const CHARACTER_DEVICE: u8 = 2;
pub(super) const SOCKET_STREAM: u8 = 6;

/// `filetype`.
pub(super) fn file_type(kind: FileType) -> u8 {
    match kind {
        FileType::Unknown | FileType::Fifo => UNKNOWN,
        FileType::BlockDevice => 1,
        FileType::CharacterDevice => CHARACTER_DEVICE,
        FileType::Directory => 3,
        FileType::RegularFile => 4,
        FileType::Socket => SOCKET_STREAM,
        FileType::SymbolicLink => 7,
    }
}

/// `fdflags`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "independent flags, as in open(2)")]
pub(super) struct FdFlags {
    pub(super) append: bool,
    pub(super) dsync: bool,
    pub(super) nonblock: bool,
    /// Reads wait for what writes wait for; as on Linux, the same as `sync`.
    pub(super) rsync: bool,
    pub(super) sync: bool,
}

impl FdFlags {
    pub(super) fn from_bits(bits: u32) -> Result<Self, Errno> {
        flags::<5>(bits).map(|_| Self::of_bits(bits.into()))
    }

    /// Those of `bits` that are defined.
    pub(super) fn of_bits(bits: u64) -> Self {
        let [append, dsync, nonblock, rsync, sync] = std::array::from_fn(|bit| bits >> bit & 1 == 1);
        Self { append, dsync, nonblock, rsync, sync }
    }

    pub(super) fn bits(self) -> u16 {
        let flags = [self.append, self.dsync, self.nonblock, self.rsync, self.sync];
        (0..).zip(flags).map(|(bit, set)| u16::from(set) << bit).sum()
    }
}

/// The flags of a word, lowest first.
///
/// # Errors
/// `Inval` for one that is not defined.
pub(super) fn flags<const N: usize>(bits: u32) -> Result<[bool; N], Errno> {
    if bits >> N != 0 {
        return Err(Errno::Inval);
    }
    Ok(std::array::from_fn(|bit| bits >> bit & 1 == 1))
}

/// `lookupflags`.
pub(super) fn follow(bits: u32) -> Result<Follow, Errno> {
    let [follow] = flags(bits)?;
    Ok(if follow { Follow::Yes } else { Follow::No })
}

/// The options with which the portable system opens the path that the guest asks for.
pub(super) fn open_how(lookup: u32, open: u32, rights: Rights, flags_of_fd: FdFlags) -> Result<OpenHow, Errno> {
    let [create, directory, exclusive, truncate] = flags(open)?;
    Ok(OpenHow {
        read: rights & FD_READ != 0,
        write: rights & FD_WRITE != 0,
        follow: follow(lookup)?,
        create,
        exclusive,
        truncate,
        directory,
        sync: flags_of_fd.sync || flags_of_fd.rsync,
        sync_data: flags_of_fd.dsync,
    })
}

/// `advice`.
pub(super) fn advice(number: u32) -> Result<Advice, Errno> {
    Ok(match number {
        0 => Advice::Normal,
        1 => Advice::Sequential,
        2 => Advice::Random,
        3 => Advice::WillNeed,
        4 => Advice::DontNeed,
        5 => Advice::NoReuse,
        _ => return Err(Errno::Inval),
    })
}

/// `timestamp`: nanoseconds since 1970. An earlier time is 0, and one beyond the type is the type's largest value.
pub(super) fn nanoseconds(time: Timestamp) -> u64 {
    let nanoseconds = i128::from(time.seconds) * 1_000_000_000 + i128::from(time.nanoseconds);
    u64::try_from(nanoseconds.max(0)).unwrap_or(u64::MAX)
}

/// The new times of last access and modification that `fstflags` and two timestamps ask for.
pub(super) fn new_times(accessed: u64, modified: u64, bits: u32) -> Result<[NewTimestamp; 2], Errno> {
    let [at_accessed, accessed_now, at_modified, modified_now] = flags(bits)?;
    let new = |at: bool, now: bool, time: u64| match (at, now) {
        (true, true) => Err(Errno::Inval),
        (_, true) => Ok(NewTimestamp::Now),
        (true, _) => Ok(NewTimestamp::At(timestamp(time))),
        _ => Ok(NewTimestamp::NoChange),
    };
    Ok([new(at_accessed, accessed_now, accessed)?, new(at_modified, modified_now, modified)?])
}

#[allow(clippy::cast_possible_truncation, clippy::cast_possible_wrap, reason = "2^64 / 10^9 is below 2^63")]
fn timestamp(nanoseconds: u64) -> Timestamp {
    Timestamp { seconds: (nanoseconds / 1_000_000_000) as i64, nanoseconds: (nanoseconds % 1_000_000_000) as u32 }
}

/// The number of a file on its device: where the system's is longer, both halves of it in one.
#[allow(clippy::cast_possible_truncation, reason = "that is the point")]
pub(super) fn inode(identity: Identity) -> u64 {
    identity.file as u64 ^ (identity.file >> 64) as u64
}

/// Bytes of a `filestat`.
pub(super) fn size_of_filestat(snapshot: Snapshot) -> u32 {
    if snapshot == Snapshot::Preview0 { 56 } else { 64 }
}

/// Writes a `filestat`; of what is in no file system, nothing but its type.
pub(super) fn put_filestat(
    memory: &mut GuestMemory<'_>,
    at: u32,
    snapshot: Snapshot,
    kind: u8,
    stat: Option<&Stat>,
) -> Result<(), Errno> {
    let time = |time: fn(&Stat) -> Option<Timestamp>| stat.and_then(time).map_or(0, nanoseconds);
    let (accessed, modified, changed) =
        (time(|stat| stat.accessed), time(|stat| stat.modified), time(|stat| stat.changed));
    let identity = stat.map(|stat| stat.identity);
    let (device, inode) = (identity.map_or(0, |identity| identity.device), identity.map_or(0, inode));
    let (kind, links, size) = (u64::from(kind), stat.map_or(0, |stat| stat.links), stat.map_or(0, |stat| stat.size));
    let few = links.min(u64::from(u32::MAX)) << 32 | kind;
    let words: &[u64] = match snapshot {
        Snapshot::Preview0 => &[device, inode, few, size, accessed, modified, changed],
        Snapshot::Preview1 => &[device, inode, kind, links, size, accessed, modified, changed],
    };
    words.iter().zip((at..).step_by(8)).try_for_each(|(word, at)| memory.put_u64(at, *word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_clamped_and_never_wrap() {
        let at = |seconds, nanoseconds| super::nanoseconds(Timestamp { seconds, nanoseconds });
        assert_eq!(at(1, 5), 1_000_000_005);
        assert_eq!(at(-1, 999_999_999), 0);
        assert_eq!(at(i64::MIN, 0), 0);
        assert_eq!(at(i64::MAX, 999_999_999), u64::MAX);
        assert_eq!(timestamp(u64::MAX), Timestamp { seconds: 18_446_744_073, nanoseconds: 709_551_615 });
    }

    #[test]
    fn unknown_flags_are_invalid() {
        assert_eq!(FdFlags::from_bits(0b11111).map(FdFlags::bits), Ok(0b11111));
        assert_eq!(FdFlags::from_bits(0b100).map(|flags| flags.nonblock), Ok(true));
        assert_eq!(FdFlags::from_bits(0b10_0000), Err(Errno::Inval));
        assert_eq!(follow(2), Err(Errno::Inval));
        assert_eq!(new_times(0, 0, 0b11), Err(Errno::Inval));
        assert_eq!(new_times(0, 0, 0b1_0000), Err(Errno::Inval));
        assert_eq!(advice(6), Err(Errno::Inval));
    }

    #[test]
    fn a_filestat_has_no_gaps() {
        let time = Some(Timestamp { seconds: 1, nanoseconds: 2 });
        let identity = Identity { device: 3, file: 4 };
        let stat = Stat {
            kind: FileType::RegularFile,
            links: 5,
            size: 6,
            allocated: 6,
            accessed: time,
            modified: None,
            changed: time,
            identity,
        };
        let laid_out = |snapshot| {
            let mut bytes = [0xff; 72];
            put_filestat(&mut GuestMemory::new(&mut bytes), 0, snapshot, 4, Some(&stat)).unwrap();
            bytes.chunks(8).map(|word| u64::from_le_bytes(word.try_into().unwrap())).collect::<Vec<_>>()
        };
        let (untouched, time) = (u64::MAX, 1_000_000_002);
        assert_eq!(laid_out(Snapshot::Preview1), [3, 4, 4, 5, 6, time, 0, time, untouched]);
        assert_eq!(laid_out(Snapshot::Preview0), [3, 4, 5 << 32 | 4, 6, time, 0, time, untouched, untouched]);
    }
}
