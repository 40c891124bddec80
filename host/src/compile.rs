//! `callgate compile`.

use std::fs;
use std::process::ExitCode;

use anyhow::{Context, Result};
use callgate_wasi::{Runtime, RuntimeOptions};

use crate::arguments::CompileOptions;

pub(crate) fn compile(options: &CompileOptions) -> Result<ExitCode> {
    let runtime = Runtime::new(&RuntimeOptions::default())?;
    let program = runtime.load(&options.program)?;
    program.check()?;
    let code = program.serialize()?;
    fs::write(&options.output, code).with_context(|| format!("can't write {}", options.output.display()))?;
    Ok(ExitCode::SUCCESS)
}
