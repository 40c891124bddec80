//! A stand-in for an exploit, in builds for tests: what code would try that has got out of the guest, into this process.

use std::fs::File;
use std::io::{self, Write as _};
use std::net::{TcpStream, UdpSocket};
use std::os::unix::process::{CommandExt as _, parent_id};
use std::path::Path;
use std::process::{Command, Stdio};

use nix::sys::ptrace;
use nix::unistd::Pid;

/// Names an address that listens; with it, everything is tried.
const ADDRESS: &str = "CALLGATE_TRY_TO_GET_OUT";

/// Tries each way out, and says what came of it. The last one does not return where it succeeds.
pub(crate) fn try_to_get_out() {
    let Ok(address) = std::env::var(ADDRESS) else { return };
    let parent = Pid::from_raw(parent_id().cast_signed());
    say("open", File::open("/etc/passwd").map(drop));
    say("create", File::create(std::env::temp_dir().join("callgate-got-out")).map(drop));
    say("connect", TcpStream::connect(&address).map(drop));
    say("udp", UdpSocket::bind("127.0.0.1:0").map(drop));
    say("fork", Command::new("/bin/true").stdin(Stdio::null()).status().map(drop));
    // That this process reads the parent's memory is what ptrace would be for. It ends with this process.
    say("ptrace", ptrace::seize(parent, ptrace::Options::empty()).map_err(io::Error::from));
    say("signal", nix::sys::signal::kill(parent, None).map_err(io::Error::from));
    say("core", core_is_possible());
    let shell = if Path::new("/bin/sh").exists() { "/bin/sh" } else { "sh" };
    say("exec", Err(Command::new(shell).args(["-c", "echo exec: done"]).exec()));
}

/// A core dump would write down what is in memory.
fn core_is_possible() -> io::Result<()> {
    match rustix::process::dumpable_behavior()? {
        rustix::process::DumpableBehavior::NotDumpable => Err(io::ErrorKind::PermissionDenied.into()),
        _ => Ok(()),
    }
}

fn say(what: &str, came: io::Result<()>) {
    let came = if came.is_ok() { "done" } else { "refused" };
    // Nobody else writes yet.
    drop(writeln!(io::stdout(), "{what}: {came}"));
}
