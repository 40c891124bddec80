//! Landlock: the files and the TCP ports that this process may still reach.
//!
//! A rule is about a directory, held open while it is made, and all below it. What was opened before stays open. Landlock says nothing
//! about looking (`stat`), nor about UDP; the first is the backend's, the second seccomp's (`calls.rs`).

use std::path::Path;

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, BitFlags, LandlockStatus, NetPort, PathBeneath, PathFd, RestrictSelf,
    RestrictSelfAttr as _, RestrictionStatus, Ruleset, RulesetAttr as _, RulesetCreated, RulesetCreatedAttr as _,
    RulesetError, RulesetStatus, Scope, make_bitflags,
};

use super::super::plan::{Folder, Plan, Ports};

/// The first version that knows all that is needed for files: renames between directories, and cutting a file.
const FILES: i32 = 3;
/// The first with ports.
const PORTS: i32 = 4;

/// What a guest does in a read-only mount.
const READ: BitFlags<AccessFs> = make_bitflags!(AccessFs::{ReadFile | ReadDir});
/// What it does besides in a writable one. It runs no file, and makes neither devices, nor FIFOs, nor sockets.
const WRITE: BitFlags<AccessFs> = make_bitflags!(AccessFs::{
    WriteFile | Truncate | MakeReg | MakeDir | MakeSym | RemoveFile | RemoveDir | Refer
});

/// Refuses all files and TCP ports but those of `plan`; what that lacks. `threads` are those beside this one, where that is known.
pub(super) fn enter(plan: &Plan, threads: Option<usize>) -> Vec<String> {
    let Some(version) = version() else { return vec!["the kernel has no Landlock".to_owned()] };
    match restrict(plan) {
        Err(error) => vec![format!("no Landlock ({error})")],
        Ok(status) => missing(plan, version, threads, &status),
    }
}

/// The version of the kernel's Landlock, if it has it.
pub(super) fn version() -> Option<i32> {
    // Without flags this asks, and restricts nothing.
    match RestrictSelf::default().no_new_privs(false).apply().ok()?.landlock {
        LandlockStatus::Available { effective_abi, kernel_abi } => Some(kernel_abi.unwrap_or(effective_abi as i32)),
        _ => None,
    }
}

fn missing(plan: &Plan, version: i32, threads: Option<usize>, status: &RestrictionStatus) -> Vec<String> {
    let has_ports = plan.connect == Ports::All && plan.bind == Ports::All || !plan.tcp || version >= PORTS;
    let lacks = [
        (status.ruleset == RulesetStatus::NotEnforced, format!("Landlock {version} can't be used; {FILES} could")),
        (version < FILES, format!("Landlock {version} does not keep read-only files from being cut")),
        (!has_ports, format!("Landlock {version} has no ports; {PORTS} has")),
        (!status.all_threads && threads != Some(0), "threads that began before are not held by Landlock".to_owned()),
    ];
    lacks.into_iter().filter(|(lacks, _)| *lacks).map(|(_, what)| what).collect()
}

fn restrict(plan: &Plan) -> Result<RestrictionStatus, RulesetError> {
    let ruleset = Ruleset::default()
        .handle_access(AccessFs::from_all(ABI::V10))?
        .scope(Scope::AbstractUnixSocket | Scope::Signal)?;
    let mut ports = Vec::new();
    let ruleset = [(&plan.connect, AccessNet::ConnectTcp), (&plan.bind, AccessNet::BindTcp)].into_iter().try_fold(
        ruleset,
        |ruleset, (which, access)| match which {
            Ports::All => Ok(ruleset),
            Ports::These(these) => {
                ports.extend(these.iter().map(|port| NetPort::new(*port, access)));
                ruleset.handle_access(access)
            }
        },
    )?;
    let itself = Folder { path: Path::new("/proc/self").to_owned(), writable: false };
    // This process's own place in procfs, where the backends learn what is mounted and what their handles are.
    let folders = plan.folders.iter().chain([&itself]).try_fold(ruleset.create()?, permit)?;
    let all = ports.into_iter().try_fold(folders, RulesetCreated::add_rule)?;
    all.all_threads(true)?.restrict_self()
}

/// What isn't there can't be opened, and needs no rule.
fn permit(ruleset: RulesetCreated, folder: &Folder) -> Result<RulesetCreated, RulesetError> {
    let access = if folder.writable { READ | WRITE } else { READ };
    match PathFd::new(&folder.path) {
        Ok(open) => ruleset.add_rule(PathBeneath::new(open, access)),
        Err(_) => Ok(ruleset),
    }
}
