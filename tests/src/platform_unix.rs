//! Unix-specific abilities of the machine.

use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::process::{Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// Succeeds if symbolic links can be made, which is always so.
#[allow(clippy::unnecessary_wraps, reason = "not so on Windows")]
pub(crate) fn symlinks() -> io::Result<()> {
    Ok(())
}

/// Succeeds if a file that was only made longer takes no room where tests have their files.
pub(crate) fn holes() -> io::Result<()> {
    let file = tempfile::tempfile()?;
    file.set_len(1 << 20)?;
    match file.metadata()?.blocks() {
        0 => Ok(()),
        blocks => Err(io::Error::other(format!("1 MiB of nothing takes {blocks} blocks"))),
    }
}

/// The words before a command that run it where it may mount and nobody else sees that.
pub(crate) fn private_mounts() -> Option<&'static [&'static str]> {
    let ways: [&[&str]; 2] = [&["unshare", "--mount"], &["unshare", "--mount", "--map-root-user"]];
    ways.into_iter().find(|words| {
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).args(["mount", "--bind", "/tmp", "/tmp"]);
        command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
    })
}

/// Asks a child to end.
pub(crate) fn terminate(child: u32) {
    send(child, Signal::SIGTERM);
}

/// Asks a child what it is doing.
pub(crate) fn ask(child: u32) {
    send(child, Signal::SIGUSR1);
}

fn send(child: u32, signal: Signal) {
    let child = i32::try_from(child).expect("an id of a process");
    kill(Pid::from_raw(child), signal).expect("it is a child of ours");
}
