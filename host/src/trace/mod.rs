//! `callgate trace`: what people do with a stored trace. Each command has a file here, with its options and its work, and a line in the
//! enumeration below.

mod diff;
mod summary;
mod view;

use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, anyhow};
use callgate_trace::stored::{ReadError, Reader};
use clap::Subcommand;

/// Bytes that are read at a time.
const BUFFER: usize = 256 << 10;

#[derive(Subcommand)]
pub(crate) enum TraceCommand {
    /// Sum up a trace: what each call cost, which failed, where the time went.
    Summary(summary::SummaryOptions),
    /// Show what a second run did differently. The exit code is 0 where both did the same, 1 where not.
    Diff(diff::DiffOptions),
    /// Make a page for the browser: a timeline, the calls, what they touched, what failed.
    View(view::ViewOptions),
}

pub(crate) fn trace(command: &TraceCommand) -> Result<ExitCode> {
    match command {
        TraceCommand::Summary(options) => summary::summary(options),
        TraceCommand::Diff(options) => diff::diff(options),
        TraceCommand::View(options) => view::view(options),
    }
}

/// The trace in `file`, read as far as its header.
fn open(file: &Path) -> Result<Reader<BufReader<File>>> {
    let opened = File::open(file).with_context(|| format!("{} can't be read", file.display()))?;
    Reader::new(BufReader::with_capacity(BUFFER, opened)).map_err(|error| unreadable(file, &error))
}

fn unreadable(file: &Path, error: &ReadError) -> anyhow::Error {
    anyhow!("{} {error}", file.display())
}
