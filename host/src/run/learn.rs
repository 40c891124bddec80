//! `--learn`

use std::sync::Arc;

use anyhow::{Context, Result, bail};
use callgate_policy::Learner;
use callgate_system::Untrusted;
use callgate_wasi::Sandbox;

use super::observers::Lost;
use crate::arguments::RunOptions;
use crate::output;

/// Refuses to learn under a policy that refuses: the program would show only what that allows already.
pub(super) fn refuse_with_policy(options: &RunOptions) -> Result<()> {
    if let (Some(file), Some(_), false) = (&options.learn, &options.policy, options.dry_run) {
        bail!(
            "--learn {}: a run under --policy shows only what that allows; add --dry-run",
            Untrusted::new(file.display())
        );
    }
    Ok(())
}

/// Begins to learn, if that was asked for. The policy is written when the run is over.
pub(super) fn begin(sandbox: &mut Sandbox, options: &RunOptions, lost: &Lost) -> Result<Option<Arc<Learner>>> {
    let Some(file) = &options.learn else { return Ok(None) };
    // Better now than when the run is over.
    if file.metadata().map_or(true, |found| found.is_file()) {
        output::beside(file).with_context(|| format!("--learn {}", file.display()))?;
    } else if file.is_dir() {
        bail!("--learn {}: a directory; give a file", file.display());
    }
    let (grants, path, lost) = (&options.grants, file.clone(), Arc::clone(lost));
    let mounts = grants.mounts.iter().map(|mount| &mount.guest).chain(grants.trees.iter().map(|tree| &tree.guest));
    let write = move |text: &str| {
        let written = output::write(&path, text.as_bytes());
        written.inspect_err(|error| drop(lost.set(error.to_string())))
    };
    let learner = Arc::new(Learner::new(options.program().display().to_string(), mounts, write));
    sandbox.decider(Arc::clone(&learner) as Arc<_>);
    Ok(Some(learner))
}
