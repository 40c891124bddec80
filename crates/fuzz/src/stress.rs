//! The stress as a task: in a mount namespace of its own where this user may have one, so that mounts are swapped too.

use std::env;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};
use callgate_fuzz::swaps;

pub(crate) fn run(rounds: u32, mounts: bool) -> Result<()> {
    if !mounts && may_mount() {
        let this = env::current_exe().context("this program can't be found")?;
        let mut again = Command::new("unshare");
        again.args(["--mount", "--propagation", "private"]).arg(this);
        let status = again.args(["stress", "--mounts", "--rounds", &rounds.to_string()]).status()?;
        return if status.success() { Ok(()) } else { bail!("the stress failed") };
    }
    if !mounts {
        println!("without mounts: that takes the right to mount, and `unshare`");
    }
    swaps::run(rounds, mounts, |done| println!("{:>10}  {}: {}", done.rounds, done.backend, done.what))?;
    println!("nothing outside was seen or changed");
    Ok(())
}

/// True if this user can mount one directory on another in a mount namespace of its own.
fn may_mount() -> bool {
    let mut unshare = Command::new("unshare");
    unshare.args(["--mount", "--propagation", "private", "mount", "--bind", "/tmp", "/tmp"]);
    unshare.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}
