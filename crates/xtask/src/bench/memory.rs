//! The most memory that a program held. The kernel keeps it for all children of a process together, so each program is run by
//! a small process of its own (`cargo xtask peak-memory`, hidden), which asks after it has ended.
//!
//! Hazard: a child shows at least its parent's size, as it begins as a copy of it. That is a few MiB here, less than any host.

use std::env;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use nix::sys::resource::{UsageWho, getrusage};

use crate::process;

/// Runs a command and returns its peak memory in KiB.
pub(crate) fn peak(command: &Command) -> Result<Option<f64>> {
    let mut wrapped = Command::new(env::current_exe().context("cannot find this program's own file")?);
    wrapped.arg("peak-memory").arg("--").arg(command.get_program()).args(command.get_args());
    let text = process::capture(&mut wrapped)?;
    Ok(Some(text.trim().parse().with_context(|| format!("`{}` is no size", text.trim()))?))
}

/// `cargo xtask peak-memory`: the wrapping process.
pub(crate) fn child(command: &[PathBuf]) -> Result<()> {
    let [program, arguments @ ..] = command else {
        bail!("no command given");
    };
    let mut child = Command::new(program);
    child.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let status = child.status().with_context(|| format!("cannot start {}", program.display()))?;
    if !status.success() {
        bail!("`{}` failed ({status}); run it yourself to see why", process::line(&child));
    }
    let peak = getrusage(UsageWho::RUSAGE_CHILDREN).context("cannot ask for the resources of a child")?.max_rss();
    // Darwin counts in bytes, the others in KiB.
    println!("{}", if cfg!(target_os = "macos") { peak / 1024 } else { peak });
    Ok(())
}
