//! The ordinary way to a compile target, on machines that have rustup and a network: one command.
//!
//! Hazards: without a network rustup tries again and again, and a backtrace of its own hides the reason; so it gets one try, a
//! short patience, and no backtraces, unless the user's environment says otherwise. A toolchain that rustup merely links
//! to takes no components; that is a failure here like any other.

use std::env;
use std::process::Command;

use anyhow::{Result, bail};

use crate::process;

/// Variables of rustup that keep it from waiting for a network that is not there.
const IMPATIENT: &[(&str, &str)] = &[("RUSTUP_MAX_RETRIES", "0"), ("RUSTUP_DOWNLOAD_TIMEOUT", "20")];

/// Adds a target to the active toolchain.
pub(crate) fn add(triple: &str) -> Result<()> {
    if !process::exists("rustup") {
        bail!("there is no rustup");
    }
    let mut command = Command::new("rustup");
    command.args(["target", "add", triple]).env("RUST_BACKTRACE", "0");
    for (name, value) in IMPATIENT {
        if env::var_os(name).is_none() {
            command.env(name, value);
        }
    }
    let output = process::output(&mut command)?;
    if output.status.success() {
        return Ok(());
    }
    let complaint = process::complaint(&String::from_utf8_lossy(&output.stderr));
    bail!("{}", shortened(&complaint.unwrap_or(output.status.to_string())));
}

/// A chain of causes without its middle, where rustup repeats addresses and paths.
fn shortened(chain: &str) -> String {
    let causes: Vec<_> = chain.split(": ").collect();
    match causes.as_slice() {
        [first, _, .., last] => format!("{first}: … {last}"),
        _ => chain.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_chain_is_shortened() {
        assert_eq!(shortened("download failed: of a: of b: no such name"), "download failed: … no such name");
        assert_eq!(shortened("no toolchain: none is chosen"), "no toolchain: none is chosen");
    }
}
