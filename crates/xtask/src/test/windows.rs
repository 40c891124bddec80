//! The tests of what is built for Windows, on Linux under Wine: the crates' own tests, and the guests on `callgate.exe`, started by
//! the same harness that starts them on Linux.
//!
//! Hazard: every step names the same packages, so that all choose the same features and the engine is built once.

use std::process::Command;

use anyhow::Result;

use super::results::Results;
use super::steps::Steps;
use super::{CLIPPY, DENY_WARNINGS, Given, cargo_in, cargo_test, empty_folder};
use crate::setup::{self, Wine};
use crate::{process, workspace};

/// The packages that have nothing to do on Windows, and those that only start others.
const WITHOUT: &[&str] = &["--exclude", "callgate-linux", "--exclude", "callgate-tests", "--exclude", "xtask"];
/// The package whose tests start guests.
const GUESTS: &str = "callgate-tests";
/// The variable that tells cargo how to run a program of the target.
const RUNNER: &str = "CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER";
/// The variables that tell the harness where callgate is, and which program starts it.
const CALLGATE_BIN: &str = "CALLGATE_BIN";
const CALLGATE_RUNNER: &str = "CALLGATE_RUNNER";

/// Makes sure of the target and of Wine, or says why one of them can't be had.
pub(crate) fn ready() -> Result<Wine> {
    setup::windows_target()?;
    Wine::ready()
}

/// Every check and every test that means something there. The results up to an error are kept.
pub(crate) fn run(steps: &mut Steps, wine: &Wine, given: &Given<'_>, results: &mut Results) -> Result<()> {
    let root = workspace::root()?;
    let host = |command: &[&str]| {
        let mut cargo = cargo_in(&root, command);
        cargo.args(WITHOUT).args(["--target", workspace::WINDOWS_TARGET]);
        cargo
    };
    steps.should("clippy for Windows", || process::run(host(CLIPPY).args(DENY_WARNINGS)));
    steps.must("callgate for Windows", || process::run(&mut host(&["build", "--workspace", "--all-targets"])))?;

    empty_folder(&given.cases)?;
    let mut test = host(&["test", "--workspace", "--no-fail-fast"]);
    wine.prepare(given.to(&mut test).env(RUNNER, wine.program()));
    results.extend(steps.must("tests under Wine", || started(wine, test, ""))?);

    let mut test = cargo_in(&root, &["test", "--workspace", "--no-fail-fast", "--test", "all"]);
    given.to(&mut test).env(CALLGATE_BIN, workspace::windows_callgate("debug")?);
    wine.prepare(test.env(CALLGATE_RUNNER, wine.program()));
    results.extend(steps.must("guests under Wine", || started(wine, test, GUESTS))?);
    Ok(())
}

fn started(wine: &Wine, test: Command, package: &str) -> Result<Results> {
    wine.start();
    cargo_test::run(test, package)
}
