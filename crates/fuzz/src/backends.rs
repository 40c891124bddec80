//! The backends that this machine has, each on fresh ground for each case.

mod memory;
mod quiet;
#[cfg(unix)]
pub(crate) mod real;
#[cfg(not(unix))]
#[path = "backends/real_nowhere.rs"]
pub(crate) mod real;

use std::sync::Arc;

use anyhow::{Context as _, Result};
use callgate_conformance::{Ground, Subject};
use callgate_system::System;

use crate::files::Operation;

pub(crate) use quiet::Kept;

/// Backends under comparison. The first is the one that the others are compared with.
pub struct Backends {
    subjects: Vec<Box<dyn Subject>>,
    plants_links: bool,
    plants_raw_names: bool,
}

impl Backends {
    /// All of this machine.
    #[must_use]
    pub fn all() -> Self {
        let mut subjects: Vec<Box<dyn Subject>> = real::subjects().collect();
        subjects.push(memory::subject());
        Self::of(subjects)
    }

    /// These.
    #[must_use]
    pub fn of(subjects: Vec<Box<dyn Subject>>) -> Self {
        let all = |can: fn(&dyn Ground) -> bool| subjects.iter().all(|subject| can(&*subject.ground()));
        let plants_links = all(|ground| ground.make_symlink(b"/", "l"));
        let plants_raw_names = all(|ground| ground.make_file(b"\xff", b""));
        Self { subjects, plants_links, plants_raw_names }
    }

    pub(crate) fn names(&self) -> Vec<&'static str> {
        self.subjects.iter().map(|subject| subject.name()).collect()
    }

    pub(crate) fn grounds(&self) -> impl Iterator<Item = (&'static str, Box<dyn Ground>)> {
        self.subjects.iter().map(|subject| (subject.name(), subject.ground()))
    }

    /// True if every backend can do the operation. An entry that the host cannot make on one backend is made on none.
    pub(crate) fn can(&self, operation: &Operation) -> bool {
        match operation {
            Operation::PlantLink { .. } => self.plants_links,
            Operation::PlantRawName => self.plants_raw_names,
            _ => true,
        }
    }
}

/// The systems that guests run on, with standard streams that are nobody's.
pub(crate) struct Hosts {
    real: Vec<(&'static str, Arc<dyn System>)>,
}

impl Default for Hosts {
    fn default() -> Self {
        let quiet = |(name, system)| (name, quiet(system));
        Self { real: real::systems().into_iter().map(quiet).collect() }
    }
}

/// One of them, with fresh ground on it.
pub(crate) struct Host {
    pub(crate) name: &'static str,
    pub(crate) system: Arc<dyn System>,
    pub(crate) ground: Box<dyn Ground>,
}

impl Hosts {
    /// Each of them; memory with streams of its own.
    pub(crate) fn all(&self) -> Vec<Host> {
        self.real().chain([memory()]).collect()
    }

    /// Each of them; memory with streams like all the others.
    pub(crate) fn alike(&self) -> Vec<Host> {
        self.real().chain([Self::in_memory()]).collect()
    }

    /// One in memory, with streams like those of real systems.
    pub(crate) fn in_memory() -> Host {
        let memory = memory();
        Host { system: quiet(memory.system), ..memory }
    }

    /// The first of those that serve real files, and another ground of its own, which another process can be shown.
    ///
    /// # Errors
    /// If there is none.
    pub(crate) fn on_disk(&self) -> Result<(Host, Box<dyn Ground>)> {
        let host = self.real().next().context("no ground for real files is made on this system yet")?;
        let another = real::ground(&*host.system);
        Ok((host, another))
    }

    fn real(&self) -> impl Iterator<Item = Host> {
        self.real.iter().map(|(name, system)| Host {
            name,
            system: Arc::clone(system),
            ground: real::ground(&**system),
        })
    }
}

fn quiet(system: Arc<dyn System>) -> Arc<dyn System> {
    Arc::new(quiet::Quiet::new(system))
}

/// The same system with `input`, and an output that is kept.
pub(crate) fn keeping(system: Arc<dyn System>, input: &[u8]) -> (Arc<dyn System>, Arc<Kept>) {
    let output = Arc::new(Kept::default());
    (Arc::new(quiet::Quiet::kept(system, input, &output)), output)
}

/// A memory system of its own.
fn memory() -> Host {
    let whole = memory::Whole::new();
    let system = Arc::<callgate_memory::Memory>::clone(&whole.memory);
    Host { name: "memory", system, ground: Box::new(whole) }
}
