//! Hostile modules of preview1 against the whole host: any call, any descriptor, any address. The host neither panics nor hangs nor
//! takes memory without bounds, and nothing beside the mounts is seen or changed.
//!
//! Half of them are tame: what they do is the same on every system, so all their answers and the trees that they leave have to
//! agree. A module that is not as it should be is made as short as it goes and printed as Rust, ready for `tests/found.rs`.

mod compare;
mod functions;
pub(crate) mod generate;
mod layout;
mod reference;
mod run;
mod script;
mod tally;
mod values;
pub(crate) mod wasm;

use std::cell::RefCell;
use std::fmt;
use std::time::Duration;

use anyhow::Result;
use callgate_wasi::{Runtime, RuntimeOptions};
use proptest::strategy::BoxedStrategy;
use tempfile::TempDir;

use crate::backends::Hosts;
use crate::seeded;
use crate::watch::Watch;

pub use reference::{Deviation, Reference};
pub use script::{Address, Argument, Call, Launch, Memory, Script, call};
pub use tally::Tally;

/// The time limit of a module among many, and the one of a module that is run alone.
const TIMEOUT: Duration = Duration::from_millis(100);
const LONG_TIMEOUT: Duration = Duration::from_secs(300);

/// The maximum number of shorter modules to try for one that fails.
const SHRINKING: u32 = 2_000;

/// The target: an engine, the systems, and modules for them.
pub struct Modules {
    runtime: Runtime,
    hosts: Hosts,
    folder: TempDir,
    watch: Watch,
    tame: BoxedStrategy<Script>,
    wild: BoxedStrategy<Script>,
    tally: Tally,
}

/// A module that something is wrong with, as short as it went.
#[derive(Debug)]
pub struct Found {
    seed: u64,
    script: Option<Script>,
    wrong: String,
}

impl Modules {
    /// The engine, set up.
    ///
    /// # Errors
    /// If the engine or a temporary folder can't be had.
    pub fn new() -> Result<Self> {
        Ok(Self {
            runtime: Runtime::new(&RuntimeOptions { interruptible: true, ..RuntimeOptions::default() })?,
            hosts: Hosts::default(),
            folder: TempDir::new()?,
            watch: Watch::new(),
            tame: generate::scripts(true),
            wild: generate::scripts(false),
            tally: Tally::default(),
        })
    }

    /// Counts over the modules so far.
    #[must_use]
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Runs the module of `seed`.
    ///
    /// # Errors
    /// When the host did something wrong, or the systems disagree. The error says in what.
    pub fn case(&mut self, seed: u64) -> Result<(), Found> {
        let scripts = if seed.is_multiple_of(2) { &self.tame } else { &self.wild };
        let tally = RefCell::new(Tally::default());
        let run = |script: Script| {
            let done = self.run(format!("module {seed}"), &script, TIMEOUT).map_err(|wrong| format!("{wrong:#}"))?;
            tally.borrow_mut().add(done);
            Ok(())
        };
        let result = seeded::case(seed, scripts, SHRINKING, run);
        self.tally.add(tally.into_inner());
        result.map_err(|wrong| Found { seed, script: wrong.script, wrong: wrong.what })
    }

    /// Runs the module of `seed` in memory, observed and not, which it must not notice.
    ///
    /// # Errors
    /// When the module notices. The error says what differs.
    pub fn observed(&mut self, seed: u64) -> Result<(), Found> {
        let run = |script: Script| {
            let path = self.folder.path().join("module.wasm");
            let notices = compare::notices_observers((&self.runtime, LONG_TIMEOUT), &path, &script);
            notices.map_err(|wrong| format!("{wrong:#}"))
        };
        let result = seeded::case(seed, &self.wild, SHRINKING, run);
        result.map_err(|wrong| Found { seed, script: wrong.script, wrong: wrong.what })
    }

    fn run(&self, case: String, script: &Script, timeout: Duration) -> Result<Tally> {
        let path = self.folder.path().join("module.wasm");
        self.watch.over(case, || compare::compare((&self.runtime, timeout), &self.hosts, &path, script))
    }
}

/// Runs a regression on all systems of this machine; what it did.
///
/// # Panics
/// Where the host does wrong, or the systems disagree.
pub fn holds(script: &Script) -> Tally {
    let modules = Modules::new().expect("the engine is set up");
    match modules.run("a regression".to_owned(), script, LONG_TIMEOUT) {
        Ok(tally) => tally,
        Err(wrong) => panic!("{wrong:#}"),
    }
}

impl Found {
    /// The module's.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.seed
    }
}

/// Runs a module in memory, observed and not.
///
/// # Panics
/// If it notices.
pub fn is_unnoticed(script: &Script) {
    let modules = Modules::new().expect("the engine is set up");
    let path = modules.folder.path().join("module.wasm");
    if let Err(wrong) = compare::notices_observers((&modules.runtime, LONG_TIMEOUT), &path, script) {
        panic!("{wrong:#}");
    }
}

impl fmt::Display for Found {
    /// A test, ready to be pasted.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seed, script, wrong } = self;
        writeln!(f, "seed {seed}: {wrong}")?;
        let Some(script) = script else { return Ok(()) };
        writeln!(f, "\n#[test]\nfn found_in_module_{seed}() {{\n    holds(&{script:?});\n}}")
    }
}
