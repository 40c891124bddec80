//! Builds the workspace `guest/`: for the guest target, and, where a test or a measurement compares with it, natively.
//!
//! Always in release, and always into `guest/target`, where tests look, whatever the environment says.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::{process, setup, workspace};

/// Guests whose native build is the yardstick of their behaviour.
const ALSO_NATIVE: &[&str] = &["redb-check"];

/// All guests, for the guest target, and as modules of WASI preview1.
///
/// Those that name an interface of 0.2 are no use as modules; they are not worth a list of the others.
pub(crate) fn build() -> Result<()> {
    cargo_build(&["--workspace", "--target", workspace::GUEST_TARGET])?;
    cargo_build(&["--workspace", "--exclude", "callgate-guest", "--target", workspace::MODULE_TARGET])
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
    cargo_build(&["--package", package])?;
    Ok(workspace::guest()?.join("target/release"))
}

/// One package, for the guest target and as a module of WASI preview1.
pub(crate) fn wasm(package: &str) -> Result<()> {
    cargo_build(&["--package", package, "--target", workspace::GUEST_TARGET])?;
    cargo_build(&["--package", package, "--target", workspace::MODULE_TARGET])
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

fn cargo_build(arguments: &[&str]) -> Result<()> {
    let guest = workspace::guest()?;
    let mut cargo = process::cargo();
    cargo.args(["build", "--release", "--target-dir", "target"]).args(arguments);
    process::run(cargo.current_dir(guest))
}
