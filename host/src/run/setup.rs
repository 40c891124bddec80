//! The setup of a guest, from the options: mounts, grants, environment, limits.

use std::env;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, anyhow, bail};
use callgate_system::Untrusted;
use callgate_wasi::{Access, MountError, Program, Sandbox};

use crate::arguments::{BackendName, MountOption, RunOptions};
use crate::backend::Backend;
use crate::{last_words, say};

/// A guest with all that needs no program to be known.
pub(super) fn sandbox(backend: &Backend, options: &RunOptions) -> Result<Sandbox> {
    let mut sandbox = Sandbox::new(Arc::clone(&backend.system));
    for mount in &options.grants.mounts {
        add_mount(&mut sandbox, mount)?;
    }
    for (number, tree) in (1..).zip(&options.grants.trees) {
        let quota = tree.quota.unwrap_or(callgate_memory::QUOTA);
        let added = sandbox.mount_directory(backend.tree(number, quota), &tree.guest, Access::ReadWrite);
        added.map_err(|error| refused_mount(&format!("--tmpfs {}", tree.guest), &error))?;
    }
    for option in &options.grants.network {
        sandbox.permit(option.rule.clone());
    }
    add_environment(&mut sandbox, options)?;
    sandbox.arguments(options.arguments()?).quit_when_nobody_reads();
    if let Some(cwd) = &options.cwd {
        sandbox.working_directory(cwd);
    }
    limit(&mut sandbox, options);
    warn_of_home(&sandbox, options);
    Ok(sandbox)
}

/// Says it where the guest may change what the user's shell does: no sandbox could undo that.
fn warn_of_home(sandbox: &Sandbox, options: &RunOptions) {
    let home = env::home_dir().filter(|home| home.is_absolute() && home.is_dir());
    if let Some(home) = home.filter(|home| may_write(sandbox, options, home)) {
        // No time limit holds yet, so this waits for nobody.
        last_words::say(&format!(
            "callgate: the program may change files in {} that run when you log in, such as .bashrc; mount a folder below it, or add ::ro",
            Untrusted::new(home.display())
        ));
    }
}

/// True if the guest may write to this file or folder of this machine, or make it.
pub(super) fn may_write(sandbox: &Sandbox, options: &RunOptions, path: &Path) -> bool {
    // The paths of the system in memory are none of this machine's.
    options.backend != BackendName::Memory && sandbox.may_write(path)
}

/// The entry point of the program, and the sockets that it is handed.
pub(super) fn enter(sandbox: &mut Sandbox, program: &Program, options: &RunOptions) -> Result<()> {
    match &options.invoke {
        Some(function) => sandbox.invoke(function, options.rest()?).check(program)?,
        None => sandbox.check(program)?,
    }
    options.grants.listen.iter().try_for_each(|address| add_listener(sandbox, program, *address))
}

fn limit(sandbox: &mut Sandbox, options: &RunOptions) {
    if let Some(quota) = options.quota {
        sandbox.quota(quota);
    }
    if let Some(bytes) = options.max_memory {
        sandbox.max_memory(bytes);
    }
    if let Some(bytes) = options.max_host_memory {
        sandbox.max_host_memory(bytes);
    }
    if let Some(handles) = options.max_handles {
        sandbox.max_handles(handles);
    }
    if let Some(time) = options.linger {
        sandbox.linger(time);
    }
}

fn add_mount(sandbox: &mut Sandbox, mount: &MountOption) -> Result<()> {
    let added = sandbox.mount(&mount.host, &mount.guest, mount.access);
    added.map(drop).map_err(|error| refused_mount(&format!("--dir {}", mount.host.display()), &error))
}

fn refused_mount(option: &str, error: &MountError) -> anyhow::Error {
    let what_to_do = match error {
        MountError::Unopened(_) => "give an existing directory",
        MountError::Taken(_) => "give each guest path once",
        MountError::BadGuestPath(_) => "give a guest path such as /data",
        MountError::Contradiction { .. } => {
            "make the other read-only too, or give directories that don't lie in each other"
        }
        MountError::Unclear { .. } => "make both read-only, or both writable",
        MountError::Unlimited { .. } => "give the other a quota too, or directories that don't lie in each other",
    };
    anyhow!("{option}: {error}; {what_to_do}")
}

fn add_environment(sandbox: &mut Sandbox, options: &RunOptions) -> Result<()> {
    if options.grants.inherit_env {
        // A guest's environment is text; variables that aren't stay here.
        for (name, value) in env::vars_os() {
            if let (Some(name), Some(value)) = (name.to_str(), value.to_str()) {
                sandbox.environment(name, value);
            }
        }
    }
    for variable in &options.grants.variables {
        let value = match &variable.value {
            Some(value) => value.clone(),
            None => env::var(&variable.name).with_context(|| format!("--env {}", variable.name))?,
        };
        sandbox.environment(&variable.name, value);
    }
    Ok(())
}

/// Says the port, where the system picked it: nobody could know it else.
fn add_listener(sandbox: &mut Sandbox, program: &Program, address: SocketAddr) -> Result<()> {
    if !program.is_module() {
        bail!("--listen {address}: a component makes its own sockets; permit it with --net listen={address}");
    }
    let bound = sandbox.listen(address).with_context(|| format!("--listen {address}"))?;
    if address.port() == 0 {
        say(&format!("callgate: listening at {bound}"));
    }
    Ok(())
}
