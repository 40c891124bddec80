//! A comparison of two runs by their stored traces: where the second did something else, and how often each call came.
//!
//! Both traces are read side by side, so that files of any size take no memory. What differs between any two runs of a program does not
//! count: times, clocks, random bytes, the numbers of handles, addresses that the system chose. `alike.rs` says what counts.

mod alike;
mod show;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::io::BufRead;

use callgate_system::Untrusted;

use crate::stored::{Header, ReadError, Reader, Record};
use alike::are_alike;

/// Functions that are counted one by one.
const MOST: usize = 512;

/// Bytes of a function's name that are kept.
const NAME: usize = 128;

/// The function that stands for those beyond.
const OTHERS: &str = "(others)";

/// The difference between two runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Diff {
    /// The first place at which they are not alike; none where they are.
    pub first: Option<Divergence>,
    /// How often each function was called, by its name.
    pub counts: BTreeMap<String, Counts>,
}

/// A place at which two runs are not alike: a line for each, escaped and bounded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Divergence {
    /// The first run's.
    pub first: String,
    /// The second run's.
    pub second: String,
}

/// Calls of a function in both runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// In the first.
    pub first: u64,
    /// In the second.
    pub second: u64,
}

/// One of the traces can't be read.
#[derive(Debug)]
pub enum DiffError {
    /// The first.
    First(ReadError),
    /// The second.
    Second(ReadError),
}

/// Compares two traces.
///
/// # Errors
/// Those of [`Reader::next`].
pub fn diff<A: BufRead, B: BufRead>(mut first: Reader<A>, mut second: Reader<B>) -> Result<Diff, DiffError> {
    let mut diff = Diff { first: compare_headers(first.header(), second.header()), ..Diff::default() };
    loop {
        let ends = {
            let (one, other) = (first.next().map_err(DiffError::First)?, second.next().map_err(DiffError::Second)?);
            diff.count(one.as_ref(), |counts| &mut counts.first);
            diff.count(other.as_ref(), |counts| &mut counts.second);
            if diff.first.is_none() && !are_alike(one.as_ref(), other.as_ref()) {
                diff.first =
                    Some(Divergence { first: show::record(one.as_ref()), second: show::record(other.as_ref()) });
            }
            one.is_none() && other.is_none()
        };
        if ends {
            return Ok(diff);
        }
    }
}

fn compare_headers(first: &Header, second: &Header) -> Option<Divergence> {
    let differ = first.arguments != second.arguments;
    differ.then(|| Divergence { first: show::arguments(first), second: show::arguments(second) })
}

impl Diff {
    /// True if both runs did the same.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    fn count(&mut self, record: Option<&Record<'_>>, side: fn(&mut Counts) -> &mut u64) {
        let Some(Record::Call(call)) = record else { return };
        let name = &call.call[..call.call.floor_char_boundary(NAME)];
        let name = if self.counts.len() < MOST || self.counts.contains_key(name) { name } else { OTHERS };
        match self.counts.get_mut(name) {
            Some(counts) => *side(counts) += 1,
            None => *side(self.counts.entry(name.to_owned()).or_default()) += 1,
        }
    }

    /// The difference in words, where `names` are the traces'.
    #[must_use]
    pub fn text(&self, names: (&str, &str)) -> String {
        let mut out = String::new();
        // Writing to a string can't fail.
        self.write(names, &mut out).ok();
        out
    }

    fn write(&self, (first, second): (&str, &str), out: &mut String) -> fmt::Result {
        let total = |side: fn(&Counts) -> u64| self.counts.values().map(side).sum::<u64>();
        let Some(divergence) = &self.first else {
            return writeln!(out, "the runs did the same: {} calls", total(|counts| counts.first));
        };
        writeln!(out, "--- {}\n+++ {}", Untrusted::new(first), Untrusted::new(second))?;
        writeln!(out, "the first difference:\n- {}\n+ {}\n", divergence.first, divergence.second)?;
        writeln!(out, "{:>10} {:>10} {:>11}  calls", "---", "+++", "difference")?;
        let all = Counts { first: total(|counts| counts.first), second: total(|counts| counts.second) };
        let rows = self.counts.iter().map(|(name, counts)| (name.as_str(), *counts));
        for (name, counts) in rows.chain([("all", all)]) {
            let Counts { first, second } = counts;
            let more = match i128::from(second) - i128::from(first) {
                0 => String::new(),
                more => format!("{more:+}"),
            };
            writeln!(out, "{first:>10} {second:>10} {more:>11}  {}", Untrusted::new(name))?;
        }
        Ok(())
    }
}
