//! Builds the workspace `guest/`: for the guest target, and, where a test or a measurement compares with it, natively.
//!
//! Always in release, and always into `guest/target`, where tests look, whatever the environment says.

use std::path::PathBuf;

use anyhow::Result;

use crate::{process, workspace};

/// Guests whose native build is the yardstick of their behaviour.
const ALSO_NATIVE: &[&str] = &["redb-check"];

/// All guests, for the guest target.
pub(crate) fn build() -> Result<()> {
    cargo_build(&["--workspace", "--target", workspace::GUEST_TARGET])
}

/// The native builds that tests compare with.
pub(crate) fn build_native() -> Result<()> {
    ALSO_NATIVE.iter().try_for_each(|package| native(package).map(drop))
}

/// One package, natively; returns the folder of its programs.
pub(crate) fn native(package: &str) -> Result<PathBuf> {
    cargo_build(&["--package", package])?;
    Ok(workspace::guest()?.join("target/release"))
}

/// One package, for the guest target.
pub(crate) fn wasm(package: &str) -> Result<()> {
    cargo_build(&["--package", package, "--target", workspace::GUEST_TARGET])
}

fn cargo_build(arguments: &[&str]) -> Result<()> {
    let guest = workspace::guest()?;
    let mut cargo = process::cargo();
    cargo.args(["build", "--release", "--target-dir", "target"]).args(arguments);
    process::run(cargo.current_dir(guest))
}
