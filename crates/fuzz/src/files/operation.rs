//! Operations on files as values: printed, they are Rust that makes them again, so what a run found is a regression test
//! as it stands.

use std::fmt;

use callgate_system::{Advice, Follow, NewTimestamp, OpenHow, Timestamp};

/// A call of [`callgate_system::Directory`], [`callgate_system::File`] or [`callgate_system::Entries`], or the host's hand.
///
/// `dir`, `file` and `reading` are places of a `World`; directory 0 is the root.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "the fields are the arguments of the calls")]
pub enum Operation {
    Open {
        dir: usize,
        path: Text,
        how: How,
        into: usize,
    },
    Stat {
        dir: usize,
        path: Text,
        follow: Follow,
    },
    Metadata {
        dir: usize,
    },
    CreateDirectory {
        dir: usize,
        path: Text,
    },
    RemoveDirectory {
        dir: usize,
        path: Text,
    },
    UnlinkFile {
        dir: usize,
        path: Text,
    },
    Symlink {
        dir: usize,
        target: Text,
        path: Text,
    },
    ReadLink {
        dir: usize,
        path: Text,
    },
    Link {
        dir: usize,
        path: Text,
        follow: Follow,
        new_dir: usize,
        new_path: Text,
    },
    Rename {
        dir: usize,
        path: Text,
        new_dir: usize,
        new_path: Text,
    },
    SetTimes {
        dir: usize,
        path: Text,
        follow: Follow,
        accessed: Time,
        modified: Time,
    },
    SetOwnTimes {
        dir: usize,
        accessed: Time,
        modified: Time,
    },
    SyncDirectory {
        dir: usize,
    },
    CloseDirectory {
        dir: usize,
    },
    /// Begins to read entries.
    ReadEntries {
        dir: usize,
        into: usize,
    },
    /// Reads one more.
    NextEntry {
        reading: usize,
    },
    /// Reads all that are left.
    RestOfEntries {
        reading: usize,
    },
    ReadAt {
        file: usize,
        offset: u64,
        length: usize,
    },
    WriteAt {
        file: usize,
        offset: u64,
        length: usize,
        byte: u8,
    },
    Append {
        file: usize,
        length: usize,
        byte: u8,
    },
    StatFile {
        file: usize,
    },
    SetSize {
        file: usize,
        size: u64,
    },
    SetFileTimes {
        file: usize,
        accessed: Time,
        modified: Time,
    },
    SyncFile {
        file: usize,
        data_only: bool,
    },
    Advise {
        file: usize,
        offset: u64,
        length: u64,
        advice: Advice,
    },
    CloseFile {
        file: usize,
    },
    /// The host makes a symbolic link with any text in the root.
    PlantLink {
        name: &'static str,
        text: &'static str,
    },
    /// The host makes a file in the root whose name is not UTF-8.
    PlantRawName,
}

impl Operation {
    /// The number of variants.
    pub const KINDS: usize = 28;

    /// The variant's name.
    #[must_use]
    pub fn name(&self) -> String {
        let text = format!("{self:?}");
        text.split(' ').next().unwrap_or_default().to_owned()
    }

    /// The paths that it names, with their directories.
    #[must_use]
    pub fn paths(&self) -> Vec<&str> {
        match self {
            Self::Open { path, .. }
            | Self::Stat { path, .. }
            | Self::CreateDirectory { path, .. }
            | Self::RemoveDirectory { path, .. }
            | Self::UnlinkFile { path, .. }
            | Self::Symlink { path, .. }
            | Self::ReadLink { path, .. }
            | Self::SetTimes { path, .. } => vec![path.as_str()],
            Self::Link { path, new_path, .. } | Self::Rename { path, new_path, .. } => {
                vec![path.as_str(), new_path.as_str()]
            }
            _ => Vec::new(),
        }
    }
}

/// A path or the text of a link. Printed, a long one is as short as `Text::long("n", 256, "")`.
#[derive(Clone, PartialEq, Eq)]
pub struct Text(String);

impl Text {
    /// `unit` so many times, and then `rest`.
    #[must_use]
    pub fn long(unit: &str, times: usize, rest: &str) -> Self {
        Self(unit.repeat(times) + rest)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for unit in [1, 2].into_iter().filter_map(|length| self.0.get(..length)) {
            let times = self.0.as_bytes().chunks(unit.len()).take_while(|chunk| *chunk == unit.as_bytes()).count();
            if times >= 20 {
                return write!(f, "Text::long({unit:?}, {times}, {:?})", &self.0[times * unit.len()..]);
            }
        }
        write!(f, "{:?}.into()", self.0)
    }
}

/// The way to open a file. Printed, it is `how("read write create")`.
#[derive(Clone, Copy, PartialEq)]
pub struct How(pub OpenHow);

/// The flags that stand in `words`; a last link is followed unless `nofollow` stands there too.
#[must_use]
pub fn how(words: &str) -> How {
    let has = |flag: &str| words.split_whitespace().any(|word| word == flag);
    How(OpenHow {
        read: has("read"),
        write: has("write"),
        follow: if has("nofollow") { Follow::No } else { Follow::Yes },
        create: has("create"),
        exclusive: has("exclusive"),
        truncate: has("truncate"),
        directory: has("directory"),
        sync: has("sync"),
        sync_data: has("sync_data"),
    })
}

impl fmt::Debug for How {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let OpenHow { read, write, follow, create, exclusive, truncate, directory, sync, sync_data } = self.0;
        let flags = [
            (read, "read"),
            (write, "write"),
            (follow == Follow::No, "nofollow"),
            (create, "create"),
            (exclusive, "exclusive"),
            (truncate, "truncate"),
            (directory, "directory"),
            (sync, "sync"),
            (sync_data, "sync_data"),
        ];
        let words: Vec<_> = flags.into_iter().filter_map(|(on, word)| on.then_some(word)).collect();
        write!(f, "how({:?})", words.join(" "))
    }
}

/// A time to set: one that no clock shows today, so that it is known again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Time {
    /// None.
    Keep,
    /// The present.
    Now,
    /// The time with this number among [`MARKS`].
    Mark(usize),
    /// Nanoseconds of a second and more.
    Wrong,
}

/// Times that every file system can store.
pub const MARKS: [Timestamp; 3] = [
    Timestamp { seconds: 1_000_000_000, nanoseconds: 0 },
    Timestamp { seconds: 5, nanoseconds: 123_456_700 },
    Timestamp { seconds: -1_000, nanoseconds: 500_000_000 },
];

impl Time {
    /// As the calls take it.
    #[must_use]
    pub fn new_timestamp(self) -> NewTimestamp {
        match self {
            Self::Keep => NewTimestamp::NoChange,
            Self::Now => NewTimestamp::Now,
            Self::Mark(number) => NewTimestamp::At(MARKS[number % MARKS.len()]),
            Self::Wrong => NewTimestamp::At(Timestamp { seconds: 1, nanoseconds: 1_000_000_000 }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_is_what_makes_it() {
        assert_eq!(format!("{:?}", how("read nofollow sync_data")), r#"how("read nofollow sync_data")"#);
        assert_eq!(format!("{:?}", Text::from("a/\"b")), r#""a/\"b".into()"#);
        assert_eq!(format!("{:?}", Text::long("n", 256, "")), r#"Text::long("n", 256, "")"#);
        assert_eq!(format!("{:?}", Text::long("a/", 2048, "x")), r#"Text::long("a/", 2048, "x")"#);
        let operation = Operation::Open { dir: 0, path: "f".into(), how: how(""), into: 1 };
        assert_eq!(format!("{operation:?}"), r#"Open { dir: 0, path: "f".into(), how: how(""), into: 1 }"#);
    }
}
