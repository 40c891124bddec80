//! Hostile guests against the whole host. Whatever they do, the host neither panics nor hangs nor takes memory without bounds, and
//! nothing outside their mounts changes: a run ends with an exit code, a trap, its time, or not loaded at all.
//!
//! Components are made and run ([`Guests::component`]) and broken ([`Guests::garbage`]), and compiled, which is refused
//! ([`Guests::compiled`]). Modules of preview1 are another target (`modules`).

mod compiled;
mod garbage;
mod harvest;
mod host;
mod interface;
mod layout;
mod lower;
mod module;
mod value;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use callgate_wasi::{Exit, Program, Runtime, RuntimeOptions};
use fastrand::Rng;
use tempfile::TempDir;

use crate::backends::{Host, Hosts};
use crate::watch::Watch;
use host::Loopback;
use interface::Interface;

/// The target: an engine, and what guests find.
pub struct Guests {
    interface: Interface,
    runtime: Runtime,
    hosts: Hosts,
    loopback: Loopback,
    folder: TempDir,
    watch: Watch,
    /// How cases ended.
    ends: BTreeMap<(&'static str, String), u64>,
}

impl Guests {
    /// The engine, set up; the interface is read from the folder `wit`.
    ///
    /// # Errors
    /// Where the engine, a temporary folder or the loopback can't be had.
    pub fn new(wit: &Path) -> Result<Self> {
        let runtime = Runtime::new(&RuntimeOptions { interruptible: true, cache: None })?;
        Ok(Self {
            interface: Interface::read(wit)?,
            runtime,
            hosts: Hosts::default(),
            loopback: Loopback::new()?,
            folder: TempDir::new()?,
            watch: Watch::new(),
            ends: BTreeMap::new(),
        })
    }

    /// How `"component"`, `"garbage"` and `"compiled"` ended so far, and how often.
    pub fn ends(&self) -> impl Iterator<Item = (&'static str, &str, u64)> {
        self.ends.iter().map(|((what, end), count)| (*what, end.as_str(), *count))
    }

    /// A component that calls the interface at random.
    ///
    /// # Errors
    /// What the host did wrong.
    pub fn component(&mut self, seed: u64) -> Result<()> {
        let bytes = module::component(&self.interface, seed, self.loopback.port)?;
        self.try_out("component", &bytes, seed)
    }

    /// A file that is not quite a component.
    ///
    /// # Errors
    /// What the host did wrong.
    pub fn garbage(&mut self, seed: u64) -> Result<()> {
        let mut random = Rng::with_seed(seed);
        let good = match random.u32(0..4) {
            0 => garbage::TEXT.as_bytes().to_vec(),
            _ => module::component(&self.interface, random.u64(0..16), self.loopback.port)?,
        };
        let bytes = garbage::broken(&good, &mut random);
        self.try_out("garbage", &bytes, seed)
    }

    /// A file of machine code, or nearly.
    ///
    /// # Errors
    /// What the host did wrong.
    pub fn compiled(&mut self, seed: u64) -> Result<()> {
        let mut random = Rng::with_seed(seed);
        let component = module::component(&self.interface, random.u64(0..4), self.loopback.port)?;
        let path = self.file(&component)?;
        let code = self.runtime.load(&path)?.serialize()?;
        let bytes = compiled::hostile(&code, &mut random);
        let path = self.file(&bytes)?;
        let end = self.watch.over(format!("compiled {seed}"), || {
            // All that may be done with it unasked: to tell what it says of itself.
            let told = Program::precompiled(&path);
            let Err(error) = self.runtime.load(&path) else { return Ok("loaded") };
            ensure!(
                error.is_machine_code() == bytes.starts_with(compiled::MAGIC),
                "it is taken for something else: {error}"
            );
            ensure!(told.is_some() == error.is_machine_code(), "it tells {told:?} of itself");
            Ok(if error.is_machine_code() { "refused" } else { "not loaded" })
        })?;
        // Text may be followed by nothing but text, and a binary by sections.
        ensure!(end != "loaded", "machine code was loaded without the flag");
        *self.ends.entry(("compiled", end.to_owned())).or_default() += 1;
        Ok(())
    }

    fn file(&self, bytes: &[u8]) -> Result<PathBuf> {
        let path = self.folder.path().join("program.wasm");
        fs::write(&path, bytes).context("the program can't be written")?;
        Ok(path)
    }

    /// Loads a file and runs it on every system.
    fn try_out(&mut self, what: &'static str, bytes: &[u8], seed: u64) -> Result<()> {
        let path = self.file(bytes)?;
        let ends = self.watch.over(format!("{what} {seed}"), || self.load_and_run(&path, seed))?;
        for end in ends {
            *self.ends.entry((what, end)).or_default() += 1;
        }
        Ok(())
    }

    /// How it ended, on each system.
    fn load_and_run(&self, path: &Path, seed: u64) -> Result<Vec<String>> {
        let Ok(program) = self.runtime.load(path) else { return Ok(vec!["not loaded".to_owned()]) };
        if program.check().is_err() {
            return Ok(vec!["not linked".to_owned()]);
        }
        let mut ends = Vec::new();
        for Host { name, system, ground } in self.hosts.all() {
            let mut random = Rng::with_seed(seed);
            let exit = host::run(&program, system, ground, &self.loopback, &mut random).context(name)?;
            ends.push(match exit {
                Exit::Code(_) => "exit code".to_owned(),
                Exit::Trap(trap) => format!("trap: {}", crate::kind(&trap.reason)),
                Exit::TimedOut(_) => "time over".to_owned(),
                other => other.to_string(),
            });
        }
        Ok(ends)
    }
}
