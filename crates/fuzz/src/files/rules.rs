//! Where backends may differ, and why. A rule covers one outcome of one call, never a whole sequence; runs count how often
//! each was needed, and a rule that a long run never needs is to be removed.

use super::operation::Operation;
use super::outcome::{Moment, Outcome, Seen, Told};

/// A call that two backends answered differently; the first backend is the one that the others are compared with.
pub struct Difference<'a> {
    /// The call.
    pub operation: &'a Operation,
    /// The backend that differs from the first.
    pub backend: &'a str,
    /// The answer of the first backend.
    pub first: &'a Outcome,
    /// The answer of the other backend.
    pub other: &'a Outcome,
}

/// A permitted difference. It must leave the same tree behind.
pub struct Rule {
    /// Its name in reports.
    pub name: &'static str,
    /// Why it is none of the contract.
    pub reason: &'static str,
    covers: fn(&Difference<'_>) -> bool,
}

/// All rules.
pub const RULES: &[Rule] = &[Rule {
    name: "access times",
    reason: "whether a reading counts as an access, and when it is written down, is the system's matter (relatime)",
    covers: |difference| match (difference.first, difference.other) {
        (Ok(Told::Stat(first)), Ok(Told::Stat(other))) => {
            let known_again = |seen: &Seen| matches!(seen.accessed, Moment::Mark(_));
            // Two different marks are nobody's reading.
            !(known_again(first) && known_again(other)) && first.without_access() == other.without_access()
        }
        _ => false,
    },
}];

impl Seen {
    fn without_access(&self) -> Self {
        Self { accessed: Moment::Untold, ..self.clone() }
    }
}

/// The rule that covers `difference`, by its place.
pub(crate) fn rule(difference: &Difference<'_>) -> Option<usize> {
    RULES.iter().position(|rule| (rule.covers)(difference))
}
