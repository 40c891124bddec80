//! The programs that are compared, and what starts them: on this system itself, or built for Windows and under Wine.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::rows::{Kind, Row};
use crate::programs::{Build, RIPGREP};
use crate::setup::{self, Wine};
use crate::{guests, process, reference, workspace};

/// The programs of the benchmark, ready to be started.
pub(crate) struct Programs {
    /// The bench program, natively.
    pub(crate) bench: PathBuf,
    /// The program that only greets, natively.
    pub(crate) hello: PathBuf,
    pub(crate) callgate: PathBuf,
    /// The program that takes the options of `wasmtime run`; none where there is no wasmtime.
    pub(crate) wasmtime: Option<PathBuf>,
    /// The host over `wasi-common`; none where no row is for it, or it can't be built.
    pub(crate) reference: Option<PathBuf>,
    /// None where no row takes it.
    pub(crate) ripgrep: Option<Ripgrep>,
    wine: Option<Wine>,
}

/// ripgrep as published, natively and as a guest.
pub(crate) struct Ripgrep {
    pub(crate) native: PathBuf,
    pub(crate) guest: PathBuf,
}

impl Programs {
    /// Of this system, what the rows take; wasmtime is the one on the PATH.
    pub(crate) fn here(rows: &[Row]) -> Result<Self> {
        build_callgate(&[])?;
        let native = guests::native("bench")?;
        Ok(Self {
            bench: native.join(workspace::executable("bench")),
            hello: native.join(workspace::executable("bench-hello")),
            callgate: workspace::callgate("release")?,
            wasmtime: process::find("wasmtime"),
            reference: rows.iter().any(|row| row.kind == Kind::InsideModule).then(build_reference).flatten(),
            ripgrep: rows.iter().any(|row| row.kind.is_ripgrep()).then(build_ripgrep).transpose()?,
            wine: None,
        })
    }

    /// For Windows; wasmtime is a small host over its library, since nobody has its command line under Wine.
    pub(crate) fn windows() -> Result<Self> {
        setup::windows_target()?;
        let wine = Wine::ready()?;
        build_callgate(&["--target", workspace::WINDOWS_TARGET])?;
        let native = guests::windows("bench")?;
        let rival = build_rival()?;
        // Else the first program would start it, and what that costs would be measured.
        wine.start();
        Ok(Self {
            bench: native.join("bench.exe"),
            hello: native.join("bench-hello.exe"),
            callgate: workspace::windows_callgate("release")?,
            wasmtime: Some(rival),
            reference: None,
            ripgrep: None,
            wine: Some(wine),
        })
    }

    /// A command that starts one of them.
    pub(crate) fn command(&self, program: &Path) -> Command {
        match &self.wine {
            None => Command::new(program),
            Some(wine) => {
                let mut command = Command::new(wine.program());
                wine.prepare(command.arg(program));
                command
            }
        }
    }
}

fn build_callgate(options: &[&str]) -> Result<()> {
    let mut cargo = process::cargo();
    cargo.args(["build", "--release", "--package", "callgate"]).args(options);
    process::run(cargo.current_dir(workspace::root()?))
}

fn build_ripgrep() -> Result<Ripgrep> {
    Ok(Ripgrep { native: RIPGREP.build(Build::Native)?, guest: RIPGREP.build(Build::Wasm)? })
}

/// If it can't be built, its column is empty and all else is measured.
fn build_reference() -> Option<PathBuf> {
    reference::build().inspect_err(|error| println!("wasi-common is left out: {error:#}")).ok()
}

fn build_rival() -> Result<PathBuf> {
    let (folder, target) = (workspace::rival()?, workspace::own("rival")?);
    let mut cargo = process::cargo();
    cargo.args(["build", "--release", "--locked", "--target", workspace::WINDOWS_TARGET, "--target-dir"]).arg(&target);
    process::run(cargo.current_dir(folder)).context("cannot build the small host over wasmtime's library")?;
    Ok(target.join(workspace::WINDOWS_TARGET).join("release/rival.exe"))
}
