//! Builds the workspaces below `guest/`: for the guest target, and, where a test or a measurement compares with it, natively.
//!
//! Always in release, and always into `guest/target`, where tests look, whatever the environment says. A guest that needs
//! another configuration of the compiler than the others is a workspace of its own, with a `.cargo/config.toml`.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::{process, workspace};

/// Guests whose native build is the yardstick of their behaviour.
const ALSO_NATIVE: &[&str] = &["http-check", "redb-check"];

/// The workspace of most guests, and those of the others.
pub(crate) fn folders() -> Result<[PathBuf; 2]> {
    let guest = workspace::guest()?;
    let tokio = guest.join("tokio-check");
    Ok([guest, tokio])
}

/// All guests, for the guest target.
pub(crate) fn build() -> Result<()> {
    folders()?.iter().try_for_each(|folder| cargo_build(folder, &["--workspace", "--target", workspace::GUEST_TARGET]))
}

/// The native builds that tests compare with.
pub(crate) fn build_native() -> Result<()> {
    ALSO_NATIVE.iter().try_for_each(|package| native(package).map(drop))
}

/// One package, natively; returns the folder of its programs.
pub(crate) fn native(package: &str) -> Result<PathBuf> {
    let guest = workspace::guest()?;
    cargo_build(&guest, &["--package", package])?;
    Ok(guest.join("target/release"))
}

/// One package, for the guest target.
pub(crate) fn wasm(package: &str) -> Result<()> {
    cargo_build(&workspace::guest()?, &["--package", package, "--target", workspace::GUEST_TARGET])
}

fn cargo_build(folder: &Path, arguments: &[&str]) -> Result<()> {
    let mut cargo = cargo(folder);
    cargo.args(["build", "--release", "--target-dir"]).arg(workspace::guest()?.join("target")).args(arguments);
    process::run(&mut cargo)
}

/// cargo in a workspace of guests, with the flags that its configuration says: those of the environment would replace them.
pub(crate) fn cargo(folder: &Path) -> Command {
    let mut cargo = process::cargo();
    cargo.current_dir(folder).env_remove("RUSTFLAGS").env_remove("CARGO_ENCODED_RUSTFLAGS");
    cargo
}
