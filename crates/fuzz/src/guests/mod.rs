//! Hostile guests against the whole host. Whatever they do, the host neither panics nor hangs nor takes memory without bounds, and
//! nothing outside their mounts changes: a run ends with an exit code, a trap, its time, or not loaded at all.
//!
//! Components are made and run ([`Guests::component`]) and broken ([`Guests::garbage`]), and compiled, which is refused
//! ([`Guests::compiled`]); and bound in both ways, which must not show ([`Guests::both_ways`]). Modules of preview1 are another target (`modules`).

mod compiled;
mod garbage;
mod harvest;
mod host;
mod interface;
mod layout;
mod lower;
mod module;
mod value;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, Result, bail, ensure};
use callgate_wasi::{Binding, Bound, Exit, Program, ProgramFile, Runtime, RuntimeOptions};
use fastrand::Rng;
use tempfile::TempDir;
use wit_parser::{LiftLowerAbi, ManglingAndAbi};

use crate::backends::{Host, Hosts};
use crate::watch::Watch;
use host::{Grants, Loopback};
use interface::Interface;

/// The target: an engine, and what guests find.
pub struct Guests {
    interface: Interface,
    /// The same by the older names, which adapters have.
    by_older_names: Interface,
    runtime: Runtime,
    /// One that binds components by the engine.
    engine: Runtime,
    hosts: Hosts,
    loopback: Loopback,
    folder: TempDir,
    watch: Watch,
    /// The ends of cases, and how often each came.
    ends: BTreeMap<(&'static str, String), u64>,
}

impl Guests {
    /// The engine, set up; the interface is read from the folder `wit`.
    ///
    /// # Errors
    /// Where the engine, a temporary folder or the loopback can't be had.
    pub fn new(wit: &Path) -> Result<Self> {
        let runtime = Runtime::new(&RuntimeOptions { interruptible: true, ..RuntimeOptions::default() })?;
        let options = RuntimeOptions { interruptible: true, binding: Binding::Engine, ..RuntimeOptions::default() };
        Ok(Self {
            interface: Interface::read(wit, ManglingAndAbi::Standard32)?,
            by_older_names: Interface::read(wit, ManglingAndAbi::Legacy(LiftLowerAbi::Sync))?,
            runtime,
            engine: Runtime::new(&options)?,
            hosts: Hosts::default(),
            loopback: Loopback::new()?,
            folder: TempDir::new()?,
            watch: Watch::new(),
            ends: BTreeMap::new(),
        })
    }

    /// The ends of `"component"`, `"garbage"`, `"compiled"` and `"direct"` so far, and how often each came.
    pub fn ends(&self) -> impl Iterator<Item = (&'static str, &str, u64)> {
        self.ends.iter().map(|((what, end), count)| (*what, end.as_str(), *count))
    }

    /// A component that calls the interface at random.
    ///
    /// # Errors
    /// When the host did something wrong. The error says what.
    pub fn component(&mut self, seed: u64) -> Result<()> {
        let bytes = module::component(&self.interface, seed, self.loopback.port)?;
        self.try_out("component", &bytes, seed)
    }

    /// A file that is not quite a component.
    ///
    /// # Errors
    /// When the host did something wrong. The error says what.
    pub fn garbage(&mut self, seed: u64) -> Result<()> {
        let mut random = Rng::with_seed(seed);
        let good = match random.u32(0..4) {
            0 => garbage::TEXT.as_bytes().to_vec(),
            1 => module::adapted(&self.by_older_names, random.u64(0..16), self.loopback.port)?,
            _ => module::component(&self.interface, random.u64(0..16), self.loopback.port)?,
        };
        let bytes = garbage::broken(&good, &mut random);
        self.try_out("garbage", &bytes, seed)
    }

    /// A file of machine code, or nearly.
    ///
    /// # Errors
    /// When the host did something wrong. The error says what.
    pub fn compiled(&mut self, seed: u64) -> Result<()> {
        let mut random = Rng::with_seed(seed);
        let component = module::component(&self.interface, random.u64(0..4), self.loopback.port)?;
        let path = self.file(&component)?;
        let code = self.runtime.load(&path)?.serialize()?;
        let bytes = compiled::hostile(&code, &mut random);
        let path = self.file(&bytes)?;
        let end = self.watch.over(format!("compiled {seed}"), || {
            // All that may be done with it unasked: to tell what it says of itself.
            let told = ProgramFile::open(&path).ok().and_then(|file| file.precompiled());
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

    /// Loads and runs a program, and returns how it ended on each system.
    fn load_and_run(&self, path: &Path, seed: u64) -> Result<Vec<String>> {
        let Ok(program) = self.runtime.load(path) else { return Ok(vec!["not loaded".to_owned()]) };
        if program.check().is_err() {
            return Ok(vec!["not linked".to_owned()]);
        }
        let mut ends = Vec::new();
        for Host { name, system, ground } in self.hosts.all() {
            let mut random = Rng::with_seed(seed);
            let grants = Grants::at_random(&mut random);
            let trace: Option<Box<dyn Write + Send>> = if random.bool() { Some(Box::new(io::sink())) } else { None };
            let exit = host::run(&program, system, ground, &self.loopback, &grants, "hostile", trace).context(name)?;
            ends.push(kind_of(exit));
        }
        Ok(ends)
    }

    /// A component that calls the interface at random, of one module or of a main module and an adapter, bound directly and by the engine:
    /// the same calls, answers and end.
    ///
    /// # Errors
    /// When the two bindings differ. The error says in what.
    pub fn both_ways(&mut self, seed: u64) -> Result<()> {
        let component = match seed % 2 {
            0 => module::component(&self.interface, seed, self.loopback.port)?,
            _ => module::adapted(&self.by_older_names, seed, self.loopback.port)?,
        };
        let path = self.file(&component)?;
        let (both, grants) = (self.both(&path)?, Grants::at_random(&mut Rng::with_seed(seed)));
        let end = self.watch.over(format!("direct {seed}"), || self.same(&both, &grants, "hostile"))?.end;
        *self.ends.entry(("direct", end)).or_default() += 1;
        Ok(())
    }

    /// Every function of the interface with one argument that is wrong, in all the ways in which one can be, bound directly and by the
    /// engine: the same calls, answers and end. Yields the functions that were called, and how many calls were wrong.
    ///
    /// # Errors
    /// When the two bindings differ. The error says in what.
    pub fn wrong_calls(&mut self) -> Result<(BTreeSet<String>, usize)> {
        let (mut called, mut count) = (BTreeSet::new(), 0);
        for number in 0..self.interface.imports.len() {
            let name = self.interface.imports[number].name.clone();
            let (component, cases) = module::wrong_calls(&self.interface, number, self.loopback.port)?;
            let path = self.file(&component)?;
            let both = self.both(&path)?;
            for (case, wrong) in cases.iter().enumerate() {
                let end =
                    self.watch.over(format!("{name}, {wrong}"), || self.same(&both, &Grants::all(), &"x".repeat(case)));
                let end = end.with_context(|| format!("{name}, {wrong}"))?;
                // A call is `time interface-less.name(…`.
                called.extend(
                    end.trace.lines().filter_map(|line| Some(line.split_once(' ')?.1.split_once('(')?.0.to_owned())),
                );
                count += 1;
            }
        }
        Ok((called, count))
    }

    /// The program in this file, bound in both ways.
    fn both(&self, path: &Path) -> Result<[Program; 2]> {
        let directly = self.runtime.load(path)?;
        ensure!(directly.bound() == Bound::Directly, "it is bound otherwise: {:?}", directly.bound());
        Ok([directly, self.engine.load(path)?])
    }

    /// The result of both runs of a program, which must be the same.
    fn same(&self, [directly, by_the_engine]: &[Program; 2], grants: &Grants, argument: &str) -> Result<Traced> {
        let (one, other) = (self.traced(directly, grants, argument)?, self.traced(by_the_engine, grants, argument)?);
        let is_over = |end: &str| end == TIME_OVER;
        if !is_over(&one.end) && !is_over(&other.end) {
            // The engine gives the reason of a trap in its own words, callgate in others.
            let is_trap = |line: &str| line.starts_with("+++ trapped: ");
            let mut lines =
                one.trace.lines().zip(other.trace.lines()).filter(|(one, other)| !(is_trap(one) && is_trap(other)));
            if let Some((one, other)) = lines.find(|(one, other)| one != other) {
                bail!("they differ:\n  directly: {one}\n  by the engine: {other}");
            }
            let (lines, of_other) = (one.trace.lines().count(), other.trace.lines().count());
            ensure!(lines == of_other, "one makes {lines} calls, and the other {of_other}");
        }
        Ok(one)
    }

    /// A run on the system in memory, which is the same each time.
    fn traced(&self, program: &Program, grants: &Grants, argument: &str) -> Result<Traced> {
        let trace = Trace::default();
        let Host { system, ground, .. } = Hosts::in_memory();
        let out = Box::new(trace.clone());
        let exit = host::run(program, system, ground, &self.loopback, grants, argument, Some(out))?;
        let trace = String::from_utf8_lossy(&trace.0.lock().unwrap_or_else(PoisonError::into_inner)).into_owned();
        Ok(Traced { end: kind_of(exit), trace })
    }
}

/// Components that call the interface at random.
pub(crate) struct Components(Interface);

impl Components {
    /// Of the interface that is in the folder `wit`.
    pub(crate) fn read(wit: &Path) -> Result<Self> {
        Ok(Self(Interface::read(wit, ManglingAndAbi::Standard32)?))
    }

    /// The one of a seed. `port` is one that it may use.
    pub(crate) fn of_seed(&self, seed: u64, port: u16) -> Result<Vec<u8>> {
        module::component(&self.0, seed, port)
    }
}

/// The end and the trace of a run.
struct Traced {
    end: String,
    trace: String,
}

/// A trace that is kept.
#[derive(Clone, Default)]
struct Trace(Arc<Mutex<Vec<u8>>>);

impl Write for Trace {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

const TIME_OVER: &str = "time over";

fn kind_of(exit: Exit) -> String {
    match exit {
        Exit::Code(_) => "exit code".to_owned(),
        Exit::Trap(trap) => format!("trap: {}", crate::kind(&trap.reason)),
        Exit::TimedOut(_) => TIME_OVER.to_owned(),
        other => other.to_string(),
    }
}
