//! Sequences of file operations on all backends at once: every answer and the tree left behind must agree.
//!
//! A sequence that they disagree on is made as short as it goes and printed as Rust, ready for `tests/found.rs`.

mod compare;
mod operation;
mod outcome;
mod reading;
mod rules;
mod script;
pub(crate) mod survey;
mod tally;
pub(crate) mod world;

use std::cell::RefCell;
use std::fmt;

use proptest::strategy::BoxedStrategy;

use crate::backends::Backends;
use crate::seeded;

pub use compare::{Disagreement, agree};
pub use operation::{How, MARKS, Operation, Text, Time, how};
pub use outcome::{Moment, Outcome, Seen, Told};
pub use rules::{Difference, RULES, Rule};
pub(crate) use script::{path as paths, target as targets};
pub use tally::Tally;

/// The maximum number of shorter sequences to try for one that fails.
const SHRINKING: u32 = 20_000;

/// The target: backends, and sequences for them.
pub struct Files {
    backends: Backends,
    scripts: BoxedStrategy<Vec<Operation>>,
    tally: Tally,
}

/// A sequence that backends disagree on, as short as it went.
#[derive(Debug)]
pub struct Found {
    seed: u64,
    script: Vec<Operation>,
    disagreement: String,
}

impl Files {
    /// All backends of this machine.
    #[must_use]
    pub fn new(backends: Backends) -> Self {
        Self { backends, scripts: script::scripts(), tally: Tally::default() }
    }

    /// The names of the backends.
    #[must_use]
    pub fn backends(&self) -> Vec<&'static str> {
        self.backends.names()
    }

    /// Counts over the sequences so far.
    #[must_use]
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Runs the sequence of `seed`.
    ///
    /// # Errors
    /// When the backends disagree. The error is the sequence and the disagreement.
    pub fn case(&mut self, seed: u64) -> Result<(), Found> {
        let tally = RefCell::new(Tally::default());
        let run = |script: Vec<Operation>| {
            let done = compare::compare(&self.backends, &script).map_err(|disagreement| disagreement.to_string())?;
            tally.borrow_mut().add(done);
            Ok(())
        };
        let result = seeded::case(seed, &self.scripts, SHRINKING, run);
        self.tally.add(tally.into_inner());
        result.map_err(|wrong| Found { seed, script: wrong.script.unwrap_or_default(), disagreement: wrong.what })
    }
}

impl fmt::Display for Found {
    /// A test, ready to be pasted.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seed, script, disagreement } = self;
        writeln!(f, "seed {seed}: {disagreement}")?;
        writeln!(f, "\n#[test]\nfn found_by_seed_{seed}() {{\n    agree(&[")?;
        script.iter().try_for_each(|operation| writeln!(f, "        {operation:?},"))?;
        writeln!(f, "    ]);\n}}")
    }
}
