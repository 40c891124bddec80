//! `--policy`: the decider of a run.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, anyhow, bail};
use callgate_policy::{Duty, Guard};
use callgate_system::{System, Untrusted};
use callgate_wasi::{ProgramFile, Sandbox};
use sha2::{Digest as _, Sha256};

use super::setup;
use crate::arguments::{BackendName, RunOptions};
use crate::{policy, say};

/// The decider that the policy in `path` is, for this program.
///
/// # Errors
/// If the policy is wrong, or the program can't be read.
pub(super) fn guard(
    path: &Path,
    system: &Arc<dyn System>,
    options: &RunOptions,
    program: &ProgramFile,
) -> Result<Arc<Guard>> {
    let of = |program| {
        let case = policy::case(options.backend == BackendName::Memory);
        let duty = Duty { dry_run: options.dry_run, program, case };
        let say = Box::new(|line: &str| say(&format!("callgate: {line}")));
        Guard::load(path, duty, Arc::clone(system), say).map_err(|error| anyhow!("--policy {error}"))
    };
    let guard = of(None)?;
    // A digest takes time, which only rules that name programs are worth.
    let guard = if guard.policy().names_programs() { of(Some(digest(program)?))? } else { guard };
    Ok(Arc::new(guard))
}

/// Puts the policy to work; [`watch`] is still to be called.
///
/// # Errors
/// If the program could change it.
pub(super) fn begin(guard: &Arc<Guard>, sandbox: &mut Sandbox, options: &RunOptions) -> Result<()> {
    for file in guard.policy().files() {
        if setup::may_write(sandbox, options, file) {
            bail!(
                "--policy {}: the program could change it there; keep it where no --dir leads, or add ::ro",
                Untrusted::new(file.display())
            );
        }
    }
    sandbox.decider(Arc::clone(guard) as Arc<_>);
    Ok(())
}

/// From now on a change of the file holds.
///
/// # Errors
/// If no thread can be had to look for it.
pub(super) fn watch(guard: &Arc<Guard>) -> Result<()> {
    guard.watch().context("--policy: no thread can be had to look for changes of the file")
}

fn digest(program: &ProgramFile) -> Result<[u8; 32]> {
    let mut digest = Sha256::new();
    let read = program.pieces(|piece| digest.update(piece));
    read.with_context(|| format!("{}", Untrusted::new(program.path().display())))?;
    Ok(digest.finalize().into())
}
