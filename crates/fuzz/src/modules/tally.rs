//! Counts of how modules ended, and of each function with each error number that it answered. They show when a generator no longer
//! gets anywhere.

use std::collections::BTreeMap;

use super::functions::GROW;
use super::run::Done;
use super::script::Script;

/// Counts over some modules.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    compared: u64,
    calls: BTreeMap<(String, u32), u64>,
    ends: BTreeMap<String, u64>,
}

impl Tally {
    /// A run on one system.
    pub(crate) fn end(&mut self, end: &str) {
        *self.ends.entry(crate::kind(end)).or_default() += 1;
    }

    /// A module that was compared; `done` is what it did on the first system.
    pub(crate) fn compared(&mut self, script: &Script, done: &Done) {
        self.compared += 1;
        for (call, answer) in script.calls.iter().zip(&done.answers).filter(|(call, _)| call.function != GROW) {
            *self.calls.entry((call.function.clone(), u32::from(*answer as u16))).or_default() += 1;
        }
    }

    /// Adds another's.
    pub(crate) fn add(&mut self, other: Self) {
        self.compared += other.compared;
        other.calls.into_iter().for_each(|(call, count)| *self.calls.entry(call).or_default() += count);
        other.ends.into_iter().for_each(|(end, count)| *self.ends.entry(end).or_default() += count);
    }

    /// The number of modules that all systems had to agree on.
    #[must_use]
    pub fn modules(&self) -> u64 {
        self.compared
    }

    /// Each function with the error numbers that it answered in modules that were compared (0 is success), and how often.
    pub fn calls(&self) -> impl Iterator<Item = (&str, u32, u64)> {
        self.calls.iter().map(|((function, errno), count)| (function.as_str(), *errno, *count))
    }

    /// The ends of runs on any system, and how often each came.
    pub fn ends(&self) -> impl Iterator<Item = (&str, u64)> {
        self.ends.iter().map(|(end, count)| (end.as_str(), *count))
    }
}
