//! One behaviour suite for every backend: what is tested here is the contract, what is not is no promise.
//!
//! A backend's test supplies a [`Subject`] (its system, fresh roots, the hand of the host where it has one, and its
//! known deviations) and expands [`conformance!`], which makes one `#[test]` per group:
//!
//! ```text
//! callgate_conformance::conformance!(openat2, Kernel::with_openat2(true));
//! ```
//!
//! The heart is one table of paths × operations (`paths/table.rs`); the groups of `behaviour/` test the rest.
//!
//! Hazards: a case must not depend on timing or order, nor on any network but loopback, and it sees files only through the system under
//! test, so a survey that lies the same way as the call it checks would pass; what lies outside the root is therefore
//! looked at by the host itself ([`Ground::outside`]).

#[macro_use]
mod check;
mod behaviour;
mod case;
mod many_sockets;
mod paths;
mod real;
mod report;
mod stage;
mod subject;
mod tree;
#[cfg(unix)]
pub mod unix;
#[cfg(windows)]
pub mod windows;

#[cfg(unix)]
use crate::unix as host;
#[cfg(windows)]
use crate::windows as host;

pub use behaviour::Stranger;
pub use case::{CALLS, Case, GROUPS, suite};
pub use check::{Check, Failure};
pub use many_sockets::many_sockets;
pub use report::{CallReport, Counts, Outcome, Report, Support, Verdict};
pub use subject::{Deviation, Ground, Peers, Subject};

/// Runs the cases of `group` (all of them, where `None`) against `subject`.
#[must_use]
pub fn run(subject: &dyn Subject, group: Option<&str>) -> Report {
    let cases: Vec<Case> = suite().into_iter().filter(|case| group.is_none_or(|group| case.group == group)).collect();
    report::judge(subject, &cases)
}

/// The body of a generated `#[test]`. Runs one group, prints its report, and leaves its data in the directory that
/// `CALLGATE_CONFORMANCE_OUT` names, for the table in docs/calls.md and the list of what was skipped.
///
/// # Panics
/// Where a case fails, or a known deviation no longer deviates.
pub fn assert_group(subject: &dyn Subject, group: &str) {
    let report = run(subject, Some(group));
    if let Some(directory) = std::env::var_os("CALLGATE_CONFORMANCE_OUT") {
        let file = |kind| std::path::Path::new(&directory).join(format!("{}.{group}.{kind}", subject.name()));
        let written = std::fs::create_dir_all(&directory)
            .and_then(|()| std::fs::write(file("tsv"), report.data()))
            .and_then(|()| std::fs::write(file("notes"), report.notes()));
        written.expect("report written");
    }
    assert!(report.is_clean(), "\n{report}");
    println!("{report}");
}

/// Makes a module `$name` with one `#[test]` per group of the suite, run against the [`Subject`] that `$subject` makes.
#[macro_export]
macro_rules! conformance {
    ($name:ident, $subject:expr) => {
        $crate::conformance!(@tests $name, $subject;
            paths_open paths_attributes paths_links paths_names located
            opening reading writing sizes attributes identity naming links directories special handles
            clocks random waiting tcp udp lookup readiness security);
    };
    (@tests $name:ident, $subject:expr; $($group:ident)*) => {
        mod $name {
            use super::*;

            $(#[test] fn $group() { $crate::assert_group(&$subject, stringify!($group)); })*

            #[test]
            fn every_group_is_tested() {
                assert_eq!($crate::GROUPS, &[$(stringify!($group)),*]);
            }

            #[test]
            fn every_known_deviation_names_a_case() {
                assert_eq!($crate::unknown_deviations(&$subject), Vec::<String>::new());
            }
        }
    };
}

/// The known deviations of `subject` that name no case of the suite.
#[must_use]
pub fn unknown_deviations(subject: &dyn Subject) -> Vec<String> {
    let cases = suite();
    let unknown = |deviation: &&Deviation| !cases.iter().any(|case| deviation.covers(case));
    subject.deviations().iter().filter(unknown).map(|deviation| deviation.what.to_owned()).collect()
}
