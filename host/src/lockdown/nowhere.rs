//! A system without a second wall.

use std::process::ExitCode;

use anyhow::Result;
use callgate_system::lookup::Resolver;

use super::Plan;
use crate::WRONG_USE;

pub(super) fn begin(_: &Plan) -> Vec<String> {
    vec!["it is there on Linux alone".to_owned()]
}

/// Does `work`: its threads are in nobody's way.
pub(crate) fn alone<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T> {
    Ok(work())
}

/// No helper is needed where nothing is locked.
pub(crate) fn resolver() -> Result<Option<Resolver>> {
    Ok(None)
}

/// Nobody asks for it here.
pub(crate) fn serve_lookups() -> ExitCode {
    ExitCode::from(WRONG_USE)
}

pub(crate) fn facts() -> Vec<(&'static str, String)> {
    vec![("lockdown", "none on this system".to_owned())]
}

/// There is no wall to try.
pub(crate) fn try_to_get_out() {}
