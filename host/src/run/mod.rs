//! `callgate run`.

mod report;
mod setup;
mod summary;
mod watchdog;

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::mem::ManuallyDrop;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use callgate_wasi::{Binding, Exit, Observer, RuntimeOptions, Sandbox};

use crate::arguments::RunOptions;
use crate::backend::{Backend, Out};
use crate::{cache, last_words, loading, platform, say};
use report::{report, timed_out};

pub(crate) fn run(options: &RunOptions) -> Result<ExitCode> {
    let backend = Backend::open(options.backend, &options.memory)?;
    let mut sandbox = setup::sandbox(&backend, options)?;
    let runtime = runtime_options(options, &sandbox)?;
    let program =
        loading::load(&runtime, options.program(), &options.loading.limits, options.loading.allow_precompiled)?;
    // The end of the process frees it faster.
    let program = ManuallyDrop::new(program);
    limit_time(&mut sandbox, options)?;
    setup::enter(&mut sandbox, &program, options)?;

    for (option, file) in outputs(options) {
        refuse_within_reach(&sandbox, options, option, file)?;
    }

    // Only now, when nothing can be wrong any more, is a file made.
    let out = backend.out(&options.memory)?;
    let lost = watch_calls(&mut sandbox, &backend, options)?;
    let missing = sandbox.missing_rule();
    let exit = sandbox.run(&program)?;
    if let (Some(missing), false) = (missing.get(), exit == Exit::Code(0)) {
        say(&format!("callgate: a use of the network was refused; {missing} to permit it"));
    }
    let code = report(options, &exit, lost.get());
    out.map(Out::save).transpose()?;
    Ok(ExitCode::from(code))
}

/// From now on the time counts: for the guest, and for the process, in case the guest is stuck in a call.
fn limit_time(sandbox: &mut Sandbox, options: &RunOptions) -> Result<()> {
    let Some(timeout) = options.timeout else { return Ok(()) };
    sandbox.timeout(timeout);
    watchdog::watch(timeout, timed_out(options)).context("--timeout: no thread can be had to watch the time")
}

/// Code that checks for its time limit is compiled only where there is one.
fn runtime_options(options: &RunOptions, sandbox: &Sandbox) -> Result<RuntimeOptions> {
    // A guest of somebody who overrides modes must not even come near the files that are sealed by a mode.
    let is_safe = |folder: &PathBuf| !setup::may_write(sandbox, options, folder) || !platform::overrides_modes();
    let cache = cache::folder().filter(|folder| !options.loading.no_cache && is_safe(folder));
    // Only the engine's way has functions to be called by name.
    let binding = if options.invoke.is_some() { Binding::Engine } else { loading::binding()? };
    Ok(RuntimeOptions { interruptible: options.timeout.is_some(), cache, binding })
}

/// What the run is to leave behind: the option that asks for it, and the file, or none for standard error.
fn outputs(options: &RunOptions) -> impl Iterator<Item = (&'static str, Option<&Path>)> {
    let all = [("--trace", &options.trace), ("--trace-summary", &options.summary.file)];
    all.into_iter().filter_map(|(option, file)| Some((option, file.as_ref()?.as_deref())))
}

/// Adds what observes the calls of the guest, and sees to it that this comes out however the run ends. The cell gets the reason if the
/// summary could not be written.
fn watch_calls(sandbox: &mut Sandbox, backend: &Backend, options: &RunOptions) -> Result<summary::Lost> {
    let (mut observers, lost) = (Vec::new(), summary::Lost::default());
    if let Some(file) = &options.trace {
        observers.push(add_trace(sandbox, file.as_deref())?);
    }
    if let Some(file) = &options.summary.file {
        let summary = summary::start(options, file.as_deref(), &backend.system, &lost)?;
        sandbox.observer(Arc::clone(&summary));
        observers.push(summary);
    }
    if let Some((option, _)) = outputs(options).next() {
        last_words::keep(observers);
        platform::when_ended(last_words::before_signal)
            .with_context(|| format!("{option}: cannot be told of signals"))?;
    }
    Ok(lost)
}

/// A trace that the guest could write to tells what the guest likes. Devices and pipes are no file of a mount.
fn refuse_within_reach(sandbox: &Sandbox, options: &RunOptions, option: &str, file: Option<&Path>) -> Result<()> {
    let Some(path) = file.map(Path::to_owned).or_else(platform::standard_error) else { return Ok(()) };
    let is_file = path.metadata().map_or(true, |found| found.is_file());
    if is_file && setup::may_write(sandbox, options, &path) {
        let shown = file.map_or_else(|| "of standard error".to_owned(), |file| file.display().to_string());
        bail!("{option} {shown}: the program could change it there; write it to where no --dir leads");
    }
    Ok(())
}

fn add_trace(sandbox: &mut Sandbox, file: Option<&Path>) -> Result<Arc<dyn Observer>> {
    let out: Box<dyn Write + Send> = match file {
        Some(path) => {
            let file = File::create(path).with_context(|| format!("--trace {}", path.display()))?;
            Box::new(BufWriter::new(file))
        }
        None => Box::new(io::stderr()),
    };
    Ok(sandbox.trace(out))
}
