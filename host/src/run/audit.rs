//! `--audit`

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, anyhow, bail};
use callgate_audit::{Audit, AuditFile, Head, Recording};
use callgate_policy::Guard;
use callgate_system::{System, Untrusted};
use callgate_wasi::Sandbox;

use super::observers::Lost;
use super::setup;
use crate::arguments::{BackendName, RunOptions};
use crate::audit::read_key;
use crate::last_words;

/// The first line could not be written: nothing may happen.
#[derive(Debug)]
pub(super) struct Unwritten(String);

impl fmt::Display for Unwritten {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unwritten {}

/// A key that the program could read is none.
pub(super) fn refuse_key_within_reach(sandbox: &Sandbox, options: &RunOptions) -> Result<()> {
    let Some(key) = &options.audit.key else { return Ok(()) };
    let may_read = options.backend != BackendName::Memory && sandbox.may_read(key);
    if may_read || setup::may_write(sandbox, options, key) {
        bail!("--audit-key {}: the program could read it there; keep it where no --dir leads", key.display());
    }
    Ok(())
}

/// Begins the audit that was asked for.
///
/// # Errors
/// If its file can't be continued; [`Unwritten`] if nothing can be written to it.
pub(super) fn begin(
    sandbox: &Sandbox,
    system: &Arc<dyn System>,
    options: &RunOptions,
    guard: Option<&Arc<Guard>>,
    lost: &Lost,
) -> Result<Option<Arc<Audit>>> {
    let Some(path) = &options.audit.file else { return Ok(None) };
    let shown = format!("--audit {}", Untrusted::new(path.display()));
    let key = options.audit.key.as_deref().map(|key| read_key("--audit-key", key)).transpose()?;
    let (file, head) = AuditFile::open(path, key.as_ref()).map_err(|error| anyhow!("{shown}: {error}"))?;
    let (lost, guard) = (Arc::clone(lost), guard.map(Arc::clone));
    let audit = Recording::of(sandbox.id(), options.program().display().to_string(), options.arguments()?)
        .key(key)
        .rules(move |rule| guard.as_ref().map(|guard| guard.policy().place_of(rule as usize)))
        .finish(told(path, lost))
        .start(system, Box::new(file.synced(options.audit.sync)), head)
        .map_err(|error| Unwritten(format!("{shown}: {error}; nothing was run, as it could not be noted")))
        .context("audit");
    audit.map(|audit| Some(Arc::new(audit)))
}

/// Says where the chain ends, which whoever verifies it later has to know.
fn told(path: &Path, lost: Lost) -> impl FnOnce(&io::Result<Head>) + Send + use<> {
    let shown = Untrusted::new(path.display()).to_string();
    move |end| match end {
        Ok(head) => {
            let lines = if head.lines == 1 { "1 line".to_owned() } else { format!("{} lines", head.lines) };
            last_words::say(&format!("callgate: --audit {shown}: {lines}, head {}", head.hash()));
        }
        Err(error) => drop(lost.set(error.to_string())),
    }
}
