//! `callgate trace`: what stored traces say.

mod view;

use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;

#[derive(Subcommand)]
pub(crate) enum TraceCommand {
    /// Make a page for the browser of a stored trace: a timeline, the calls, what they touched.
    View(view::ViewOptions),
}

pub(crate) fn trace(command: &TraceCommand) -> Result<ExitCode> {
    match command {
        TraceCommand::View(options) => view::view(options),
    }
}
