//! The platform code of every system but Windows.

use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread::{self, JoinHandle};

use callgate_trace::summary::Process;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGXFSZ};
use signal_hook::flag;
use signal_hook::iterator::Signals;
use signal_hook::low_level::{emulate_default_handler, signal_name};

/// The guest path of a host directory that was mounted under its own path.
pub(crate) fn guest_path(host: &OsStr) -> Option<String> {
    host.to_str().map(str::to_owned)
}

/// A temporary file is its owner's alone; one that stays is everybody's, as far as the user's mask says.
pub(crate) fn readable_by_others(file: &mut tempfile::Builder<'_, '_>) {
    file.permissions(Permissions::from_mode(0o666));
}

/// Sets up signals, before anything else is done. A guest that writes to a file which may not grow any more then gets an error;
/// no signal ends this process (SIGXFSZ). A closed pipe is no reason to end it either: Rust's std sees to that.
pub(crate) fn start() {
    // Where no handler can be set there is nobody to tell yet, and little lost.
    drop(flag::register(SIGXFSZ, Arc::default()));
}

/// The signals by which a person or the system ends this program. Signals that whoever started this program has it ignore, as `nohup`
/// does, stay ignored.
pub(crate) struct Ending(Signals);

impl Ending {
    /// Takes them; until somebody [watches](Self::watch), the first is held back. A second one ends the program.
    ///
    /// # Errors
    /// Those of the system.
    pub(crate) fn new() -> io::Result<Self> {
        ending_signals().map(Self)
    }

    /// Does `finish`, with the signal's name, before a signal ends this program as it would have. A second signal doesn't wait for that.
    ///
    /// # Errors
    /// If no thread can be had.
    pub(crate) fn watch(self, finish: impl Fn(&str) + Send + 'static) -> io::Result<()> {
        let Self(mut signals) = self;
        let ending = move || {
            if let Some(signal) = signals.forever().next() {
                finish(signal_name(signal).unwrap_or("a signal"));
                drop(emulate_default_handler(signal));
            }
        };
        thread::Builder::new().name("signals".into()).spawn(ending).map(drop)
    }
}

fn ending_signals() -> io::Result<Signals> {
    let ignored = ignored_signals();
    let signals = [SIGHUP, SIGINT, SIGTERM].into_iter().filter(|signal| ignored >> (signal - 1) & 1 == 0);
    let (signals, seen): (Vec<_>, _) = (signals.collect(), Arc::new(AtomicBool::new(false)));
    for &signal in &signals {
        flag::register_conditional_default(signal, Arc::clone(&seen))?;
        flag::register(signal, Arc::clone(&seen))?;
    }
    Signals::new(signals)
}

/// Sets `asked` whenever somebody asks by SIGUSR1 what this program is doing. Without this the signal ends it.
pub(crate) fn when_asked(asked: &Arc<AtomicBool>) -> io::Result<()> {
    flag::register(SIGUSR1, Arc::clone(asked)).map(drop)
}

/// Lets go of a thread that is about to end.
pub(crate) fn leave(thread: JoinHandle<()>) {
    drop(thread);
}

/// Ends this process at once: no destructor runs, nothing is flushed, no lock is taken.
pub(crate) fn exit(code: u8) -> ! {
    signal_hook::low_level::exit(code.into())
}

/// True if this process writes to files regardless of their modes, as root does; yes, where the system doesn't say.
pub(crate) fn overrides_modes() -> bool {
    /// `CAP_DAC_OVERRIDE`.
    const OVERRIDE: u32 = 1;
    status("CapEff:").is_none_or(|capabilities| capabilities >> OVERRIDE & 1 == 1)
}

/// A bit for each signal, 1 the lowest; none where the system doesn't say.
fn ignored_signals() -> u64 {
    status("SigIgn:").unwrap_or(0)
}

/// A set of bits that Linux tells of this process.
fn status(name: &str) -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let bits = status.lines().find_map(|line| line.strip_prefix(name))?;
    u64::from_str_radix(bits.trim(), 16).ok()
}

/// What the system has counted for this process (`getrusage`).
pub(crate) fn usage() -> Option<Process> {
    let usage = getrusage(UsageWho::RUSAGE_SELF).ok()?;
    let (minor, major) = (count(usage.minor_page_faults()), count(usage.major_page_faults()));
    Some(Process {
        user: count(usage.user_time().num_nanoseconds()),
        system: count(usage.system_time().num_nanoseconds()),
        switches_voluntary: Some(count(usage.voluntary_context_switches())),
        switches_involuntary: Some(count(usage.involuntary_context_switches())),
        page_faults: minor + major,
        page_faults_from_disk: Some(major),
    })
}

/// A number that is never negative, and of another size on other systems.
fn count(number: impl TryInto<u64>) -> u64 {
    number.try_into().unwrap_or(0)
}

/// A path to standard error.
pub(crate) fn standard_error() -> Option<PathBuf> {
    Some(PathBuf::from("/dev/stderr"))
}
