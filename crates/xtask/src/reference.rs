//! The reference for preview1: a host over `wasi-common`, which `fuzz --against` and `bench` compare with.

use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::{process, workspace};

/// Builds it unless it is there, and returns its program.
pub(crate) fn build() -> Result<PathBuf> {
    let target = workspace::own("reference")?;
    let mut cargo = process::cargo();
    cargo.args(["build", "--release", "--locked", "--target-dir"]).arg(&target);
    process::run(cargo.current_dir(workspace::reference()?))
        .context("cannot build the reference, a small host over wasi-common")?;
    Ok(target.join("release").join(workspace::executable("reference")))
}
