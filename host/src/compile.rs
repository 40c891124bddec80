//! `callgate compile`.

use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use callgate_wasi::{ProgramFile, RuntimeOptions};

use crate::arguments::CompileOptions;
use crate::{loading, output};

pub(crate) fn compile(options: &CompileOptions) -> Result<ExitCode> {
    if ProgramFile::open(&options.program)?.is_machine_code() {
        bail!("{}: compiled already; give the .wasm or .wat file that it was compiled from", options.program.display());
    }
    let runtime = RuntimeOptions { binding: loading::binding()?, ..RuntimeOptions::default() };
    let program = loading::load(&runtime, &options.program, &options.limits, false)?;
    program.check()?;
    let code = program.serialize()?;
    output::write(&options.output, &code).with_context(|| format!("can't write {}", options.output.display()))?;
    Ok(ExitCode::SUCCESS)
}
