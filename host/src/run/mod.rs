//! `callgate run`.

mod audit;
mod broker;
mod learn;
mod limits;
mod look;
mod observers;
mod policy;
mod report;
mod setup;
mod summary;
mod trace;
mod watchdog;

use std::mem::ManuallyDrop;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use callgate_policy::Guard;
use callgate_system::lookup::Resolver;
use callgate_wasi::{Binding, Exit, ProgramFile, RuntimeOptions, Sandbox};

use crate::arguments::RunOptions;
use crate::backend::{Backend, Out};
use crate::loading::Threads;
use crate::lockdown::{self, Plan};
use crate::{cache, last_words, loading, platform, say};
use observers::Observers;
use report::{UNRECORDED, report, timed_out};
use watchdog::Watch;

const NO_WATCH: &str = "--timeout: no thread can be had to watch the time";

pub(crate) fn run(options: &RunOptions) -> Result<ExitCode> {
    let asked = look::listen(options)?;
    let backend = Backend::open(options.backend, &options.memory, resolver(options)?)?;
    let mut sandbox = setup::sandbox(&backend, options)?;
    let file = ProgramFile::open(options.program())?;
    let guard =
        options.policy.as_ref().map(|policy| policy::guard(policy, &backend.system, options, &file)).transpose()?;
    let limits = limits::Kept::new(&mut sandbox, &backend.system, options, guard.as_deref());
    let runtime = runtime_options(options, &sandbox, &limits, &file)?;
    let threads = if options.lockdown.is_some() { Threads::End } else { Threads::Stay };
    let program =
        loading::load_file(&runtime, &file, &options.loading.limits, options.loading.allow_precompiled, threads)?;
    // The end of the process frees it faster.
    let program = ManuallyDrop::new(program);
    let watch = limit_time(&mut sandbox, options)?;
    setup::enter(&mut sandbox, &program, options)?;

    trace::refuse_bad_place(options)?;
    learn::refuse_with_policy(options)?;
    audit::refuse_key_within_reach(&sandbox, options)?;
    observers::refuse_within_reach(&sandbox, options)?;
    if let Some(guard) = &guard {
        policy::begin(guard, &mut sandbox, options)?;
    }
    limits.begin(&mut sandbox);
    broker::begin(&mut sandbox, options)?;

    // Only now, when nothing can be wrong any more, is a file made.
    let out = backend.out(&options.memory)?;
    let mut observers =
        match Observers::begin(&mut sandbox, &backend.system, options, (guard.as_ref(), &limits), &asked) {
            Err(error) if error.is::<audit::Unwritten>() => {
                last_words::say(&format!("callgate: {}", error.root_cause()));
                return Ok(ExitCode::from(UNRECORDED));
            }
            begun => begun?,
        };
    lock_down(&backend, options, guard.as_deref(), watch)?;
    // Threads begin only behind the wall.
    observers.heed_signals()?;
    guard.iter().try_for_each(policy::watch)?;
    let missing = sandbox.missing_rule();
    let exit = sandbox.run(&program)?;
    if let (Some(missing), false) = (missing.get(), exit == Exit::Code(0)) {
        say(&format!("callgate: a use of the network was refused; {missing} to permit it"));
    }
    if let Some(line) = guard.and_then(|guard| guard.summary()) {
        say(&format!("callgate: {line}"));
    }
    let code = report(options, &exit, &observers.lost());
    let code = observers.report_loss(code);
    out.map(Out::save).transpose()?;
    Ok(ExitCode::from(code))
}

/// From now on the time counts: for the guest, and for the process, in case the guest is stuck in a call.
fn limit_time(sandbox: &mut Sandbox, options: &RunOptions) -> Result<Option<Watch>> {
    let Some(timeout) = options.timeout else { return Ok(None) };
    sandbox.timeout(timeout);
    watchdog::watch(timeout, timed_out(options)).map(Some).context(NO_WATCH)
}

/// Whoever looks up names for a run that may not do so itself.
fn resolver(options: &RunOptions) -> Result<Option<Resolver>> {
    if options.lockdown.is_some() && Plan::needs_lookups(options) { lockdown::resolver() } else { Ok(None) }
}

/// Builds the second wall, if it was asked for. What may not be done behind it is done.
fn lock_down(backend: &Backend, options: &RunOptions, guard: Option<&Guard>, watch: Option<Watch>) -> Result<()> {
    if let Some(wanted) = options.lockdown {
        // A terminal is opened once more, for a mode of its own.
        drop(backend.system.stdio());
        let plan = Plan::new(options, guard);
        let begin = || lockdown::begin(wanted, &plan);
        match watch {
            Some(watch) => watch.pause(begin).context(NO_WATCH)??,
            None => begin()?,
        }
    }
    lockdown::try_to_get_out();
    Ok(())
}

/// Code that looks at the time, and answers when it is asked for its stack, is compiled only where that is wanted.
fn runtime_options(
    options: &RunOptions,
    sandbox: &Sandbox,
    limits: &limits::Kept,
    file: &ProgramFile,
) -> Result<RuntimeOptions> {
    if limits.metered() && file.is_machine_code() && options.loading.allow_precompiled {
        bail!(
            "{}: compiled ahead of time, so it can't count fuel; give the program that it was made of",
            file.path().display()
        );
    }
    // A guest of somebody who overrides modes must not even come near the files that are sealed by a mode.
    let is_safe = |folder: &PathBuf| !setup::may_write(sandbox, options, folder) || !platform::overrides_modes();
    let cache = cache::folder().filter(|folder| !options.loading.no_cache && is_safe(folder));
    // Only the engine's way has functions to be called by name.
    let binding = if options.invoke.is_some() { Binding::Engine } else { loading::binding()? };
    let interruptible = options.timeout.is_some() || options.progress;
    Ok(RuntimeOptions { interruptible, metered: limits.metered(), cache, binding })
}
