//! Builds the workspaces below `guest/`: for the guest target, and, where a test or a measurement compares with it, natively.
//!
//! Always in release, and always into `guest/target`, where tests look, whatever the environment says. A guest that needs
//! another configuration of the compiler than the others is a workspace of its own, with a `.cargo/config.toml`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::{process, setup, workspace};

/// Guests whose native build is the yardstick of their behaviour.
const ALSO_NATIVE: &[&str] = &["http-check", "redb-check"];

/// The workspace of most guests, and those of the others.
pub(crate) fn folders() -> Result<[PathBuf; 2]> {
    let guest = workspace::guest()?;
    let tokio = guest.join("tokio-check");
    Ok([guest, tokio])
}

/// All guests, for the guest target, and as modules of WASI preview1.
///
/// Those that name an interface of 0.2 are no use as modules; they are not worth a list of the others.
pub(crate) fn build() -> Result<()> {
    folders()?
        .iter()
        .try_for_each(|folder| cargo_build(folder, &["--workspace", "--target", workspace::GUEST_TARGET]))?;
    let modules =
        ["--workspace", "--exclude", "callgate-guest", "--exclude", "http-check", "--target", workspace::MODULE_TARGET];
    cargo_build(&workspace::guest()?, &modules)
}

/// The native builds that tests compare with.
pub(crate) fn build_native() -> Result<()> {
    ALSO_NATIVE.iter().try_for_each(|package| native(package).map(drop))
}

/// The C programs, one file each, as modules of WASI preview1.
pub(crate) fn build_c() -> Result<()> {
    let (sources, modules) = (workspace::guest()?.join("c"), workspace::guest()?.join("target/c"));
    fs::create_dir_all(&modules).with_context(|| format!("cannot create {}", modules.display()))?;
    let compiler = setup::CProgram::compiler()?;
    for entry in fs::read_dir(&sources).with_context(|| format!("cannot list {}", sources.display()))? {
        let source = entry?.path();
        let name = source.file_name().unwrap_or_default();
        compiler.compile(&source, &modules.join(name).with_extension("wasm"))?;
    }
    Ok(())
}

/// One package, natively; returns the folder of its programs.
pub(crate) fn native(package: &str) -> Result<PathBuf> {
    let guest = workspace::guest()?;
    cargo_build(&guest, &["--package", package])?;
    Ok(guest.join("target/release"))
}

/// One package, for Windows; returns the folder of its programs.
pub(crate) fn windows(package: &str) -> Result<PathBuf> {
    let guest = workspace::guest()?;
    cargo_build(&guest, &["--package", package, "--target", workspace::WINDOWS_TARGET])?;
    Ok(guest.join("target").join(workspace::WINDOWS_TARGET).join("release"))
}

/// One package, for the guest target and as a module of WASI preview1.
pub(crate) fn wasm(package: &str) -> Result<()> {
    let guest = workspace::guest()?;
    cargo_build(&guest, &["--package", package, "--target", workspace::GUEST_TARGET])?;
    cargo_build(&guest, &["--package", package, "--target", workspace::MODULE_TARGET])
}

/// The package that keeps its records in SQLite, in each of the three ways. It is a workspace of its own, since it takes a C
/// compiler.
pub(crate) fn build_sqlite() -> Result<()> {
    let folder = workspace::guest()?.join("sqlite-check");
    for target in [Some(workspace::GUEST_TARGET), Some(workspace::MODULE_TARGET), None] {
        let mut cargo = process::cargo();
        cargo.args(["build", "--release", "--locked", "--target-dir", "../target"]);
        if let Some(target) = target {
            cargo.args(["--target", target]);
            setup::c_compiler(&mut cargo).context("cannot build sqlite-check")?;
        }
        process::run(cargo.current_dir(&folder))?;
    }
    Ok(())
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
