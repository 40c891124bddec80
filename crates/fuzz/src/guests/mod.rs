//! Hostile guests against the whole host. Whatever they do, the host neither panics nor hangs nor takes memory without bounds, and
//! nothing outside their mounts changes: a run ends with an exit code, a trap, its time, or not loaded at all.
//!
//! Components are made and run ([`Guests::component`]) and broken ([`Guests::garbage`]). Modules of preview1 are another target
//! (`modules`).

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
use std::path::Path;

use anyhow::{Context as _, Result};
use callgate_wasi::{Exit, Runtime, RuntimeOptions};
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

    /// How runs of `"component"` and `"garbage"` ended so far, and how often.
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

    /// Loads a file and runs it on every system.
    fn try_out(&mut self, what: &'static str, bytes: &[u8], seed: u64) -> Result<()> {
        let path = self.folder.path().join("program.wasm");
        fs::write(&path, bytes).context("the program can't be written")?;
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
            let exit = host::run(&program, system, &*ground, &self.loopback, &mut random).context(name)?;
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
