//! The needs of tests that not every machine meets. A test that lacks something returns at once, through `needs!`, and prints its
//! name and the reason in a line that `cargo xtask test` counts and lists: nothing is left out silently.

use std::env;
use std::fs;
use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, ToSocketAddrs};
use std::process::{Command, Stdio};

use crate::{Host, callgate, places, platform};

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
    /// That the system says how much memory a program had at the most.
    PeakMemory,
    /// That a program of tens of megabytes is compiled within minutes.
    FastCompiler,
    /// A name of this machine that leads to loopback and is not `localhost`: [`name_of_loopback`].
    NameOfLoopback,
    /// That files which were only made longer take no room.
    Holes,
    /// Linux, and a procfs at `/proc`.
    Procfs,
    /// That this user may mount, where nobody else sees it.
    PrivateMounts,
    /// That what callgate runs on opens FIFOs and devices of this machine.
    SpecialFiles,
    /// A device that is always full.
    FullDevice,
    /// Linux with all that `--lockdown` is made of.
    Lockdown,
    /// A callgate that was built for tests, with a stand-in for an exploit.
    StandIn,
    /// That a program has the home that its environment names.
    NamedHome,
    /// That the test was made for what callgate runs on.
    TriedHere,
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
            PeakMemory => {
                (!places::on_linux()).then(|| "only Linux' /proc is read for the memory of a program".to_owned())
            }
            FastCompiler => places::on_wine().then(|| {
                "Wine 8.0 looks for each block of memory in a list, which takes it a quarter of an hour".to_owned()
            }),
            NameOfLoopback => {
                let none = name_of_loopback().is_none();
                none.then(|| "/etc/hosts has no name but localhost that leads to loopback alone".to_owned())
            }
            Holes => platform::holes().err().map(|error| format!("files have no holes here: {error}")),
            SpecialFiles => places::on_wine().then(|| "Wine opens neither FIFOs nor devices".to_owned()),
            FullDevice => (!fs::exists("/dev/full").unwrap_or(false)).then(|| "there is no /dev/full".to_owned()),
            TriedHere => places::on_wine().then(|| "this was not tried under Wine yet".to_owned()),
            NamedHome => places::on_wine().then(|| "Wine gives each program the home of its own Windows".to_owned()),
            Lockdown => no_lockdown(),
            StandIn => {
                let run =
                    Host::Native.guest("hello").option("--lockdown").host_env("CALLGATE_TRY_TO_GET_OUT", "").run();
                (!run.out().contains("open: ")).then(|| "callgate was built without debug assertions".to_owned())
            }
            Procfs => (!places::on_linux()).then(|| "there is no procfs".to_owned()),
            PrivateMounts if !places::on_linux() => Some("only Linux has namespaces of mounts".to_owned()),
            PrivateMounts => platform::private_mounts()
                .is_none()
                .then(|| "`unshare` may not make a namespace of mounts here".to_owned()),
            Symlinks => platform::symlinks().err().map(|error| format!("symbolic links can't be made here: {error}")),
        }
    }
}

/// What the machine lacks of a second wall: seccomp, or Landlock with ports.
fn no_lockdown() -> Option<String> {
    let offers = callgate(&["backends"]).run().out();
    let line = offers.lines().find_map(|line| line.trim().strip_prefix("lockdown: ")).unwrap_or("none").to_owned();
    let version = line.strip_prefix("Landlock version ").and_then(|rest| rest.split(',').next()?.parse().ok());
    let whole = version.is_some_and(|version: u32| version >= 4) && line.ends_with("seccomp yes");
    (!whole).then(|| format!("the machine has no whole lockdown: {line}"))
}

/// A name of this machine that leads to loopback alone and is not `localhost`.
#[must_use]
pub fn name_of_loopback() -> Option<String> {
    let hosts = fs::read_to_string("/etc/hosts").ok()?;
    let names =
        hosts.lines().filter_map(|line| line.split('#').next()).flat_map(|line| line.split_whitespace().skip(1));
    let is_plain = |name: &&str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let leads_to_loopback = |name: &&str| match (*name, 0).to_socket_addrs() {
        Ok(mut addresses) => addresses.all(|address| address.ip() == IpAddr::V4(Ipv4Addr::LOCALHOST)),
        Err(_) => false,
    };
    names.filter(is_plain).filter(|name| *name != "localhost").find(leads_to_loopback).map(str::to_owned)
}

/// True if the machine lacks `need`. Then this prints so, for the test whose inner function has the name `within`.
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

/// True if the machine lacks the [`Need`] of the test that this stands in. Then the test is counted as skipped.
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
