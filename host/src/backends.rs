//! `callgate backends`.

use std::process::ExitCode;

use anyhow::Result;

use crate::arguments::BackendName;
use crate::backend;

pub(crate) fn backends() -> Result<ExitCode> {
    let system = backend::open(BackendName::Native)?;
    println!("native: {}", system.name());
    for (name, fact) in backend::native_facts() {
        println!("  {name}: {fact}");
    }
    Ok(ExitCode::SUCCESS)
}
