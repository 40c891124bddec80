//! The stress where there are no Unix's files.

use anyhow::{Result, bail};

pub(crate) fn run(_: u32, _: bool) -> Result<()> {
    bail!("names are swapped on Unix only")
}
