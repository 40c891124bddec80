//! An open directory: the only place from which a guest's path is resolved.
//!
//! A path is `/`-separated UTF-8, relative to the directory, and never leaves it, not even for a moment: that is the
//! sandbox. The rules, the same on every backend and tested as one table of paths × operations in `callgate-conformance`:
//!
//! - an absolute path, or one that passes out of the directory by `..` or through a symbolic link, is `NotPermitted`,
//!   also where it comes back in;
//! - an absolute symbolic link on the way is `NotPermitted`, wherever it points;
//! - an empty path is `NoEntry`, a path with a NUL byte `Invalid`, a component of more than 255 bytes, or a path of more
//!   than 4095, `NameTooLong`; what a path tells by itself wins over what a look at the files would tell;
//! - `.` and `..` are no shorthand: what stands before them must be a directory (`NotDirectory`) and be there (`NoEntry`);
//! - more than 40 symbolic links in one resolution are `Loop`;
//! - a trailing `/` asks for a directory: a last symbolic link is then followed even under [`Follow::No`], except
//!   by calls that act on the name itself (`unlink_file`, `remove_directory`, `rename`, `read_link`, `symlink`, `link`),
//!   where a trailing `/` after anything but a directory is `NotDirectory`. A name that is missing is `NoEntry` there
//!   too, but for the new name of a directory. `create_directory` never follows: whatever is there is `Exist`. `open`
//!   with `create` is `IsDirectory` after a name, whatever it is the name of.

use std::any::Any;
use std::sync::Arc;

use crate::{File, FileType, Identity, Nanoseconds, NewTimestamp, Result, Stat};

/// The treatment of a symbolic link as the last component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Follow {
    /// The call is about the link itself.
    No,
    /// The call is about what the link points to.
    Yes,
}

/// The way in which a directory tells names apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Names {
    /// Byte by byte.
    #[default]
    Exact,
    /// Letters stand for each other in either case, and perhaps characters that look alike. A file may also have a short alias there, such as
    /// `LONGNA~1.TXT`, which no listing tells of.
    IgnoringCase,
}

/// The flags of an open. With all of them off, it opens an existing file or directory for its attributes only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "independent flags, as in open(2)")]
pub struct OpenHow {
    /// For reading.
    pub read: bool,
    /// For writing. On a directory: `IsDirectory`.
    pub write: bool,
    /// A last symbolic link; with [`Follow::No`] it is `Loop`.
    pub follow: Follow,
    /// Create it where it is missing; through a dangling symbolic link, what that leads to.
    pub create: bool,
    /// Fail with `Exist` where it is there, be it a symbolic link that leads nowhere; with `create` only.
    pub exclusive: bool,
    /// Cut to 0 bytes; needs `write` ([`OpenHow::writing_to_truncate`]).
    pub truncate: bool,
    /// Fail with `NotDirectory` on anything but a directory, be it a symbolic link that is not followed; not with `create`.
    pub directory: bool,
    /// Every write returns when data and attributes are on the device.
    pub sync: bool,
    /// Every write returns when its data is on the device.
    pub sync_data: bool,
}

impl OpenHow {
    /// The same, with `write` where it truncates. `open(2)` cuts a file with `O_RDONLY | O_TRUNC`, and asks for the permission to
    /// write it; so do the interfaces above, which keep to themselves that what was opened is not for writing.
    #[must_use]
    pub fn writing_to_truncate(self) -> Self {
        Self { write: self.write || self.truncate, ..self }
    }
}

impl Default for OpenHow {
    fn default() -> Self {
        Self {
            read: false,
            write: false,
            follow: Follow::Yes,
            create: false,
            exclusive: false,
            truncate: false,
            directory: false,
            sync: false,
            sync_data: false,
        }
    }
}

/// An open file or directory.
#[derive(Clone)]
pub enum Opened {
    /// A file, device, pipe …
    File(Arc<dyn File>),
    /// A directory.
    Directory(Arc<dyn Directory>),
}

/// One entry of a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name.
    pub name: String,
    /// Its kind, [`FileType::Unknown`] where the system doesn't tell without another call.
    pub kind: FileType,
    /// The identity of its file, where the system told that along with the name.
    pub listed: Option<Listed>,
}

/// The identity of an entry's file, as a listing told it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The identity that [`Directory::stat`] of the name gave, or would have given, at that moment, without following a link.
    pub identity: Identity,
    /// A moment on the monotonic clock before the system was asked.
    pub when: Nanoseconds,
}

/// The entries of a directory, one after the other, without `.` and `..`.
///
/// An entry that is neither created nor removed meanwhile comes exactly once; the order means nothing. They are fetched piece by piece: a
/// guest may have many readings open, and each of a directory of a million names.
pub trait Entries: Send {
    /// The next entry, `None` after the last, and again `None` after that.
    ///
    /// # Errors
    /// `IllegalByteSequence` for a name that is not UTF-8; the next call goes on after it.
    fn next(&mut self) -> Result<Option<Entry>>;

    /// The number of times that the system was asked for entries. Where it grows with a call of `next`, whatever that yields and what comes
    /// after it was listed during that call.
    fn pieces(&self) -> u64 {
        0
    }

    /// Bytes of the process's memory that this reading holds at the most, whatever the directory holds; always the same. At most 64 KiB.
    fn holds(&self) -> usize;
}

/// An open directory. Closed when dropped. See the module for the rules of paths.
pub trait Directory: Any + Send + Sync {
    /// Opens, and creates where asked. Never waits, not even on a pipe without a peer.
    ///
    /// # Errors
    /// `NoEntry`, `Exist`, `IsDirectory` (writing, creating or truncating a directory), `NotDirectory`, `Loop`,
    /// `NotPermitted` (out of the sandbox), `Access`, `Invalid` (`create` with `directory`, `truncate` without `write`),
    /// `NoSuchDevice` (a pipe without a reader), `InsufficientMemory` (no descriptors left).
    fn open(&self, path: &str, how: OpenHow) -> Result<Opened>;

    /// The attributes of what `path` names.
    ///
    /// # Errors
    /// `NoEntry`, `NotDirectory`, `Loop`, `NotPermitted`, `Access`.
    fn stat(&self, path: &str, follow: Follow) -> Result<Stat>;

    /// The attributes of this directory.
    ///
    /// # Errors
    /// `Io`.
    fn metadata(&self) -> Result<Stat>;

    /// The entries, from the first, independent of any other reading of the same directory.
    ///
    /// # Errors
    /// `Access`, `NoEntry` (removed meanwhile).
    fn read_entries(&self) -> Result<Box<dyn Entries>>;

    /// Makes an empty directory.
    ///
    /// # Errors
    /// `Exist` for whatever is there, a dangling link included; `NoEntry` for a missing parent.
    fn create_directory(&self, path: &str) -> Result<()>;

    /// Removes an empty directory.
    ///
    /// # Errors
    /// `NotEmpty`, `NotDirectory`, `NoEntry`; `Invalid` for a path that ends in `.`, `NotEmpty` or `NotPermitted` for `..`.
    fn remove_directory(&self, path: &str) -> Result<()>;

    /// Removes a name that is not a directory; a symbolic link itself.
    ///
    /// # Errors
    /// `IsDirectory`, `NoEntry`; `NotDirectory` for a trailing `/`.
    fn unlink_file(&self, path: &str) -> Result<()>;

    /// Makes a symbolic link named `path` with the text `target`, which need not exist.
    ///
    /// # Errors
    /// `Exist`; `NotPermitted` for an absolute target, which no resolution here would ever follow; `NoEntry` for an empty
    /// target.
    fn symlink(&self, target: &str, path: &str) -> Result<()>;

    /// The text of a symbolic link.
    ///
    /// # Errors
    /// `Invalid` for what is no link, `IllegalByteSequence` for a text that is not UTF-8, `NotPermitted` for an absolute
    /// text (it tells of the host).
    fn read_link(&self, path: &str) -> Result<String>;

    /// Makes `new_path` in `new_directory` another name of `path`.
    ///
    /// # Errors
    /// `NotPermitted` for a directory, `Exist`, `CrossDevice` also where `new_directory` is of another system.
    fn link(&self, path: &str, follow: Follow, new_directory: &dyn Directory, new_path: &str) -> Result<()>;

    /// Renames, replacing an existing file by a file, or an empty directory by a directory, atomically. Where both
    /// paths name the same file, be it by two hard links, nothing changes.
    ///
    /// # Errors
    /// `IsDirectory`, `NotDirectory` (kinds differ; or either path has a trailing `/`, and it is no directory),
    /// `NotEmpty`, `Invalid` (into itself), `CrossDevice` also where `new_directory` is of another system; `Busy` or
    /// `Invalid` for a path that ends in `.` or `..`.
    fn rename(&self, path: &str, new_directory: &dyn Directory, new_path: &str) -> Result<()>;

    /// Sets the times of what `path` names.
    ///
    /// # Errors
    /// As [`File::set_times`] and [`Directory::stat`].
    fn set_times(&self, path: &str, follow: Follow, accessed: NewTimestamp, modified: NewTimestamp) -> Result<()>;

    /// Sets the times of this directory.
    ///
    /// # Errors
    /// As [`File::set_times`].
    fn set_own_times(&self, accessed: NewTimestamp, modified: NewTimestamp) -> Result<()>;

    /// Returns when the names in this directory are on the device.
    ///
    /// # Errors
    /// `Io`.
    fn sync(&self) -> Result<()>;

    /// True if this directory is `outer`, or is reached from it downwards, now: told by which directories they are, not by the
    /// paths that they were opened by, so links and mounts on the way make no difference. Asked of the roots of mounts, once
    /// for each two; it may be slow. `false` where `outer` is of another system.
    ///
    /// # Errors
    /// Any, where it can't be told: who asks has to expect the worse. A system may tell of no others than those that
    /// [`crate::System::open_root`] opened: `Unsupported`.
    fn lies_within(&self, outer: &dyn Directory) -> Result<bool>;

    /// This directory once more, as a strict one: its calls, and those of the directories that are opened below it, follow no symbolic
    /// link. Where a call of another directory would follow one, also one on the way to the last name, it fails with `Loop`. So it does where
    /// `..` is a component of a path, and may do so where another file system is mounted on the way. Everything else is the same. Whatever a
    /// strict directory does, it does at the place that the text of the path names ([`path::place_of`](crate::path::place_of)).
    ///
    /// # Errors
    /// `InsufficientMemory` (no descriptors left), `Unsupported`.
    fn strict(&self) -> Result<Arc<dyn Directory>>;

    /// The way in which the names in this directory are told apart. `IgnoringCase` where the system can't tell.
    fn names(&self) -> Names;

    /// The name by which a listing tells of what `name`, a plain one, is here. It is another one for a short alias, or where names are told
    /// apart [ignoring case](Names::IgnoringCase). It may take time in proportion to the number of entries.
    ///
    /// # Errors
    /// `NoEntry` where it is not there, or no listing tells of it; those of [`Directory::stat`] and [`Directory::read_entries`].
    fn listed_name(&self, name: &str) -> Result<String> {
        crate::locate::find_listed(self, name)
    }
}
