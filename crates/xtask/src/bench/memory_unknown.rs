//! The most memory that a program held, where the system keeps no such count: not measured.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, bail};

/// Not known here.
pub(crate) fn peak(_command: &Command) -> Result<Option<f64>> {
    Ok(None)
}

/// Not known here.
pub(crate) fn child(_command: &[PathBuf]) -> Result<()> {
    bail!("peak memory is not measured on this system");
}
