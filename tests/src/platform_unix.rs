//! What is so on every Unix.

use std::io;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// Whether symbolic links can be made: always.
#[allow(clippy::unnecessary_wraps, reason = "not so on Windows")]
pub(crate) fn symlinks() -> io::Result<()> {
    Ok(())
}

/// Asks a child to end.
pub(crate) fn terminate(child: u32) {
    let child = i32::try_from(child).expect("an id of a process");
    kill(Pid::from_raw(child), Signal::SIGTERM).expect("it is a child of ours");
}
