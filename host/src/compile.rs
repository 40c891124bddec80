//! `callgate compile`.

use std::fs;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use callgate_wasi::{Program, Runtime, RuntimeOptions};

use crate::arguments::{CompileOptions, Precompiled};
use crate::loading;

pub(crate) fn compile(options: &CompileOptions) -> Result<ExitCode> {
    if Program::precompiled(&options.program).is_some() {
        bail!("{}: compiled already; give the .wasm or .wat file that it was compiled from", options.program.display());
    }
    let runtime = Runtime::new(&RuntimeOptions::default())?;
    let program = loading::load(&runtime, &options.program, &options.limits, Precompiled::Refused)?;
    program.check()?;
    let code = program.serialize()?;
    fs::write(&options.output, code).with_context(|| format!("can't write {}", options.output.display()))?;
    Ok(ExitCode::SUCCESS)
}
