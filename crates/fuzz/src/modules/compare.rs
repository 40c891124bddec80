//! One module on all systems: what each call answers, how the run ends and the tree that it leaves must agree, where the module is tame
//! and had time enough.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use callgate_wasi::Runtime;

use super::run::{Done, TIME_OVER, run};
use super::script::Script;
use super::tally::Tally;
use super::wasm;
use crate::backends::{Host, Hosts};
use crate::files::survey::Tree;
use crate::mounts::Mounts;

/// Runs `script` on each system, for no longer than the runtime comes with; what it did.
pub(crate) fn compare(runtime: (&Runtime, Duration), hosts: &Hosts, path: &Path, script: &Script) -> Result<Tally> {
    fs::write(path, wasm::module(script)?).context("the module can't be written")?;
    let mut done = Vec::new();
    for Host { name, system, ground } in hosts.alike() {
        let mounts = Mounts::new(ground, script.quota).context(name)?;
        done.push((name, run(runtime, path, script, system, &mounts, false).context(name)?));
    }
    let mut tally = Tally::default();
    done.iter().for_each(|(_, done)| tally.end(&done.end));
    if !script.tame || done.iter().any(|(_, done)| done.end == TIME_OVER) {
        return Ok(tally);
    }
    let Some(((_, first), others)) = done.split_first() else { return Ok(tally) };
    tally.compared(script, first);
    for (number, call) in script.calls.iter().enumerate() {
        let answer = |done: &Done| done.answers.get(number).copied();
        if others.iter().any(|(_, other)| answer(other) != answer(first)) {
            bail!("call {number}, {call:?}, differs:{}", all(&done, |done| show(answer(done))));
        }
    }
    if others.iter().any(|(_, other)| other.end != first.end) {
        bail!("it ends differently:{}", all(&done, |done| done.end.clone()));
    }
    if let Some(path) = others.iter().find_map(|(_, other)| different(&first.tree, &other.tree)) {
        let node = |done: &Done| done.tree.get(&path).map_or_else(|| "nothing".to_owned(), |node| format!("{node:?}"));
        bail!("the trees afterwards differ at {path}:{}", all(&done, node));
    }
    Ok(tally)
}

/// Runs `script` in memory, observed and not.
///
/// # Errors
/// If the two runs differ.
pub(crate) fn notices_observers(runtime: (&Runtime, Duration), path: &Path, script: &Script) -> Result<()> {
    fs::write(path, wasm::module(script)?).context("the module can't be written")?;
    let run = |is_observed| {
        let Host { system, ground, .. } = Hosts::in_memory();
        run(runtime, path, script, system, &Mounts::new(ground, script.quota)?, is_observed)
    };
    let (alone, observed) = (run(false)?, run(true)?);
    ensure!(alone == observed, "alone: {alone:?}\nobserved: {observed:?}");
    Ok(())
}

/// A line for each system.
fn all(done: &[(&str, Done)], show: impl Fn(&Done) -> String) -> String {
    let mut text = String::new();
    for (name, done) in done {
        // Nothing fails that writes to a text.
        let _ = write!(text, "\n  {name}: {}", show(done));
    }
    text
}

/// An answer: the error number, and what else was told.
fn show(answer: Option<u64>) -> String {
    let Some(answer) = answer else { return "none".to_owned() };
    let (errno, memory, told) = (answer as u16, (answer >> 16) as u16, (answer >> 32) as u32);
    let done = if errno == 0 { format!("success, {told}") } else { format!("error {errno}") };
    format!("{done}, and memory of {memory:04x}")
}

pub(super) fn different(first: &Tree, other: &Tree) -> Option<String> {
    first.keys().chain(other.keys()).find(|path| first.get(*path) != other.get(*path)).cloned()
}
