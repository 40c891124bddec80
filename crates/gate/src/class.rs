//! Classes of calls: the words by which filters of a trace and rules of a policy name many calls at once.

use std::fmt;
use std::str::FromStr;

use callgate_system::OpenHow;

use crate::Call;

macro_rules! classes {
    ($($(#[$doc:meta])* $variant:ident $word:literal;)*) => {
        /// What a call is about.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Class { $($(#[$doc])* $variant,)* }

        impl Class {
            /// Every class, in the order of their declaration.
            pub const ALL: &'static [Class] = &[$(Class::$variant,)*];

            /// The word for it: `read`.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self { $(Class::$variant => $word,)* }
            }
        }
    };
}

classes! {
    /// Opens a file to read it, reads a file, or reads a link.
    Read "read";
    /// Opens a file to change it, or changes its contents, size or times.
    Write "write";
    /// Makes a file, a directory, a link or a name.
    Create "create";
    /// Removes a name.
    Delete "delete";
    /// Asks for attributes.
    Stat "stat";
    /// Lists a directory.
    List "list";
    /// Makes a connection.
    Connect "connect";
    /// Takes connections.
    Listen "listen";
    /// Sends or receives datagrams.
    Udp "udp";
    /// Looks up names.
    Resolve "resolve";
    /// Reads a clock.
    Clock "clock";
    /// Asks for random bytes.
    Random "random";
    /// Asks for the environment or the working directory.
    Environment "env";
    /// Asks for the arguments.
    Arguments "args";
    /// Asks for a standard stream.
    Stdio "stdio";
    /// Uses a stream, whatever is on its other side.
    Stream "stream";
    /// Waits.
    Wait "wait";
    /// Keeps the books of handles, and ends the run.
    Process "process";
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for Class {
    type Err = UnknownClass;

    fn from_str(word: &str) -> Result<Self, UnknownClass> {
        Self::ALL.iter().copied().find(|class| class.word() == word).ok_or(UnknownClass)
    }
}

/// No class has that word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownClass;

impl fmt::Display for UnknownClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the classes are ")?;
        let mut separator = "";
        Class::ALL.iter().try_for_each(|class| write!(f, "{}{class}", std::mem::replace(&mut separator, ", ")))
    }
}

impl std::error::Error for UnknownClass {}

/// A set of classes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Classes(u32);

impl Classes {
    /// True if `class` is among them.
    #[must_use]
    pub fn contains(self, class: Class) -> bool {
        self.0 & 1 << class as u32 != 0
    }

    /// True if any class is in both.
    #[must_use]
    pub fn meets(self, others: Self) -> bool {
        self.0 & others.0 != 0
    }

    /// These and `class`.
    #[must_use]
    pub fn with(self, class: Class) -> Self {
        Self(self.0 | 1 << class as u32)
    }

    /// The classes, in the order of [`Class::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Class> {
        Class::ALL.iter().copied().filter(move |class| self.contains(*class))
    }
}

impl From<Class> for Classes {
    fn from(class: Class) -> Self {
        Self::default().with(class)
    }
}

impl FromIterator<Class> for Classes {
    fn from_iter<T: IntoIterator<Item = Class>>(classes: T) -> Self {
        classes.into_iter().fold(Self::default(), Self::with)
    }
}

impl Call<'_> {
    /// The classes that it is of: one, but for openings, which are of those that they open for, and renames.
    #[must_use]
    pub fn classes(&self) -> Classes {
        match self {
            Call::OpenAt { how, .. } => of_opening(*how),
            Call::RenameAt { .. } => Classes::from(Class::Delete).with(Class::Create),
            _ => self.class().into(),
        }
    }

    /// The class of a call that is of one.
    fn class(&self) -> Class {
        match self {
            Call::PollableReady { .. } | Call::PollableBlock { .. } | Call::Poll { .. } | Call::SchedYield => {
                Class::Wait
            }
            Call::SubscribeInstant { .. } | Call::SubscribeDuration { .. } => Class::Wait,
            Call::WallNow | Call::WallResolution | Call::MonotonicNow | Call::MonotonicResolution => Class::Clock,
            Call::GetRandomBytes { .. }
            | Call::GetRandomU64
            | Call::GetInsecureRandomBytes { .. }
            | Call::GetInsecureRandomU64
            | Call::InsecureSeed => Class::Random,
            Call::OpenAt { .. } | Call::Read { .. } | Call::ReadViaStream { .. } | Call::ReadlinkAt { .. } => {
                Class::Read
            }
            Call::Write { .. }
            | Call::WriteViaStream { .. }
            | Call::AppendViaStream { .. }
            | Call::SetSize { .. }
            | Call::SetTimes { .. }
            | Call::SetTimesAt { .. }
            | Call::Sync { .. }
            | Call::SyncData { .. }
            | Call::FdAllocate { .. } => Class::Write,
            Call::CreateDirectoryAt { .. } | Call::LinkAt { .. } | Call::SymlinkAt { .. } | Call::RenameAt { .. } => {
                Class::Create
            }
            Call::RemoveDirectoryAt { .. } | Call::UnlinkFileAt { .. } => Class::Delete,
            Call::Stat { .. }
            | Call::StatAt { .. }
            | Call::GetFlags { .. }
            | Call::GetType { .. }
            | Call::IsSameObject { .. }
            | Call::MetadataHash { .. }
            | Call::MetadataHashAt { .. }
            | Call::Advise { .. }
            | Call::FdSeek { .. }
            | Call::FdTell { .. } => Class::Stat,
            Call::ReadDirectory { .. } | Call::ReadDirectoryEntry { .. } => Class::List,
            Call::GetEnvironment | Call::InitialCwd => Class::Environment,
            Call::GetArguments => Class::Arguments,
            Call::GetStdin
            | Call::GetStdout
            | Call::GetStderr
            | Call::GetTerminalStdin
            | Call::GetTerminalStdout
            | Call::GetTerminalStderr => Class::Stdio,
            Call::ResolveAddresses { .. } | Call::ResolveNextAddress { .. } | Call::LookupSubscribe { .. } => {
                Class::Resolve
            }
            other => of_interface(other.interface(), other.function()),
        }
    }
}

/// The class of what a whole interface is about.
fn of_interface(interface: &str, function: &str) -> Class {
    match interface {
        "wasi:io/streams" => Class::Stream,
        "wasi:sockets/udp" | "wasi:sockets/udp-create-socket" => Class::Udp,
        "wasi:sockets/tcp" | "wasi:sockets/tcp-create-socket" => match function {
            "tcp-socket.start-listen"
            | "tcp-socket.finish-listen"
            | "tcp-socket.accept"
            | "tcp-socket.is-listening"
            | "tcp-socket.set-listen-backlog-size" => Class::Listen,
            _ => Class::Connect,
        },
        _ => Class::Process,
    }
}

fn of_opening(how: OpenHow) -> Classes {
    let uses = [(how.read, Class::Read), (how.write || how.truncate, Class::Write), (how.create, Class::Create)];
    let classes: Classes = uses.into_iter().filter(|(is_asked, _)| *is_asked).map(|(_, class)| class).collect();
    // One for attributes alone, or to resolve paths below.
    if classes == Classes::default() { Class::Stat.into() } else { classes }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_back() {
        for class in Class::ALL {
            assert_eq!(class.word().parse(), Ok(*class));
        }
        assert!("Read".parse::<Class>().unwrap_err().to_string().starts_with("the classes are read, write, "));
    }

    #[test]
    fn an_opening_is_of_what_it_opens_for() {
        let how = OpenHow { read: true, write: true, create: true, ..OpenHow::default() };
        let words = |how| of_opening(how).iter().map(Class::word).collect::<Vec<_>>();
        assert_eq!(words(how), ["read", "write", "create"]);
        assert_eq!(words(OpenHow { read: true, ..OpenHow::default() }), ["read"]);
        assert_eq!(words(OpenHow::default()), ["stat"]);
    }
}
