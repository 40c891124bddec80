//! The tests on this very system: Linux, Windows, or another with the portable backend.

use std::ffi::OsStr;

use anyhow::Result;

use super::results::Results;
use super::steps::Steps;
use super::{CLIPPY, DENY_WARNINGS, Given, cargo_in, cargo_test, empty_folder};
use crate::{guests, process, workspace};

/// `--examples`, although there are none, counts the features that tests choose in, as all other steps do; else the engine would
/// be checked a second time for this one.
const DOC: &[&str] = &["doc", "--workspace", "--no-deps", "--lib", "--bins", "--examples"];

/// Every check and every test.
pub(crate) fn run(steps: &mut Steps, given: &Given<'_>) -> Result<Results> {
    let root = workspace::root()?;
    let guests = guests::folders()?;
    let each_guest = |arguments: &[&str], rest: &[&OsStr]| {
        guests.iter().try_for_each(|folder| process::run(guests::cargo(folder).args(arguments).args(rest)))
    };
    let host = |arguments: &[&str]| cargo_in(&root, arguments);

    steps.should("format", || {
        process::run(&mut host(&["fmt", "--all", "--check"]))?;
        for folder in [workspace::rival()?, workspace::reference()?] {
            process::run(&mut cargo_in(&folder, &["fmt", "--check"]))?;
        }
        each_guest(&["fmt", "--all", "--check"], &[])
    });
    steps.should("clippy", || process::run(host(CLIPPY).args(DENY_WARNINGS)));
    steps.should("clippy of guests", || {
        let target = workspace::guest()?.join("target");
        let target =
            ["--target".as_ref(), workspace::GUEST_TARGET.as_ref(), "--target-dir".as_ref(), target.as_os_str()];
        let deny = DENY_WARNINGS.map(OsStr::new);
        each_guest(CLIPPY, &[&target[..], &deny].concat())
    });
    steps.should("documentation", || process::run(host(DOC).env("RUSTDOCFLAGS", "-Dwarnings")));
    steps.must("callgate", || process::run(&mut host(&["build", "--workspace", "--all-targets"])))?;
    empty_folder(&given.cases)?;
    let mut test = host(&["test", "--workspace", "--no-fail-fast"]);
    given.to(&mut test);
    steps.must("tests", || cargo_test::run(test, ""))
}
