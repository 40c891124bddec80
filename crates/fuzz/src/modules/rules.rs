//! Where systems may answer a tame module differently, and why. As of the files (`files/rules.rs`), a rule covers one answer of one
//! call, and one that a long run never needs is to be removed.

use super::script::Call;

/// A call that two systems answered differently; the first system is the one that the others are compared with.
pub struct Difference<'a> {
    /// The call.
    pub call: &'a Call,
    /// The system that differs from the first.
    pub system: &'a str,
    /// What the first one answered.
    pub first: Option<u64>,
    /// What the other did.
    pub other: Option<u64>,
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
pub const RULES: &[Rule] = &[];

/// The rule that covers `difference`, by its place.
pub(crate) fn rule(difference: &Difference<'_>) -> Option<usize> {
    RULES.iter().position(|rule| (rule.covers)(difference))
}
