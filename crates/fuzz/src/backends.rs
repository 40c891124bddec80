//! The backends that this machine has, each on fresh ground for each case.

mod memory;
mod quiet;
#[cfg(unix)]
pub(crate) mod real;
#[cfg(not(unix))]
#[path = "backends/real_nowhere.rs"]
pub(crate) mod real;

use std::sync::Arc;

use callgate_conformance::{Ground, Subject};
use callgate_system::System;

use crate::files::Operation;

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

    /// Whether every one of them can do it: what the host cannot make on one, it makes on none.
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

impl Hosts {
    /// Each of them, with fresh ground on it; memory with streams of its own.
    pub(crate) fn all(&self) -> Vec<(Arc<dyn System>, Box<dyn Ground>)> {
        let (memory, ground) = memory();
        let real = self.real().map(|(_, system, ground)| (system, ground));
        real.chain([(memory, ground)]).collect()
    }

    /// The same with their names, and memory with streams like all the others.
    pub(crate) fn alike(&self) -> Vec<(&'static str, Arc<dyn System>, Box<dyn Ground>)> {
        let (memory, ground) = memory();
        self.real().chain([("memory", quiet(memory), ground)]).collect()
    }

    fn real(&self) -> impl Iterator<Item = (&'static str, Arc<dyn System>, Box<dyn Ground>)> {
        self.real.iter().map(|(name, system)| (*name, Arc::clone(system), real::ground(&**system)))
    }
}

fn quiet(system: Arc<dyn System>) -> Arc<dyn System> {
    Arc::new(quiet::Quiet(system))
}

/// A memory system of its own.
fn memory() -> (Arc<dyn System>, Box<dyn Ground>) {
    let whole = memory::Whole::new();
    (Arc::<callgate_memory::Memory>::clone(&whole.memory), Box::new(whole))
}
