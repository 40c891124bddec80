//! Every check and every test, in one go: what `.ci/run` runs, and what a contributor runs before sending a change.
//!
//! Hazards: the engine takes minutes to build, so everything that is built here uses one profile and one choice of features.
//! That is why the workspace is built as a whole, although tests need only the `callgate` program: to build that alone could
//! choose other features for shared dependencies, and build the engine twice. A check of style that fails does not stop the
//! tests; a build that fails does.

mod cases;
mod readme;
mod results;

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::{guests, process, programs, setup, workspace};
use cases::Cases;
use results::Results;

const CLIPPY: &[&str] = &["clippy", "--workspace", "--all-targets"];
/// `--examples`, although there are none, counts the features that tests choose in, as all other steps do; else the engine would
/// be checked a second time for this one.
const DOC: &[&str] = &["doc", "--workspace", "--no-deps", "--lib", "--bins", "--examples"];
/// Tells the behaviour suites where to leave what they found.
const CASES: &str = "CALLGATE_CONFORMANCE_OUT";
/// Tells the tests which published programs could not be built here, comma-separated.
const WITHOUT: &str = "CALLGATE_TESTS_WITHOUT";
const DENY_WARNINGS: [&str; 3] = ["--", "-D", "warnings"];

/// `cargo xtask test`.
pub(crate) fn run(arguments: &[OsString]) -> Result<()> {
    let started = Instant::now();
    let mut steps = Steps::default();
    let results = all(&mut steps, arguments);
    let (results, stopped) = match results {
        Ok(results) => (results, None),
        Err(error) => (Results::default(), Some(error)),
    };
    println!("\n== done in {}", seconds(started));
    for failure in &steps.failures {
        println!("failed: {failure}");
    }
    let failed = results.failed + steps.failures.len() + usize::from(stopped.is_some());
    println!("{} passed, {failed} failed, {} skipped", results.passed(), results.skipped());
    match stopped {
        Some(error) => Err(error),
        None if failed > 0 => bail!("not all checks and tests passed, see above"),
        None => Ok(()),
    }
}

fn all(steps: &mut Steps, arguments: &[OsString]) -> Result<Results> {
    let root = workspace::root()?;
    let guests = guests::folders()?;
    let each_guest = |arguments: &[&str], rest: &[&OsStr]| {
        guests.iter().try_for_each(|folder| process::run(guests::cargo(folder).args(arguments).args(rest)))
    };
    let host = |arguments: &[&str]| cargo_in(&root, arguments);

    steps.must("setup", setup::guest_target)?;
    steps.should("format", || {
        process::run(&mut host(&["fmt", "--all", "--check"]))?;
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
    steps.must("guests", || guests::build().and_then(|()| guests::build_native()))?;
    let skipped = steps.must("published programs", programs::build_all)?;
    steps.must("callgate", || process::run(&mut host(&["build", "--workspace", "--all-targets"])))?;
    let mut test = host(&["test", "--workspace", "--no-fail-fast"]);
    let names: Vec<_> = skipped.iter().map(|program| program.package).collect();
    if !names.is_empty() {
        test.env(WITHOUT, names.join(","));
    }
    let folder = empty_folder_of_cases()?;
    test.args(arguments).env(CASES, &folder);
    let results = steps.must("tests", || tests(&mut test))?;
    for program in skipped {
        println!("skipped: {}: {}", program.package, program.why);
    }
    // A choice of tests shows a part of the cases.
    steps.should("table of calls", || table_of_calls(&folder, &root.join("README.md"), arguments.is_empty()));
    Ok(results)
}

fn empty_folder_of_cases() -> Result<PathBuf> {
    let folder = workspace::own("conformance")?;
    let removed = fs::remove_dir_all(&folder).or_else(|error| match error.kind() {
        io::ErrorKind::NotFound => Ok(()),
        _ => Err(error),
    });
    removed.with_context(|| format!("cannot empty {}", folder.display()))?;
    Ok(folder)
}

/// Shows what the behaviour suites found, and keeps the README's table of it.
fn table_of_calls(folder: &Path, readme: &Path, complete: bool) -> Result<()> {
    let cases = Cases::read(folder)?;
    if cases.is_empty() {
        println!("no behaviour suite ran");
        return Ok(());
    }
    println!("{}", cases.suites());
    if !complete || cases.failed() > 0 {
        println!("the README's table stays as it is: not every suite ran, or a case failed");
        return Ok(());
    }
    readme::update(readme, &cases.calls(), env::var_os("CI").is_some_and(|value| value == "true"))
}

fn cargo_in(folder: &Path, arguments: &[&str]) -> Command {
    let mut cargo = process::cargo();
    cargo.current_dir(folder).args(arguments);
    cargo
}

/// Runs the tests, shows their output as it comes, and sums their results. A test program that dies before it can report
/// counts as one failure.
fn tests(command: &mut Command) -> Result<Results> {
    println!("    $ {}", process::line(command));
    let mut child = command.stdout(Stdio::piped()).spawn().context("cannot start `cargo test`")?;
    let mut results = Results::default();
    if let Some(output) = child.stdout.take() {
        let mut output = BufReader::new(output);
        let mut line = Vec::new();
        while output.read_until(b'\n', &mut line).context("cannot read what the tests print")? > 0 {
            io::stdout().write_all(&line).context("cannot print what the tests print")?;
            results.add(&String::from_utf8_lossy(&line));
            line.clear();
        }
    }
    let status = child.wait().context("cannot wait for `cargo test`")?;
    if !status.success() && results.failed == 0 {
        println!("`cargo test` itself failed ({status})");
        results.failed = 1;
    }
    Ok(results)
}

/// The steps so far: says each one, and how long it took.
#[derive(Default)]
struct Steps {
    count: usize,
    failures: Vec<String>,
}

impl Steps {
    /// A step without which the next ones mean nothing.
    fn must<T>(&mut self, name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
        self.count += 1;
        println!("\n== step {}: {name}", self.count);
        let started = Instant::now();
        let result = work();
        let outcome = if result.is_ok() { "took" } else { "FAILED after" };
        println!("== step {}: {name} {outcome} {}", self.count, seconds(started));
        result
    }

    /// A step whose failure is told at the end.
    fn should(&mut self, name: &str, work: impl FnOnce() -> Result<()>) {
        if let Err(error) = self.must(name, work) {
            println!("{error:#}");
            self.failures.push(format!("{name}: {error:#}"));
        }
    }
}

fn seconds(since: Instant) -> String {
    format!("{:.1} s", since.elapsed().as_secs_f64())
}
