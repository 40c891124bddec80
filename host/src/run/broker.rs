//! `--policy-broker`

use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use callgate_broker::{Broker, Options};
use callgate_system::Untrusted;
use callgate_wasi::Sandbox;

use super::setup;
use crate::arguments::RunOptions;
use crate::say;

/// Has the broker decide too, after everybody else.
///
/// # Errors
/// If the program could take its place, or there is none.
pub(super) fn begin(sandbox: &mut Sandbox, options: &RunOptions) -> Result<()> {
    let Some(peer) = &options.broker.peer else { return Ok(()) };
    let shown = Untrusted::new(peer);
    // A name without a folder is looked for in PATH.
    if peer.path().components().count() > 1 && setup::may_write(sandbox, options, peer.path()) {
        bail!("--policy-broker {shown}: the program could replace it there; keep it where no --dir leads, or add ::ro");
    }
    let until = options.timeout.and_then(|time| Instant::now().checked_add(time));
    let asked = Options { asks: options.broker.asks(), timeout: options.broker.patience, until };
    let say = Box::new(|line: &str| say(&format!("callgate: {line}")));
    let broker = Broker::start(peer, asked, say).with_context(|| format!("--policy-broker {shown}"))?;
    sandbox.decider(Arc::new(broker));
    Ok(())
}
