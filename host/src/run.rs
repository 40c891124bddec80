//! `callgate run`.

use std::env;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{self, ExitCode};
use std::sync::Arc;

use anyhow::{Context, Result, anyhow, bail};
use callgate_wasi::{Access, Exit, Guest, Hook, MountError, Program, Runtime, RuntimeOptions, Trap};

use crate::arguments::{MountOption, RunOptions};
use crate::backend::{Backend, Out};

/// As a shell reports a program that aborted: 128 + SIGABRT.
const TRAPPED: u8 = 134;

/// As a shell reports a program that wrote into a closed pipe: 128 + SIGPIPE.
const NOBODY_READS: u8 = 141;

pub(crate) fn run(options: &RunOptions) -> Result<ExitCode> {
    let backend = Backend::open(options.backend, &options.memory)?;
    let mut guest = Guest::new(Arc::clone(&backend.system));
    for mount in &options.mounts {
        add_mount(&mut guest, mount)?;
    }
    for (number, tree) in (1..).zip(&options.trees) {
        let quota = tree.quota.unwrap_or(callgate_memory::QUOTA);
        let added = guest.mount_directory(backend.tree(number, quota), &tree.guest, Access::ReadWrite);
        added.map_err(|error| refused_mount(&format!("--tmpfs {}", tree.guest), &error))?;
    }
    if let Some(quota) = options.quota {
        guest.quota(quota);
    }
    for rule in &options.network {
        guest.permit(rule.clone());
    }
    add_environment(&mut guest, options)?;
    guest.arguments(options.arguments()?).quit_when_nobody_reads();
    if let Some(cwd) = &options.cwd {
        guest.working_directory(cwd);
    }
    if let Some(bytes) = options.max_memory {
        guest.max_memory(bytes);
    }
    if let Some(handles) = options.max_handles {
        guest.max_handles(handles);
    }
    if let Some(time) = options.linger {
        guest.linger(time);
    }

    let runtime = Runtime::new(&runtime_options(options))?;
    let program = runtime.load(options.program())?;
    match &options.invoke {
        Some(function) => drop(guest.invoke(function, options.rest()?)),
        None => program.check()?,
    }
    for address in &options.listen {
        add_listener(&mut guest, &program, *address)?;
    }

    // Only now, when nothing can be wrong any more, is a file made.
    let out = backend.out(&options.memory)?;
    let trace = options.trace.as_ref().map(|file| add_trace(&mut guest, file.as_deref())).transpose()?;
    if let Some(timeout) = options.timeout {
        let line = timed_out(options);
        guest.timeout(timeout).when_stuck(move || {
            if let Some(trace) = trace {
                trace.finish();
            }
            eprintln!("{line}");
            process::exit(i32::from(TRAPPED));
        });
    }
    let missing = guest.missing_rule();
    let exit = guest.run(&program)?;
    if let (Some(rule), false) = (missing.get(), exit == Exit::Code(0)) {
        say(&format!("callgate: a use of the network was refused; add --net {rule} to permit it"), "");
    }
    let code = report(options, exit);
    out.map(Out::save).transpose()?;
    Ok(code)
}

/// Code that checks for its time limit is compiled only where there is one; precompiled code is as it is.
fn runtime_options(options: &RunOptions) -> RuntimeOptions {
    let interruptible = options.timeout.is_some() && !Program::is_precompiled(options.program());
    RuntimeOptions { interruptible, cache: cache() }
}

/// The folder for compiled code; none where the user has no cache folder.
pub(crate) fn cache() -> Option<PathBuf> {
    let folder = |name| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = folder("XDG_CACHE_HOME")
        .or_else(|| folder("LOCALAPPDATA"))
        .or_else(|| folder("HOME").map(|home| home.join(".cache")))?;
    Some(base.join("callgate"))
}

fn add_mount(guest: &mut Guest, mount: &MountOption) -> Result<()> {
    let added = guest.mount(&mount.host, &mount.guest, mount.access);
    added.map(drop).map_err(|error| refused_mount(&format!("--dir {}", mount.host.display()), &error))
}

fn refused_mount(option: &str, error: &MountError) -> anyhow::Error {
    let what_to_do = match error {
        MountError::Unopened(_) => "give an existing directory",
        MountError::Taken(_) => "give each guest path once",
        MountError::BadGuestPath(_) => "give a guest path such as /data",
    };
    anyhow!("{option}: {error}; {what_to_do}")
}

/// Says the port, where the system picked it: nobody could know it else.
fn add_listener(guest: &mut Guest, program: &Program, address: SocketAddr) -> Result<()> {
    if !program.is_module() {
        bail!("--listen {address}: a component makes its own sockets; permit it with --net listen={address}");
    }
    let bound = guest.listen(address).with_context(|| format!("--listen {address}"))?;
    if address.port() == 0 {
        say(&format!("callgate: listening at {bound}"), "");
    }
    Ok(())
}

fn add_environment(guest: &mut Guest, options: &RunOptions) -> Result<()> {
    if options.inherit_env {
        // A guest's environment is text; what isn't stays here.
        for (name, value) in env::vars_os() {
            if let (Some(name), Some(value)) = (name.to_str(), value.to_str()) {
                guest.environment(name, value);
            }
        }
    }
    for variable in &options.variables {
        let value = match &variable.value {
            Some(value) => value.clone(),
            None => env::var(&variable.name).with_context(|| format!("--env {}", variable.name))?,
        };
        guest.environment(&variable.name, value);
    }
    Ok(())
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

fn timed_out(options: &RunOptions) -> String {
    let timeout = options.timeout.unwrap_or_default();
    format!("callgate: {} timed out after {timeout:?}", options.program().display())
}

/// Says how the run ended, where that needs words, and with which code to end.
fn report(options: &RunOptions, exit: Exit) -> ExitCode {
    match exit {
        Exit::Code(code) => ExitCode::from(code),
        Exit::Returned(results) => {
            // As for `println`, whose reader may be gone.
            results.iter().for_each(|result| drop(writeln!(io::stdout(), "{result}")));
            ExitCode::SUCCESS
        }
        Exit::NobodyReads => ExitCode::from(NOBODY_READS),
        Exit::Trap(Trap { reason, backtrace }) => {
            say(&format!("callgate: {} trapped: {reason}", options.program().display()), &backtrace);
            ExitCode::from(TRAPPED)
        }
        Exit::TimedOut(Trap { backtrace, .. }) => {
            say(&timed_out(options), &backtrace);
            ExitCode::from(TRAPPED)
        }
    }
}

fn say(line: &str, backtrace: &str) {
    // Standard error may be closed; there is nobody to tell then.
    let heading = if backtrace.is_empty() { "" } else { "\nwasm backtrace:\n" };
    drop(writeln!(io::stderr(), "{line}{heading}{}", backtrace.trim_end()));
}
