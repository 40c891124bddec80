//! `callgate trace summary`

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use callgate_trace::summary::of_trace;
use clap::Args;

use super::{open, unreadable};
use crate::print;

#[derive(Args)]
pub(crate) struct SummaryOptions {
    /// A trace in the format jsonl.
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// Print one line of JSON instead of tables.
    #[arg(long)]
    json: bool,
}

pub(super) fn summary(options: &SummaryOptions) -> Result<ExitCode> {
    let report = of_trace(open(&options.file)?).map_err(|error| unreadable(&options.file, &error))?;
    print(&if options.json { report.json() } else { report.text() });
    Ok(ExitCode::SUCCESS)
}
