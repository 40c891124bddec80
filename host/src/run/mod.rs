//! `callgate run`.

mod report;
mod setup;

use std::env;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{self, ExitCode};
use std::sync::Arc;

use anyhow::{Context, Result};
use callgate_wasi::{Exit, Guest, Hook, Program, Runtime, RuntimeOptions};

use crate::arguments::RunOptions;
use crate::backend::{Backend, Out};
use crate::platform;
use report::{TRAPPED, report, say, timed_out};

pub(crate) fn run(options: &RunOptions) -> Result<ExitCode> {
    let backend = Backend::open(options.backend, &options.memory)?;
    let mut guest = setup::guest(&backend, options)?;
    let runtime = Runtime::new(&runtime_options(options))?;
    let program = runtime.load(options.program())?;
    setup::enter(&mut guest, &program, options)?;

    // Only now, when nothing can be wrong any more, is a file made.
    let out = backend.out(&options.memory)?;
    let trace = options.trace.as_ref().map(|file| add_trace(&mut guest, file.as_deref())).transpose()?;
    if let Some(trace) = trace.clone() {
        platform::when_ended(move || trace.finish()).context("--trace: cannot be told of signals")?;
    }
    limit_time(&mut guest, trace, options);
    let missing = guest.missing_rule();
    let exit = guest.run(&program)?;
    if let (Some(rule), false) = (missing.get(), exit == Exit::Code(0)) {
        say(&format!("callgate: a use of the network was refused; add --net {rule} to permit it"), "");
    }
    let code = report(options, exit);
    out.map(Out::save).transpose()?;
    Ok(code)
}

/// Ends the run when its time is over: in an orderly way, or, where the guest is stuck in a call, at once.
fn limit_time(guest: &mut Guest, trace: Option<Arc<dyn Hook>>, options: &RunOptions) {
    let Some(timeout) = options.timeout else { return };
    let line = timed_out(options);
    guest.timeout(timeout).when_stuck(move || {
        if let Some(trace) = trace {
            trace.finish();
        }
        say(&line, "");
        process::exit(i32::from(TRAPPED));
    });
}

/// Code that checks for its time limit is compiled only where there is one; precompiled code is as it is.
fn runtime_options(options: &RunOptions) -> RuntimeOptions {
    let interruptible = options.timeout.is_some() && !Program::is_precompiled(options.program());
    RuntimeOptions { interruptible, cache: cache() }
}

fn add_trace(guest: &mut Guest, file: Option<&Path>) -> Result<Arc<dyn Hook>> {
    let out: Box<dyn Write + Send> = match file {
        Some(path) => {
            let file = File::create(path).with_context(|| format!("--trace {}", path.display()))?;
            Box::new(BufWriter::new(file))
        }
        None => Box::new(io::stderr()),
    };
    Ok(guest.trace(out))
}

/// The folder for compiled code; none where the user has no cache folder.
pub(crate) fn cache() -> Option<PathBuf> {
    let folder = |name| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = folder("XDG_CACHE_HOME")
        .or_else(|| folder("LOCALAPPDATA"))
        .or_else(|| folder("HOME").map(|home| home.join(".cache")))?;
    Some(base.join("callgate"))
}
