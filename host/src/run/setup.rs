//! What a guest is given, from the options: mounts, grants, environment, limits.

use std::env;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, anyhow, bail};
use callgate_system::Untrusted;
use callgate_wasi::{Access, Guest, MountError, Program};

use crate::arguments::{BackendName, MountOption, RunOptions};
use crate::backend::Backend;
use crate::{last_words, say};

/// A guest with all that needs no program to be known.
pub(super) fn guest(backend: &Backend, options: &RunOptions) -> Result<Guest> {
    let mut guest = Guest::new(Arc::clone(&backend.system));
    for mount in &options.mounts {
        add_mount(&mut guest, mount)?;
    }
    for (number, tree) in (1..).zip(&options.trees) {
        let quota = tree.quota.unwrap_or(callgate_memory::QUOTA);
        let added = guest.mount_directory(backend.tree(number, quota), &tree.guest, Access::ReadWrite);
        added.map_err(|error| refused_mount(&format!("--tmpfs {}", tree.guest), &error))?;
    }
    for rule in &options.network {
        guest.permit(rule.clone());
    }
    add_environment(&mut guest, options)?;
    guest.arguments(options.arguments()?).quit_when_nobody_reads();
    if let Some(cwd) = &options.cwd {
        guest.working_directory(cwd);
    }
    limit(&mut guest, options);
    warn_of_home(&guest, options);
    Ok(guest)
}

/// Says it where the guest may change what the user's shell does: no sandbox could undo that.
fn warn_of_home(guest: &Guest, options: &RunOptions) {
    let home = env::home_dir().filter(|home| home.is_absolute() && home.is_dir());
    if let Some(home) = home.filter(|home| may_write(guest, options, home)) {
        // No time limit holds yet, so this waits for nobody.
        last_words::say(&format!(
            "callgate: the program may change files in {} that run when you log in, such as .bashrc; mount a folder below it, or add ::ro",
            Untrusted::new(home.display())
        ));
    }
}

/// True if the guest may write to this file or folder of this machine, or make it.
pub(super) fn may_write(guest: &Guest, options: &RunOptions, path: &Path) -> bool {
    // The paths of the system in memory are none of this machine's.
    options.backend != BackendName::Memory && guest.may_write(path)
}

/// Where the program begins, and the sockets that it is handed.
pub(super) fn enter(guest: &mut Guest, program: &Program, options: &RunOptions) -> Result<()> {
    match &options.invoke {
        Some(function) => guest.invoke(function, options.rest()?).check(program)?,
        None => guest.check(program)?,
    }
    options.listen.iter().try_for_each(|address| add_listener(guest, program, *address))
}

fn limit(guest: &mut Guest, options: &RunOptions) {
    if let Some(quota) = options.quota {
        guest.quota(quota);
    }
    if let Some(bytes) = options.max_memory {
        guest.max_memory(bytes);
    }
    if let Some(bytes) = options.max_host_memory {
        guest.max_host_memory(bytes);
    }
    if let Some(handles) = options.max_handles {
        guest.max_handles(handles);
    }
    if let Some(time) = options.linger {
        guest.linger(time);
    }
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
        MountError::Contradiction { .. } => {
            "make the other read-only too, or give directories that don't lie in each other"
        }
        MountError::Unclear { .. } => "make both read-only, or both writable",
        MountError::Unlimited { .. } => "give the other a quota too, or directories that don't lie in each other",
    };
    anyhow!("{option}: {error}; {what_to_do}")
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

/// Says the port, where the system picked it: nobody could know it else.
fn add_listener(guest: &mut Guest, program: &Program, address: SocketAddr) -> Result<()> {
    if !program.is_module() {
        bail!("--listen {address}: a component makes its own sockets; permit it with --net listen={address}");
    }
    let bound = guest.listen(address).with_context(|| format!("--listen {address}"))?;
    if address.port() == 0 {
        say(&format!("callgate: listening at {bound}"));
    }
    Ok(())
}
