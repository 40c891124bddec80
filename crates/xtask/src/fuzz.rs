//! Random tests (`crates/fuzz`): what nobody thought of, for as long as one likes.
//!
//! Hazard: on a disk most of the time goes into the disk, so temporary files are in memory where there is a place for them.

use std::env;
use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

use anyhow::Result;
use clap::Args;

use crate::{process, reference, workspace};

/// Options of `cargo xtask fuzz`.
#[derive(Args)]
pub(crate) struct FuzzOptions {
    /// For how long; 1 unless told otherwise
    #[arg(long, value_name = "N")]
    minutes: Option<f64>,
    /// Runs the one case of this seed on each target; with `--minutes`, those from it on
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// One target alone: files, component, garbage, compiled, direct, module or cost
    #[arg(long, value_name = "TARGET")]
    only: Option<String>,
    /// Compares modules of preview1 under callgate with those under another host: wasi-common
    #[arg(long, value_name = "HOST", value_parser = ["wasi-common"], conflicts_with = "only")]
    against: Option<String>,
}

/// Options of `cargo xtask stress`.
#[derive(Args)]
pub(crate) struct StressOptions {
    /// Of each kind, on each backend
    #[arg(long, value_name = "N", default_value_t = 100_000)]
    rounds: u32,
}

/// `cargo xtask fuzz`.
pub(crate) fn fuzz(options: &FuzzOptions) -> Result<()> {
    let reference = options.against.is_some().then(reference::build).transpose()?;
    let mut command = program("fuzz")?;
    command.args(reference.iter().flat_map(|program| [OsStr::new("--against"), program.as_os_str()]));
    command.args(options.minutes.iter().flat_map(|minutes| ["--minutes".to_owned(), minutes.to_string()]));
    command.args(options.seed.iter().flat_map(|seed| ["--seed".to_owned(), seed.to_string()]));
    command.args(options.only.iter().flat_map(|only| ["--only", only]));
    process::run(&mut command)
}

/// `cargo xtask stress`.
pub(crate) fn stress(options: &StressOptions) -> Result<()> {
    process::run(program("stress")?.args(["--rounds", &options.rounds.to_string()]))
}

/// Builds the program, with the features that tests use, and gives it `task`.
fn program(task: &str) -> Result<Command> {
    let build = ["build", "--workspace", "--all-targets"];
    process::run(process::cargo().args(build).current_dir(workspace::root()?))?;
    let mut command = Command::new(workspace::target()?.join("debug").join(workspace::executable("fuzz")));
    command.arg(task);
    let memory = Path::new("/dev/shm");
    if env::var_os("TMPDIR").is_none() && memory.is_dir() {
        command.env("TMPDIR", memory);
    }
    Ok(command)
}
