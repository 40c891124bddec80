//! The trace of a run: where it goes, in which format, and what it lacks in the end.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use callgate_system::System;
use callgate_trace::format::{self, Format};
use callgate_trace::{Filter, Flush, Recorder, Recording};
use callgate_wasi::Sandbox;

use super::report::UNRECORDED;
use crate::arguments::{RunOptions, TraceFormat, TraceOptions};
use crate::last_words;

/// Refuses to trace to where nobody could read it.
pub(super) fn refuse_bad_place(options: &RunOptions) -> Result<()> {
    if matches!(options.trace.file, Some(None)) && options.trace.format == TraceFormat::Perfetto {
        bail!("--trace: the format perfetto is not for people to read; name a file, --trace=FILE");
    }
    Ok(())
}

/// Begins the trace that was asked for.
pub(super) fn begin(
    sandbox: &Sandbox,
    system: &Arc<dyn System>,
    options: &RunOptions,
) -> Result<Option<Arc<Recorder>>> {
    let Some(file) = &options.trace.file else { return Ok(None) };
    let program = options.program().display().to_string();
    let mut recording = Recording::of(sandbox.id(), program, options.arguments()?).filter(filter(&options.trace));
    if options.trace.lossy {
        recording = recording.lossy();
    }
    let (out, flush) = sink(file.as_ref())?;
    Ok(Some(Arc::new(recording.flush(flush).start(system, format(&options.trace), out))))
}

/// Says what a lossy trace lacks; the code to end with, where `code` is that of a whole one.
pub(super) fn report_loss(trace: &Recorder, code: u8) -> u8 {
    let Some(loss) = trace.loss() else { return code };
    let what = match (loss.calls, loss.is_cut) {
        (0, _) => "its end".to_owned(),
        (1, _) => "1 call".to_owned(),
        (calls, false) => format!("{calls} calls"),
        (calls, true) => format!("up to {calls} calls and its end"),
    };
    last_words::say(&format!("callgate: --trace: {}; the trace lacks {what}", loss.why));
    UNRECORDED
}

/// The format of this name. A new one has its place here and in [`TraceFormat`].
fn format(options: &TraceOptions) -> Box<dyn Format> {
    let strings = options.strings as usize;
    match options.format {
        TraceFormat::Text => Box::new(format::Text::new(strings)),
        TraceFormat::Jsonl => Box::new(format::Jsonl::new(strings)),
        TraceFormat::Perfetto => Box::new(format::Perfetto::new(strings)),
        TraceFormat::Folded => Box::new(format::Folded::default()),
    }
}

fn filter(options: &TraceOptions) -> Filter {
    options.filters.iter().cloned().fold(Filter::default(), Filter::and)
}

/// Lines on standard error stand between those of others, so each goes out by itself.
fn sink(file: Option<&PathBuf>) -> Result<(Box<dyn Write + Send>, Flush)> {
    let create = |path: &Path| File::create(path).with_context(|| format!("--trace {}", path.display()));
    Ok(match file {
        Some(path) => (Box::new(create(path)?), Flush::Buffered),
        None => (Box::new(io::stderr()), Flush::EachEvent),
    })
}
