//! Running cases, and their results: per group for people, per call for docs/calls.md.

use std::collections::BTreeMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::paths::Planted;
use crate::{CALLS, Case, Check, Deviation, Failure, GROUPS, Subject};

/// The result of one case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// As the contract says.
    Passed,
    /// Not so.
    Failed {
        /// The behaviour that the contract demands.
        expected: String,
        /// The behaviour seen.
        got: String,
    },
    /// The subject cannot be asked; why.
    Skipped(String),
    /// Not as the contract says, and known; why.
    Deviates(String),
}

/// One case and its result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Its group.
    pub group: &'static str,
    /// Its name.
    pub name: String,
    /// The call it is about.
    pub call: &'static str,
    /// Its result.
    pub verdict: Verdict,
}

/// The number of cases with each result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// As the contract says.
    pub passed: usize,
    /// Not so.
    pub failed: usize,
    /// Not asked.
    pub skipped: usize,
    /// Known not to be so.
    pub deviating: usize,
}

/// The extent to which a backend supports a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Support {
    /// Every case passed.
    Works,
    /// Some cases deviate, each for a known reason.
    Partly,
    /// The backend doesn't have it, and says so in its deviations.
    Unsupported,
    /// A case failed.
    Broken,
    /// No case was run.
    Untested,
}

impl Support {
    /// The word in tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Works => "works",
            Self::Partly => "partly",
            Self::Unsupported => "unsupported",
            Self::Broken => "broken",
            Self::Untested => "untested",
        }
    }
}

/// One row of the table of calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallReport {
    /// One of [`CALLS`].
    pub call: &'static str,
    /// The extent to which the backend supports it.
    pub support: Support,
    /// The cases about it.
    pub counts: Counts,
}

/// The results of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The subject's name.
    pub subject: &'static str,
    /// Every case that was run.
    pub outcomes: Vec<Outcome>,
    /// Known deviations whose cases were run and all passed: to be struck off the list.
    pub stale: Vec<Deviation>,
    unsupported: Vec<&'static str>,
}

pub(crate) fn judge(subject: &dyn Subject, cases: &[Case]) -> Report {
    let known = subject.deviations();
    let (mut outcomes, mut planted) = (Vec::new(), None);
    for case in cases {
        let verdict = match attempt(subject, case, &mut planted) {
            Ok(()) => Verdict::Passed,
            Err(Failure::Skip(reason)) => Verdict::Skipped(reason),
            Err(Failure::Wrong { expected, got }) => match known.iter().find(|deviation| deviation.covers(case)) {
                Some(deviation) => Verdict::Deviates(deviation.reason.to_owned()),
                None => Verdict::Failed { expected, got },
            },
        };
        outcomes.push(Outcome { group: case.group, name: case.name.to_string(), call: case.call, verdict });
    }
    let is_stale = |deviation: &&Deviation| {
        let covered = || cases.iter().zip(&outcomes).filter(|(case, _)| deviation.covers(case));
        covered().any(|(_, outcome)| outcome.verdict == Verdict::Passed)
            && !covered().any(|(_, outcome)| matches!(outcome.verdict, Verdict::Deviates(_)))
    };
    let stale = known.iter().filter(is_stale).copied().collect();
    let unsupported = known.iter().map(|deviation| deviation.what).filter(|what| CALLS.contains(what)).collect();
    Report { subject: subject.name(), outcomes, stale, unsupported }
}

/// Runs one case; a panic, the backend's or the suite's own, is a failure like any other.
fn attempt<'a>(subject: &'a dyn Subject, case: &Case, planted: &mut Option<Planted<'a>>) -> Check {
    if let Some(reason) = subject.skips(case.group) {
        return Err(Failure::Skip(reason.to_owned()));
    }
    catch_unwind(AssertUnwindSafe(|| case.run(subject, planted))).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
        Err(Failure::wrong("no panic", format!("panic: {}", text.unwrap_or("of an unknown kind"))))
    })
}

impl Counts {
    fn of<'a>(outcomes: impl Iterator<Item = &'a Outcome>) -> Self {
        let mut counts = Self::default();
        for outcome in outcomes {
            *match outcome.verdict {
                Verdict::Passed => &mut counts.passed,
                Verdict::Failed { .. } => &mut counts.failed,
                Verdict::Skipped(_) => &mut counts.skipped,
                Verdict::Deviates(_) => &mut counts.deviating,
            } += 1;
        }
        counts
    }
}

impl Report {
    /// True if nothing failed and no known deviation is stale.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.stale.is_empty() && self.counts(None).failed == 0
    }

    /// The counts of one group, or of all.
    #[must_use]
    pub fn counts(&self, group: Option<&str>) -> Counts {
        Counts::of(self.outcomes.iter().filter(|outcome| group.is_none_or(|group| outcome.group == group)))
    }

    /// One row for each call that a case was about, in the order of [`CALLS`].
    #[must_use]
    pub fn calls(&self) -> Vec<CallReport> {
        let row = |call: &'static str| {
            let mut outcomes = self.outcomes.iter().filter(|outcome| outcome.call == call).peekable();
            outcomes.peek()?;
            let counts = Counts::of(outcomes);
            let support = match counts {
                Counts { failed: 1.., .. } => Support::Broken,
                _ if self.unsupported.contains(&call) => Support::Unsupported,
                Counts { deviating: 1.., .. } => Support::Partly,
                Counts { passed: 0, .. } => Support::Untested,
                _ => Support::Works,
            };
            Some(CallReport { call, support, counts })
        };
        CALLS.iter().copied().filter_map(row).collect()
    }

    /// [`Report::calls`] as tab-separated lines: subject, call, support, passed, deviating, skipped, failed.
    ///
    /// To join the lines of several groups about one call, add the counts; of the supports the first of broken,
    /// unsupported, partly, works, untested holds.
    #[must_use]
    pub fn data(&self) -> String {
        let line = |row: CallReport| {
            let Counts { passed, failed, skipped, deviating } = row.counts;
            let support = row.support.name();
            format!("{}\t{}\t{support}\t{passed}\t{deviating}\t{skipped}\t{failed}\n", self.subject, row.call)
        };
        self.calls().into_iter().map(line).collect()
    }
}

impl Report {
    /// The cases that were skipped or deviate, as tab-separated lines: subject, which of both, case, reason.
    #[must_use]
    pub fn notes(&self) -> String {
        let line = |outcome: &Outcome| {
            let (what, reason) = match &outcome.verdict {
                Verdict::Skipped(reason) => ("skipped", reason),
                Verdict::Deviates(reason) => ("deviates", reason),
                Verdict::Passed | Verdict::Failed { .. } => return None,
            };
            let reason = reason.replace(['\t', '\n'], " ");
            Some(format!("{}\t{what}\t{}/{}\t{reason}\n", self.subject, outcome.group, outcome.name))
        };
        self.outcomes.iter().filter_map(line).collect()
    }
}

impl fmt::Display for Report {
    /// A line of counts per group; then what was skipped and what deviates, by reason; then every failure.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<44} passed failed skipped deviating", self.subject)?;
        for group in GROUPS {
            let Counts { passed, failed, skipped, deviating } = self.counts(Some(group));
            if passed + failed + skipped + deviating > 0 {
                writeln!(f, "  {group:<42} {passed:>6} {failed:>6} {skipped:>7} {deviating:>9}")?;
            }
        }
        let mut reasons = BTreeMap::<(&str, &str), Vec<String>>::new();
        for outcome in &self.outcomes {
            let name = format!("{}/{}", outcome.group, outcome.name);
            match &outcome.verdict {
                Verdict::Passed => {}
                Verdict::Skipped(reason) => reasons.entry(("skipped", reason)).or_default().push(name),
                Verdict::Deviates(reason) => reasons.entry(("deviates", reason)).or_default().push(name),
                Verdict::Failed { expected, got } => {
                    writeln!(f, "  FAILED {name}\n      expected: {expected}\n      got:      {got}")?;
                }
            }
        }
        for ((what, reason), names) in reasons {
            writeln!(f, "  {what}: {reason}: {}", names.join(", "))?;
        }
        for deviation in &self.stale {
            writeln!(f, "  STALE {}: no longer deviates; strike it off the list", deviation.what)?;
        }
        Ok(())
    }
}
