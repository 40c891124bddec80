//! The tests on this very system: Linux, Windows, or another with the portable backend.

use anyhow::Result;

use super::results::Results;
use super::steps::Steps;
use super::{CLIPPY, DENY_WARNINGS, Given, cargo_in, cargo_test, empty_folder};
use crate::{process, workspace};

/// `--examples`, although there are none, counts the features that tests choose in, as all other steps do; else the engine would
/// be checked a second time for this one.
const DOC: &[&str] = &["doc", "--workspace", "--no-deps", "--lib", "--bins", "--examples"];

/// Every check and every test.
pub(crate) fn run(steps: &mut Steps, given: &Given<'_>) -> Result<Results> {
    let root = workspace::root()?;
    let guest = workspace::guest()?;
    let host = |arguments: &[&str]| cargo_in(&root, arguments);
    let guests = |arguments: &[&str]| cargo_in(&guest, arguments);

    steps.should("format", || {
        process::run(&mut host(&["fmt", "--all", "--check"]))?;
        process::run(&mut guests(&["fmt", "--all", "--check"]))
    });
    steps.should("clippy", || process::run(host(CLIPPY).args(DENY_WARNINGS)));
    steps.should("clippy of guests", || {
        let target = ["--target", workspace::GUEST_TARGET, "--target-dir", "target"];
        process::run(guests(CLIPPY).args(target).args(DENY_WARNINGS))
    });
    steps.should("documentation", || process::run(host(DOC).env("RUSTDOCFLAGS", "-Dwarnings")));
    steps.must("callgate", || process::run(&mut host(&["build", "--workspace", "--all-targets"])))?;
    empty_folder(&given.cases)?;
    let mut test = host(&["test", "--workspace", "--no-fail-fast"]);
    given.to(&mut test);
    steps.must("tests", || cargo_test::run(test))
}
