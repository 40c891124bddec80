//! Where callgate answers otherwise than `wasi-common`, on purpose: the only list of that.

use super::answer::Answer;
use crate::modules::script::Call;

/// A call that two hosts answered differently.
pub(super) struct Differing<'a> {
    pub(super) call: &'a Call,
    pub(super) ours: Answer,
    pub(super) theirs: Answer,
}

/// Answers that differ, and why.
pub struct Deviation {
    /// Functions; every one where there is none.
    calls: &'static [&'static str],
    when: fn(&Differing<'_>) -> bool,
    /// What we do, and by whose word.
    pub reason: &'static str,
}

impl Deviation {
    pub(super) fn explains(&self, differing: &Differing<'_>) -> bool {
        let is_named = self.calls.is_empty() || self.calls.contains(&differing.call.function.as_str());
        is_named && (self.when)(differing)
    }
}

/// All of them.
pub(super) const DEVIATIONS: &[Deviation] = &[];
