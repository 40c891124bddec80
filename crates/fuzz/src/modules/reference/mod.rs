//! The same modules under callgate and under `wasi-common`, the first host of preview1: what each call answers and writes into memory,
//! what is printed, how the run ends and the tree that it leaves must agree.
//!
//! If the two answer otherwise and that is listed ([`deviations`]), the call is left out and the module run anew, for what comes
//! after it would differ, too.

mod answer;
mod deviations;
mod process;

use std::cell::RefCell;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use callgate_wasi::{Runtime, RuntimeOptions};
use proptest::strategy::BoxedStrategy;
use tempfile::TempDir;

use super::functions::{EXIT, RAISE};
use super::run::{ARGUMENTS, TIME_OVER, VARIABLE, run};
use super::script::{Call, Script};
use super::{Found, compare, generate, wasm};
use crate::backends::{self, Hosts};
use crate::mounts::Mounts;
use crate::seeded;
use answer::{Answer, Ran};
use deviations::{DEVIATIONS, Differing};
use process::Process;

pub use deviations::Deviation;

/// The time limit of a module.
const TIMEOUT: Duration = Duration::from_millis(300);

/// The maximum number of shorter modules to try for one that differs.
const SHRINKING: u32 = 400;

/// The standard input of a module.
const INPUT: &str = "what it reads";

/// The target.
pub struct Reference {
    runtime: Runtime,
    hosts: Hosts,
    folder: TempDir,
    scripts: BoxedStrategy<Script>,
    process: RefCell<Process>,
    tally: RefCell<Tally>,
}

/// Counts over the modules so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally {
    /// Modules.
    pub modules: u64,
    /// Of those, the ones that one of the two did not end in time, or whose host panicked.
    pub unanswered: u64,
    /// Calls that were answered alike.
    pub calls: u64,
    /// Calls that each of the [`Deviation`]s explained.
    pub explained: [u64; DEVIATIONS.len()],
}

impl Default for Tally {
    fn default() -> Self {
        Self { modules: 0, unanswered: 0, calls: 0, explained: [0; DEVIATIONS.len()] }
    }
}

impl Reference {
    /// The engine, set up, and the program that is the reference.
    ///
    /// # Errors
    /// If the engine or a temporary folder can't be had.
    pub fn new(program: &Path) -> Result<Self> {
        Ok(Self {
            runtime: Runtime::new(&RuntimeOptions { interruptible: true, ..RuntimeOptions::default() })?,
            hosts: Hosts::default(),
            folder: TempDir::new()?,
            scripts: generate::comparable(),
            process: RefCell::new(Process::new(program)),
            tally: RefCell::default(),
        })
    }

    /// Counts over the modules so far.
    #[must_use]
    pub fn tally(&self) -> Tally {
        self.tally.borrow().clone()
    }

    /// The list, each with the calls that it explained.
    pub fn deviations(&self) -> impl Iterator<Item = (&'static Deviation, u64)> {
        DEVIATIONS.iter().zip(self.tally().explained)
    }

    /// Runs the module of `seed`.
    ///
    /// # Errors
    /// When the two disagree. The error says on what.
    pub fn case(&self, seed: u64) -> Result<(), Found> {
        let run = |script: Script| self.compare(script).map_err(|wrong| format!("{wrong:#}"));
        let result = seeded::case(seed, &self.scripts, SHRINKING, run);
        result.map_err(|wrong| Found { seed, script: wrong.script, wrong: wrong.what })
    }

    /// First what comes before the end, then that.
    fn compare(&self, script: Script) -> Result<()> {
        self.tally.borrow_mut().modules += 1;
        let is_end = |call: &Call| [EXIT, RAISE].contains(&call.function.as_str());
        let end = script.calls.iter().find(|call| is_end(call)).cloned();
        let calls = script.calls.iter().filter(|call| !is_end(call)).cloned().collect();
        let Some(mut left) = self.without_deviations(Script { calls, ..script })? else { return Ok(()) };
        if let Some(end) = end {
            left.calls.push(end);
            self.without_deviations(left)?;
        }
        Ok(())
    }

    /// Leaves out calls until both agree; what is then left, where both answered.
    fn without_deviations(&self, mut script: Script) -> Result<Option<Script>> {
        loop {
            let Some((ours, theirs)) = self.both(&script)? else {
                self.tally.borrow_mut().unanswered += 1;
                return Ok(None);
            };
            let differing: Vec<_> = differing(&script, &ours, &theirs).collect();
            let Some((number, first)) = differing.first() else {
                alike(&ours, &theirs)?;
                self.tally.borrow_mut().calls += script.calls.len() as u64;
                return Ok(Some(script));
            };
            let Some(deviation) = explanation(first) else {
                let Differing { call, ours, theirs } = first;
                bail!("call {number}, {call:?}, differs:\n  callgate: {ours}\n  wasi-common: {theirs}");
            };
            self.tally.borrow_mut().explained[deviation] += 1;
            let explained = differing.iter().filter(|(_, differing)| explanation(differing).is_some());
            let explained: Vec<_> = explained.map(|(number, _)| *number).collect();
            let mut numbers = 0..;
            script.calls.retain(|_| numbers.next().is_none_or(|number: usize| !explained.contains(&number)));
        }
    }

    /// Runs `script` under both.
    fn both(&self, script: &Script) -> Result<Option<(Ran, Ran)>> {
        let path = self.folder.path().join("module.wasm");
        fs::write(&path, wasm::module(script)?).context("the module can't be written")?;
        let (host, another) = self.hosts.on_disk()?;
        let (system, output) = backends::keeping(host.system, INPUT.as_bytes());
        let mounts = Mounts::writable(host.ground)?;
        let done = run((&self.runtime, TIMEOUT), &path, script, system, &mounts, false)?;
        if done.end == TIME_OVER {
            return Ok(None);
        }
        let ours = Ran::ours(done, output.bytes());
        let mounts = Mounts::writable(another)?;
        let Some(line) = self.process.borrow_mut().ask(&question(&path, &mounts)?)? else { return Ok(None) };
        Ok(Some((ours, Ran::theirs(&line, mounts.checked()?)?)))
    }
}

/// The line that asks the reference to run a module.
fn question(module: &Path, mounts: &Mounts) -> Result<String> {
    let mut line = format!("--listen\t--env\t{}={}\t--stdin\t{INPUT}", VARIABLE.0, VARIABLE.1);
    for (place, name) in mounts.places().context("the ground is nowhere on the host")? {
        write!(line, "\t--dir\t{place}::{name}")?;
    }
    let [name, argument] = ARGUMENTS;
    write!(line, "\t--argv0\t{name}\t{}\t{argument}", module.display())?;
    Ok(line)
}

/// Calls that were answered differently, each with its number.
fn differing<'a>(script: &'a Script, ours: &'a Ran, theirs: &'a Ran) -> impl Iterator<Item = (usize, Differing<'a>)> {
    let answers = ours.answers.iter().zip(&theirs.answers).map(|(ours, theirs)| (*ours, *theirs)).enumerate();
    let differing = answers.filter(|(_, (ours, theirs))| ours != theirs);
    // A run that callgate ended tells of no call.
    let last = script.calls.len().checked_sub(1).filter(|_| ours.answers.is_empty() && ours.end != theirs.end);
    let ending = last.map(|last| (last, (Answer::ending(&ours.end), Answer::ending(&theirs.end))));
    differing
        .chain(ending)
        .map(|(number, (ours, theirs))| (number, Differing { call: &script.calls[number], ours, theirs }))
}

/// The number of the deviation that explains it.
fn explanation(differing: &Differing<'_>) -> Option<usize> {
    DEVIATIONS.iter().position(|deviation| deviation.explains(differing))
}

/// Checks that the ends, the output and the trees are alike.
fn alike(ours: &Ran, theirs: &Ran) -> Result<()> {
    if ours.end != theirs.end {
        bail!("it ends differently:\n  callgate: {}\n  wasi-common: {}", ours.end, theirs.end);
    }
    if ours.printed != theirs.printed {
        let (ours, theirs) = (ours.printed.escape_ascii(), theirs.printed.escape_ascii());
        bail!("it prints differently:\n  callgate: {ours}\n  wasi-common: {theirs}");
    }
    if let Some(path) = compare::different(&ours.tree, &theirs.tree) {
        let (ours, theirs) = (ours.tree.get(&path), theirs.tree.get(&path));
        bail!("the trees afterwards differ at {path}:\n  callgate: {ours:?}\n  wasi-common: {theirs:?}");
    }
    Ok(())
}
