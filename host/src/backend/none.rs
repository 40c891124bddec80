//! An operating system without a backend of its own.

use std::sync::Arc;

use anyhow::{Result, bail};
use callgate_system::System;

pub(super) fn open() -> Result<Arc<dyn System>> {
    bail!("there is no native backend for this operating system yet; run it on Linux")
}

pub(super) fn facts() -> Vec<(&'static str, String)> {
    vec![("native", "none for this operating system".to_owned())]
}
