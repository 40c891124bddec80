//! Counts of the rules that sequences needed, and of each call with each of its outcomes. They show when a generator no longer gets
//! anywhere.

use std::collections::BTreeMap;

use super::operation::Operation;
use super::outcome::{Outcome, Told};
use super::rules::{RULES, Rule};

/// Counts over some sequences.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    rules: [u64; RULES.len()],
    calls: BTreeMap<(String, &'static str), u64>,
}

impl Tally {
    pub(crate) fn rule(&mut self, rule: usize) {
        self.rules[rule] += 1;
    }

    pub(crate) fn call(&mut self, operation: &Operation, outcome: &Outcome) {
        let outcome = match outcome {
            Ok(Told::NoHandle) => "no handle",
            Ok(_) => "ok",
            Err(code) => code.name(),
        };
        *self.calls.entry((operation.name(), outcome)).or_default() += 1;
    }

    /// Adds another's.
    pub fn add(&mut self, other: Self) {
        self.rules.iter_mut().zip(other.rules).for_each(|(sum, count)| *sum += count);
        for (call, count) in other.calls {
            *self.calls.entry(call).or_default() += count;
        }
    }

    /// Each rule with how often it was needed.
    pub fn rules(&self) -> impl Iterator<Item = (&'static Rule, u64)> {
        RULES.iter().zip(self.rules)
    }

    /// Each kind of call with what came of it (`"ok"`, `"no handle"`, or the code's name), and how often.
    pub fn calls(&self) -> impl Iterator<Item = (&str, &'static str, u64)> {
        self.calls.iter().map(|((call, outcome), count)| (call.as_str(), *outcome, *count))
    }

    /// All calls on handles that were there.
    #[must_use]
    pub fn done(&self) -> u64 {
        self.calls().filter(|(_, outcome, _)| *outcome != "no handle").map(|(_, _, count)| count).sum()
    }
}
