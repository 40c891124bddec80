//! The platform code of Windows.

use std::ffi::OsStr;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread::JoinHandle;

use callgate_trace::summary::Process;

/// `STATUS_CONTROL_C_EXIT`: how a program ends that doesn't care about Ctrl+C.
const ENDED: u32 = 0xC000_013A;

/// Where a guest finds a host directory that was mounted under its own path: with the separators of its world, which knows no
/// drives.
pub(crate) fn guest_path(host: &OsStr) -> Option<String> {
    let drive = matches!(Path::new(host).components().next(), Some(Component::Prefix(_)));
    host.to_str().filter(|_| !drive).map(|path| path.replace('\\', "/"))
}

/// A file takes the rights of its folder.
pub(crate) fn readable_by_others(_: &mut tempfile::Builder<'_, '_>) {}

/// There are no signals that a write could raise.
pub(crate) fn start() {}

/// The ways by which a person ends this program: Ctrl+C and Ctrl+Break.
pub(crate) struct Ending;

impl Ending {
    /// Nothing is to be had beforehand.
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self)
    }

    /// Does `finish` before this program ends as it would have.
    pub(crate) fn watch(self, finish: impl Fn(&str) + Send + 'static) -> io::Result<()> {
        let handled = ctrlc::set_handler(move || {
            finish("Ctrl+C");
            callgate_nt::terminate(ENDED);
        });
        handled.map_err(io::Error::other)
    }
}

/// Nobody can ask here: `ctrlc`, which handles the keys, doesn't tell Ctrl+Break, which would be the one for it, from Ctrl+C.
#[allow(clippy::unnecessary_wraps, reason = "not so on Unix")]
pub(crate) fn when_asked(_: &Arc<AtomicBool>) -> io::Result<()> {
    Ok(())
}

/// True if this process writes to files that are marked as read-only: Windows refuses that to everybody.
pub(crate) fn overrides_modes() -> bool {
    false
}

/// Waits for a thread that is about to end: Wine takes it ill when one does so while the process ends.
pub(crate) fn leave(thread: JoinHandle<()>) {
    // It has no result.
    drop(thread.join());
}

/// Ends this process at once: no destructor runs, nothing is flushed, no lock is taken.
pub(crate) fn exit(code: u8) -> ! {
    callgate_nt::terminate(code.into())
}

/// What the system has counted for this process. It doesn't tell context switches, nor which page faults had to read something.
pub(crate) fn usage() -> Option<Process> {
    let callgate_nt::Usage { user, kernel, page_faults } = callgate_nt::usage()?;
    Some(Process { user, system: kernel, page_faults: page_faults.into(), ..Process::default() })
}

/// A path to standard error: none that std could tell. A guest opens no file that another holds open for writing without sharing it,
/// which is how shells redirect here.
pub(crate) fn standard_error() -> Option<PathBuf> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guest_sees_slashes_and_no_drives() {
        let path = |host: &str| guest_path(host.as_ref());
        assert_eq!(path(r"sub\deep").as_deref(), Some("sub/deep"));
        assert_eq!(path(".").as_deref(), Some("."));
        assert_eq!(path(r"\top").as_deref(), Some("/top"));
        for drive in [r"C:\top", "C:", "C:sub", r"\\server\share\x", r"\\?\C:\x"] {
            assert_eq!(path(drive), None, "{drive}");
        }
    }
}
