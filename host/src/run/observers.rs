//! The observers of a run: its trace and its summary. What they hold back comes out however the process ends.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use callgate_system::System;
use callgate_trace::Recorder;
use callgate_wasi::{Observer, Sandbox};

use super::{setup, summary, trace};
use crate::arguments::RunOptions;
use crate::{last_words, platform};

/// What observes a run, to be asked for what it lacks.
pub(super) struct Observers {
    trace: Option<Arc<Recorder>>,
    lost_summary: summary::Lost,
    /// With the option that they are heeded for.
    signals: Option<(&'static str, platform::Ending)>,
}

fn unheard(option: &str) -> String {
    format!("{option}: cannot be told of signals")
}

impl Observers {
    /// Adds the observers that the options ask for.
    pub(super) fn begin(sandbox: &mut Sandbox, system: &Arc<dyn System>, options: &RunOptions) -> Result<Self> {
        let (trace, lost_summary) = (trace::begin(sandbox, system, options)?, summary::Lost::default());
        let summary = summary::begin(options, system, &lost_summary)?;
        let all = [trace.clone().map(|trace| trace as Arc<dyn Observer>), summary];
        let all: Vec<_> = all.into_iter().flatten().collect();
        for observer in &all {
            sandbox.observer(Arc::clone(observer));
        }
        let signals = match files(options).next() {
            None => None,
            Some((option, _)) => {
                last_words::keep(all);
                Some((option, platform::Ending::new().with_context(|| unheard(option))?))
            }
        };
        Ok(Self { trace, lost_summary, signals })
    }

    /// From now on a signal brings out what they hold back.
    ///
    /// # Errors
    /// If no thread can be had for that.
    pub(super) fn heed_signals(&mut self) -> Result<()> {
        let Some((option, signals)) = self.signals.take() else { return Ok(()) };
        signals.watch(last_words::before_signal).with_context(|| unheard(option))
    }

    /// Why there is no summary, if it was asked for.
    pub(super) fn lost_summary(&self) -> Option<&String> {
        self.lost_summary.get()
    }

    /// Says what a lossy trace lacks; the code to end with, where `code` is that of a whole one.
    pub(super) fn report_loss(&self, code: u8) -> u8 {
        self.trace.as_ref().map_or(code, |trace| trace::report_loss(trace, code))
    }
}

/// Whoever observes: the option that asks for it, and its file, or none for standard error.
fn files(options: &RunOptions) -> impl Iterator<Item = (&'static str, Option<&Path>)> {
    let all = [("--trace", &options.trace.file), ("--trace-summary", &options.summary.file)];
    all.into_iter().filter_map(|(option, file)| Some((option, file.as_ref()?.as_deref())))
}

/// A trace that the guest could write to tells what the guest likes. Devices and pipes are no file of a mount.
pub(super) fn refuse_within_reach(sandbox: &Sandbox, options: &RunOptions) -> Result<()> {
    for (option, file) in files(options) {
        let Some(path) = file.map(Path::to_owned).or_else(platform::standard_error) else { continue };
        let is_file = path.metadata().map_or(true, |found| found.is_file());
        if is_file && setup::may_write(sandbox, options, &path) {
            let shown = file.map_or_else(|| "of standard error".to_owned(), |file| file.display().to_string());
            bail!("{option} {shown}: the program could change it there; write it to where no --dir leads");
        }
    }
    Ok(())
}
