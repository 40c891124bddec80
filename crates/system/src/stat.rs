//! The attributes of files.

use crate::{Code, Result, Timestamp};

/// The kind of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FileType {
    /// None of the others, or not told.
    Unknown,
    /// A block device.
    BlockDevice,
    /// A character device, such as a terminal.
    CharacterDevice,
    /// A directory.
    Directory,
    /// A named pipe.
    Fifo,
    /// A symbolic link itself.
    SymbolicLink,
    /// A file of bytes.
    RegularFile,
    /// A socket in the file system.
    Socket,
}

/// The identity of a file: equal for two handles of one file, different for two files that exist at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Identity {
    /// The device or volume.
    pub device: u64,
    /// The file on it: an inode number, or NT's 128-bit file id.
    pub file: u128,
}

/// The attributes of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stat {
    /// Its kind.
    pub kind: FileType,
    /// Hard links to it.
    pub links: u64,
    /// Bytes; of a symbolic link, the length of its target; of anything else, what the system says.
    pub size: u64,
    /// Bytes of a regular file that certainly have their place on the device: its size, less what may be holes. Of what is compressed,
    /// or where the system doesn't tell, it may be less than what was written; it may be more than the size.
    pub allocated: u64,
    /// Last read, where the system keeps it.
    pub accessed: Option<Timestamp>,
    /// Last written, where the system keeps it.
    pub modified: Option<Timestamp>,
    /// Last change of the attributes, where the system keeps it.
    pub changed: Option<Timestamp>,
    /// Its identity.
    pub identity: Identity,
}

/// A new value for one of a file's times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NewTimestamp {
    /// Leave it.
    NoChange,
    /// The system's wall clock, at its own precision.
    Now,
    /// This time, rounded down to what the file system can store.
    At(Timestamp),
}

impl NewTimestamp {
    /// Rejects a time that is none: nanoseconds of a second or more, or the last second that the type can hold, which
    /// stands for all that lie beyond it. Every backend calls this first.
    ///
    /// # Errors
    /// [`Code::Invalid`].
    pub fn validated(self) -> Result<Self> {
        match self {
            Self::At(time) if time.nanoseconds >= 1_000_000_000 || time.seconds == i64::MAX => {
                Err(Code::Invalid.into())
            }
            other => Ok(other),
        }
    }
}
