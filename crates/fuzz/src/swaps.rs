//! Names that are swapped under the feet of every backend that serves real files: the stress of `callgate-conformance`, for as
//! many rounds as one likes.

use std::panic::{AssertUnwindSafe, catch_unwind};

use anyhow::{Result, bail};
use callgate_conformance::unix::swap::{Link, stress, stress_file, stress_located};
use callgate_system::System;

use crate::backends::real;

/// One stress, over.
pub struct Stressed {
    /// The backend.
    pub backend: &'static str,
    /// The kinds of objects that were swapped.
    pub what: &'static str,
    /// The number of rounds.
    pub rounds: u32,
}

/// Each stress on each backend, `rounds` of it; with `mounts`, directories are mounted meanwhile, which needs the right to, and a
/// mount namespace of this process's own. `done` is told of each.
///
/// # Errors
/// Where something outside was seen or changed.
pub fn run(rounds: u32, mounts: bool, mut done: impl FnMut(&Stressed)) -> Result<()> {
    let links = if mounts { "links, moved directories and mounts" } else { "links and moved directories" };
    let half = rounds / 2;
    for (backend, system) in real::systems() {
        let mut one = |what, rounds, work: &dyn Fn(&dyn System)| match catch_unwind(AssertUnwindSafe(|| work(&*system)))
        {
            Ok(()) => {
                done(&Stressed { backend, what, rounds });
                Ok(())
            }
            Err(panic) => bail!("{backend}, {what}: {}", crate::panicked(&*panic)),
        };
        one(links, rounds, &|system| {
            stress(system, Link::Absolute, mounts, half);
            stress(system, Link::Relative, mounts, rounds - half);
        })?;
        one("a file and a link", rounds, &|system| stress_file(system, rounds))?;
        one("located names and links", rounds, &|system| stress_located(system, rounds))?;
    }
    Ok(())
}
