//! `--trace-summary`

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, OnceLock};

use anyhow::{Context, Result, bail};
use callgate_system::System;
use callgate_trace::summary::{Live, Process, Report};
use callgate_wasi::Observer;

use crate::arguments::{RunOptions, SummaryFormat};
use crate::{last_words, platform};

/// The reason for which the summary could not be written, if so.
pub(super) type Lost = Arc<OnceLock<String>>;

/// Begins the summary that was asked for. It is written when the run is over.
pub(super) fn begin(options: &RunOptions, system: &Arc<dyn System>, lost: &Lost) -> Result<Option<Arc<dyn Observer>>> {
    let Some(file) = &options.summary.file else { return Ok(None) };
    let mut out = open(options, file.as_deref())?;
    let (format, lost, before) = (options.summary.format, Arc::clone(lost), platform::usage());
    let finish = move |mut report: Report| {
        // Once somebody ends the process, what the guest came to is the consequence.
        if let Some(end) = last_words::ending() {
            report.end = Some(end.to_owned());
        }
        report.process = platform::usage().zip(before).map(|(now, before)| since(now, before));
        let text = match format {
            SummaryFormat::Text => report.text(),
            SummaryFormat::Json => report.json(),
        };
        let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
        written.inspect_err(|error| drop(lost.set(error.to_string())))
    };
    Ok(Some(Arc::new(Live::new(system, options.program().display().to_string(), finish))))
}

/// The file is made before the run, so that nothing is lost for want of it.
fn open(options: &RunOptions, file: Option<&Path>) -> Result<Box<dyn Write + Send>> {
    let Some(path) = file else { return Ok(Box::new(io::stderr())) };
    let is_of_trace = |trace: &Path| {
        let place = |path: &Path| fs::canonicalize(path).ok().filter(|path| path.is_file());
        place(trace).is_some_and(|trace| place(path) == Some(trace))
    };
    if options.trace.file.iter().flatten().any(|trace| is_of_trace(trace)) {
        bail!("--trace-summary {}: that is the file of --trace; give each its own", path.display());
    }
    let file = File::create(path).with_context(|| format!("--trace-summary {}", path.display()))?;
    Ok(Box::new(file))
}

/// What was counted from `before` on.
fn since(now: Process, before: Process) -> Process {
    let both = |now: Option<u64>, before: Option<u64>| Some(now?.saturating_sub(before?));
    Process {
        user: now.user.saturating_sub(before.user),
        system: now.system.saturating_sub(before.system),
        switches_voluntary: both(now.switches_voluntary, before.switches_voluntary),
        switches_involuntary: both(now.switches_involuntary, before.switches_involuntary),
        page_faults: now.page_faults.saturating_sub(before.page_faults),
        page_faults_from_disk: both(now.page_faults_from_disk, before.page_faults_from_disk),
    }
}
