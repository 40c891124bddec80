//! Every check and every test, in one go: what `.ci/run` runs, and what a contributor runs before sending a change. On Linux it has two
//! halves: what is built for this system, and what is built for Windows, under Wine.
//!
//! Hazards: the engine takes minutes to build, so everything that is built here uses one profile and one choice of features for
//! each system. That is why the workspace is built as a whole, although tests need only the `callgate` program: to build that alone
//! could choose other features for shared dependencies, and build the engine twice. A check of style that fails does not stop
//! the tests; a build that fails does.

mod calls;
mod cargo_test;
mod cases;
mod documented;
mod native;
mod results;
mod steps;
mod summary;
mod windows;

use std::env::{self, consts::OS};
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::{guests, process, programs, setup, workspace};
use cases::Cases;
use results::{Counts, Results};
use steps::{Steps, seconds};
use summary::Half;

const CLIPPY: &[&str] = &["clippy", "--workspace", "--all-targets"];
const DENY_WARNINGS: [&str; 3] = ["--", "-D", "warnings"];
/// Tells the behaviour suites where to leave what they found.
const CASES: &str = "CALLGATE_CONFORMANCE_OUT";
/// Tells the tests which published programs could not be built here, comma-separated.
const WITHOUT: &str = "CALLGATE_TESTS_WITHOUT";
/// A backend that does the same on every system, and has one column.
const EVERYWHERE_ALIKE: &str = "memory";

/// Options of `cargo xtask test`.
#[derive(Args)]
pub(crate) struct Options {
    /// Only what is built for Windows, under Wine
    #[arg(long)]
    windows: bool,
    /// Handed to `cargo test`
    #[arg(last = true)]
    arguments: Vec<OsString>,
}

/// The settings that every `cargo test` is given.
struct Given<'a> {
    arguments: &'a [OsString],
    /// Published packages that are not there.
    without: String,
    /// The folder where the behaviour suites leave their results.
    cases: PathBuf,
}

impl Given<'_> {
    fn to<'a>(&self, test: &'a mut Command) -> &'a mut Command {
        if !self.without.is_empty() {
            test.env(WITHOUT, &self.without);
        }
        test.args(self.arguments).env(CASES, &self.cases)
    }
}

/// The results of the tests that ran, and the parts that were left out.
#[derive(Default)]
struct Run {
    halves: Vec<Half>,
    cases: Cases,
    /// The parts that were left out as a whole, each with the reason.
    skipped: Vec<String>,
}

/// `cargo xtask test`.
pub(crate) fn run(options: &Options) -> Result<()> {
    let started = Instant::now();
    let (mut steps, mut run) = (Steps::default(), Run::default());
    let stopped = run.all(&mut steps, options).err();
    println!("\n== done in {}", seconds(started));
    run.show(&steps)?;
    let mut all = Counts::default();
    run.halves.iter().for_each(|half| all += half.results.all());
    let failed = all.failed + steps.failures.len() + usize::from(stopped.is_some());
    let skipped = all.skipped + run.skipped.len();
    println!("{} passed, {failed} failed, {skipped} skipped", all.passed);
    match stopped {
        Some(error) => Err(error),
        None if failed > 0 => bail!("not all checks and tests passed, see above"),
        None => Ok(()),
    }
}

impl Run {
    fn all(&mut self, steps: &mut Steps, options: &Options) -> Result<()> {
        steps.must("setup", setup::guest_target)?;
        steps.must("guests", || guests::build().and_then(|()| guests::build_native()))?;
        let programs = steps.must("published programs", programs::build_all)?;
        let without = programs.iter().map(|program| program.package).collect::<Vec<_>>().join(",");
        self.skipped.extend(programs.iter().map(|program| format!("{}: {}", program.package, program.why)));
        if OS == "linux"
            && let Err(error) = setup::browser()
        {
            println!("{error:#}; the tests that take it are skipped");
        }
        let given = |name: &str| -> Result<Given<'_>> {
            let cases = workspace::own("conformance")?.join(name);
            Ok(Given { arguments: &options.arguments, without: without.clone(), cases })
        };
        if !options.windows {
            self.native(steps, &given("native")?)?;
        }
        if OS != "windows" {
            self.windows(steps, &given("wine")?, options.windows)?;
        }
        // A choice of tests shows a part of the cases.
        steps.should("table of calls", || table_of_calls(&self.cases, options.arguments.is_empty()));
        Ok(())
    }

    fn native(&mut self, steps: &mut Steps, given: &Given<'_>) -> Result<()> {
        let results = native::run(steps, given)?;
        self.halves.push(Half { system: OS.to_owned(), results });
        self.cases.extend(Cases::read(&given.cases, &column_here)?);
        Ok(())
    }

    /// The half for Windows; where Wine can't be had, that is an error only if it was asked for.
    fn windows(&mut self, steps: &mut Steps, given: &Given<'_>, asked_for: bool) -> Result<()> {
        let wine = match steps.must("setup for Windows", windows::ready) {
            Err(error) if error.is::<setup::Missing>() && !asked_for => {
                self.skipped.push(format!("the half for Windows: {error:#}"));
                return Ok(());
            }
            ready => ready?,
        };
        let mut half = Half { system: wine.version()?, results: Results::default() };
        let ran = windows::run(steps, &wine, given, &mut half.results);
        self.halves.push(half);
        ran?;
        self.cases.extend(Cases::read(&given.cases, &column_of_wine)?);
        Ok(())
    }

    fn show(&self, steps: &Steps) -> Result<()> {
        if !self.cases.is_empty() {
            println!("\nthe behaviour suite\n{}", self.cases.suites());
            let list = workspace::own("conformance")?.join("notes.txt");
            fs::write(&list, self.cases.notes(true).join("\n") + "\n")
                .with_context(|| format!("cannot write {}", list.display()))?;
            self.cases.notes(false).iter().for_each(|line| println!("{line}"));
            println!("(each case by name in {})", list.display());
        }
        if !self.halves.is_empty() {
            println!("\n{}\n", summary::table(&self.halves));
        }
        self.skipped.iter().for_each(|line| println!("skipped: {line}"));
        for half in &self.halves {
            half.results.skipped.iter().for_each(|line| println!("skipped on {}: {line}", half.system));
        }
        steps.failures.iter().for_each(|failure| println!("failed: {failure}"));
        Ok(())
    }
}

/// The column of a backend that was tested on this system itself. Linux is the one whose columns say no system.
fn column_here(backend: &str) -> String {
    match (OS, backend) {
        ("linux", _) | (_, EVERYWHERE_ALIKE) | ("windows", "nt") => backend.to_owned(),
        _ => format!("{backend} ({OS})"),
    }
}

/// The column of a backend that was tested under Wine, which is not quite Windows.
fn column_of_wine(backend: &str) -> String {
    if backend == EVERYWHERE_ALIKE { backend.to_owned() } else { format!("{backend} (Wine)") }
}

fn empty_folder(folder: &Path) -> Result<()> {
    let removed = fs::remove_dir_all(folder).or_else(|error| match error.kind() {
        io::ErrorKind::NotFound => Ok(()),
        _ => Err(error),
    });
    removed.with_context(|| format!("cannot empty {}", folder.display()))
}

/// Keeps the documented tables of what the behaviour suites found.
fn table_of_calls(cases: &Cases, complete: bool) -> Result<()> {
    if cases.is_empty() {
        println!("no behaviour suite ran");
        return Ok(());
    }
    if !complete || cases.failed() > 0 {
        println!("the documented tables stay as they are: not every suite ran, or a case failed");
        return Ok(());
    }
    documented::update(&workspace::root()?, cases.calls(), env::var_os("CI").is_some_and(|value| value == "true"))
}

fn cargo_in(folder: &Path, arguments: &[&str]) -> Command {
    let mut cargo = process::cargo();
    cargo.current_dir(folder).args(arguments);
    cargo
}
