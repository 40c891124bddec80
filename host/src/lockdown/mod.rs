//! `--lockdown`: the second wall. What the kernel refuses to this process, whatever a fault in the engine or in a backend lets a guest
//! do to it.
//!
//! It stands from a moment between the loading of the program and its first instruction. Whatever needs more than a run may do, such as
//! opening the file of a trace, is done before; whatever needs more and can't be done before, such as lookups of names, a helper does
//! (`linux/resolver.rs`).

#[cfg(target_os = "linux")]
#[path = "linux/mod.rs"]
mod native;
#[cfg(not(target_os = "linux"))]
#[path = "nowhere.rs"]
mod native;
#[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "no wall is built by it there"))]
mod plan;

use anyhow::{Result, bail};
use clap::ValueEnum;

pub(crate) use native::{alone, facts, resolver, serve_lookups, try_to_get_out};
pub(crate) use plan::Plan;

use crate::last_words;

/// How much of the wall has to stand.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Lockdown {
    /// As much as the kernel has; what is missing is said.
    Available,
    /// All of it, or the program does not start.
    Require,
}

/// Builds the wall. There is no way back.
///
/// # Errors
/// If a part is missing that is required.
pub(crate) fn begin(wanted: Lockdown, plan: &Plan) -> Result<()> {
    let missing = native::begin(plan).join("; ");
    if missing.is_empty() {
        return Ok(());
    }
    if wanted == Lockdown::Require {
        bail!("--lockdown=require: {missing}; run it with --lockdown to do without, or on a system that has it");
    }
    // Nobody has to read it: no time limit ends a wait yet.
    last_words::say(&format!("callgate: --lockdown does not hold in full: {missing}"));
    Ok(())
}
