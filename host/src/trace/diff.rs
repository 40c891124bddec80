//! `callgate trace diff`

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use callgate_trace::diff::{self, DiffError};
use clap::Args;

use super::{open, unreadable};
use crate::print;

/// As `diff` ends where the files differ.
const DIFFERENT: u8 = 1;

#[derive(Args)]
pub(crate) struct DiffOptions {
    /// The trace of the first run, in the format jsonl.
    #[arg(value_name = "A")]
    first: PathBuf,

    /// The trace of the second run.
    #[arg(value_name = "B")]
    second: PathBuf,
}

pub(super) fn diff(options: &DiffOptions) -> Result<ExitCode> {
    let DiffOptions { first, second } = options;
    let diff = diff::diff(open(first)?, open(second)?).map_err(|error| match error {
        DiffError::First(error) => unreadable(first, &error),
        DiffError::Second(error) => unreadable(second, &error),
    })?;
    print(&diff.text((&first.to_string_lossy(), &second.to_string_lossy())));
    Ok(if diff.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(DIFFERENT) })
}
