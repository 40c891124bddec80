//! A hostile module as a value: printed, it is Rust that makes it again, so what a run found is a regression test as it stands.

use std::fmt;

use callgate_system::Quota;

use super::layout::PAGE;
use crate::files::Text;

/// A module, and how it is run.
#[derive(Clone, PartialEq, Eq)]
pub struct Script {
    /// True if all that the module does is the same on every system, so that systems can be compared.
    pub tame: bool,
    /// True if the module imports `wasi_unstable` instead of `wasi_snapshot_preview1`.
    pub unstable: bool,
    /// Its memory.
    pub memory: Memory,
    /// The way in which its calls are started.
    pub launch: Launch,
    /// The descriptors that it may have.
    pub handles: usize,
    /// The amount that it may add to its writable mount.
    pub quota: Option<Quota>,
    /// Its calls.
    pub calls: Vec<Call>,
}

/// The memory that a module exports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Memory {
    /// So many pages of 64 KiB to begin with.
    Pages(u32),
    /// A page, and the name is that of a function.
    Misnamed,
    /// A page that is not exported.
    Hidden,
    /// A page, and another memory is exported, of 64-bit addresses.
    Wide,
    /// The same, of memory that threads share.
    Shared,
    /// None at all.
    Missing,
}

impl Memory {
    /// The initial length of the memory, in bytes. With two memories, the length of the first.
    pub(crate) fn bytes(self) -> u64 {
        let pages = match self {
            Self::Pages(pages) => pages,
            Self::Missing => 0,
            _ => 1,
        };
        u64::from(pages) * PAGE
    }
}

/// The way in which the calls are started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Launch {
    /// A function that the user names.
    Invoked,
    /// `_initialize`, before that function.
    Initialized,
    /// The start section, before that function.
    Started,
    /// `_start`, as a command.
    Command,
    /// `_start`, which the start section calls too.
    Twice,
}

/// A call.
#[derive(Clone, PartialEq, Eq)]
pub struct Call {
    /// The name of the function.
    pub function: String,
    /// The arguments of the call.
    pub arguments: Vec<Argument>,
}

/// An argument of a call. It stands for one parameter, or for two that belong together.
#[derive(Clone, PartialEq, Eq)]
pub enum Argument {
    /// A number.
    Number(u64),
    /// An address.
    Address(Address),
    /// A path, or another text, that is put into memory: its address and its length.
    Path(Text),
    /// A list of addresses and lengths that is put there: its address, and how many they are.
    List(Vec<(Address, u32)>),
    /// Bytes that are put there: their address.
    Bytes(Vec<u8>),
}

/// Where something is in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Address {
    /// So many bytes from the beginning.
    At(u32),
    /// So many from where it ends to begin with.
    End(i32),
}

/// A call of the function of this name.
#[must_use]
pub fn call(function: &str, arguments: impl Into<Vec<Argument>>) -> Call {
    Call { function: function.to_owned(), arguments: arguments.into() }
}

impl Script {
    /// True if an export is called by its name.
    pub(crate) fn is_invoked(&self) -> bool {
        !matches!(self.launch, Launch::Command | Launch::Twice)
    }
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { tame, unstable, memory, launch, handles, quota, calls } = self;
        writeln!(f, "Script {{")?;
        writeln!(f, "        tame: {tame}, unstable: {unstable}, memory: Memory::{memory:?},")?;
        writeln!(f, "        launch: Launch::{launch:?}, handles: {handles}, quota: {quota:?}, calls: vec![")?;
        calls.iter().try_for_each(|call| writeln!(f, "            {call:?},"))?;
        write!(f, "        ],\n    }}")
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "call({:?}, {:?})", self.function, self.arguments)
    }
}

impl fmt::Debug for Argument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "Number({number})"),
            Self::Address(address) => write!(f, "Address({address:?})"),
            Self::Path(text) => write!(f, "Path({text:?})"),
            Self::List(list) => write!(f, "List(vec!{list:?})"),
            Self::Bytes(bytes) => write!(f, "Bytes(b\"{}\".to_vec())", bytes.escape_ascii()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_is_what_makes_it() {
        let list = Argument::List(vec![(Address::End(-8), 9), (Address::At(1), 2)]);
        let given = [Argument::Number(7), Argument::Path("a".into()), list, Argument::Bytes(b"\"\0".to_vec())];
        let printed = r#"call("f", [Number(7), Path("a".into()), List(vec![(End(-8), 9), (At(1), 2)]), Bytes(b"\"\x00".to_vec())])"#;
        assert_eq!(format!("{:?}", call("f", given)), printed);
    }
}
