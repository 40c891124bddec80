//! What a test needs and not every machine has. A test that lacks something returns at once, by `needs!`, and says its name
//! and the reason in a line that `cargo xtask test` counts and lists: nothing is left out silently.

use std::env;
use std::io::{self, Write};
use std::process::{Command, Stdio};

use crate::{places, platform};

/// Something that a machine may lack.
#[derive(Clone, Copy, Debug)]
pub enum Need {
    /// A published package; `CALLGATE_TESTS_WITHOUT` names those that could not be built here, comma-separated.
    Package(&'static str),
    /// A program of this machine.
    Tool(&'static str),
    /// That this machine, and what callgate runs on, make and know symbolic links.
    Symlinks,
    /// That a name which is no text is the same name to this machine and to what callgate runs on.
    RawNames,
    /// That how many handles callgate may have depends on nobody else.
    OwnHandles,
    /// That the system tells of a pipe that nobody reads in words that Rust's std knows.
    PipeErrors,
    /// That a program can be ended by a signal.
    Signals,
    /// That a program of tens of megabytes is compiled within minutes.
    FastCompiler,
}

pub use Need::*;

impl Need {
    /// Why the machine hasn't it; `None` where it has.
    fn lacking(self) -> Option<String> {
        match self {
            Package(name) => {
                let without = env::var("CALLGATE_TESTS_WITHOUT").unwrap_or_default();
                let lacks = without.split(',').any(|package| package.trim() == name);
                lacks.then(|| format!("{name} could not be built here (CALLGATE_TESTS_WITHOUT has it)"))
            }
            Tool(name) => {
                let started = Command::new(name).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
                started.is_err().then(|| format!("{name} is not installed"))
            }
            Symlinks if places::on_wine() => {
                Some("Wine follows symbolic links out of any directory, and makes none".to_owned())
            }
            RawNames => places::on_wine().then(|| "Wine makes text of any name".to_owned()),
            OwnHandles => places::on_wine().then(|| "Wine's programs share the descriptors of one server".to_owned()),
            PipeErrors => {
                places::on_wine().then(|| "Wine's error for a closed pipe is none of those that std knows".to_owned())
            }
            Signals => {
                let none = places::on_wine() || !cfg!(unix);
                none.then(|| "Windows has no signals that end another program in order".to_owned())
            }
            FastCompiler => places::on_wine().then(|| {
                "Wine 8.0 looks for each block of memory in a list, which takes it a quarter of an hour".to_owned()
            }),
            Symlinks => platform::symlinks().err().map(|error| format!("symbolic links can't be made here: {error}")),
        }
    }
}

/// Whether there is no `need` for the test whose inner function has the name `within`; then this says so.
#[must_use]
pub fn lacks(need: Need, within: &str) -> bool {
    let Some(why) = need.lacking() else {
        return false;
    };
    let test = within.trim_end_matches("::here");
    let test = test.split_once("::").map_or(test, |(_binary, test)| test);
    // Not by `println`, which shows nothing of a test that passes.
    io::stdout().write_all(format!("test skipped: {test}: {why}\n").as_bytes()).ok();
    true
}

/// Whether the test that this stands in lacks what it [`Need`]s; if so, it is counted as skipped.
#[macro_export]
macro_rules! lacks {
    ($need:expr) => {{
        fn here() {}
        $crate::needs::lacks($need, std::any::type_name_of_val(&here))
    }};
}

/// Ends a test that lacks one of what it [`Need`]s.
#[macro_export]
macro_rules! needs {
    ($($need:expr),+ $(,)?) => {
        $(if $crate::lacks!($need) {
            return;
        })+
    };
}
