//! The suite judged by itself: against a system that has nothing, with and without that being known.

use std::ffi::OsStr;
use std::sync::Arc;

use callgate_conformance::{
    CALLS, Deviation, Ground, Report, Stranger, Subject, Support, Verdict, run, unknown_deviations,
};
use callgate_system::{
    AddressFamily, Clock, Code, Directory, Interest, Kind, Lookup, Network, Random, Result, Socket, Stdio, System,
    Timestamp, Waiter,
};

/// Has files and streams that refuse every call, a clock that stands still, and random bytes that are not.
struct Nothing;

impl Clock for Nothing {
    fn monotonic(&self) -> u64 {
        0
    }
    fn monotonic_resolution(&self) -> u64 {
        0
    }
    fn wall(&self) -> Timestamp {
        Timestamp { seconds: 1_000_000_000, nanoseconds: 0 }
    }
    fn wall_resolution(&self) -> u64 {
        1
    }
}

impl Random for Nothing {
    fn fill(&self, _: &mut [u8]) -> Result<()> {
        Ok(())
    }
}

impl Network for Nothing {
    fn socket(&self, _: Kind, _: AddressFamily) -> Result<Arc<dyn Socket>> {
        Err(Code::Unsupported.into())
    }
    fn resolve(&self, _: &str) -> Result<Arc<dyn Lookup>> {
        Err(Code::Unsupported.into())
    }
}

impl Waiter for Nothing {
    fn wait(&mut self, _: &[&Interest], _: Option<u64>, _: &mut Vec<usize>) -> Result<()> {
        panic!("nothing waits")
    }
}

impl System for Nothing {
    fn name(&self) -> &'static str {
        "nothing"
    }
    fn open_root(&self, _: &OsStr) -> Result<Arc<dyn Directory>> {
        Ok(Arc::new(Stranger))
    }
    fn clock(&self) -> &dyn Clock {
        self
    }
    fn random(&self) -> &dyn Random {
        self
    }
    fn network(&self) -> &dyn Network {
        self
    }
    fn stdio(&self) -> Stdio {
        Stdio { stdin: Arc::new(Stranger), stdout: Arc::new(Stranger), stderr: Arc::new(Stranger) }
    }
    fn waiter(&self) -> Box<dyn Waiter> {
        Box::new(Nothing)
    }
}

impl Ground for Nothing {
    fn root(&self) -> Arc<dyn Directory> {
        Arc::new(Stranger)
    }
}

struct Subjected(&'static [Deviation]);

impl Subject for Subjected {
    fn name(&self) -> &'static str {
        "nothing"
    }
    fn system(&self) -> &dyn System {
        &Nothing
    }
    fn ground(&self) -> Box<dyn Ground> {
        Box::new(Nothing)
    }
    fn deviations(&self) -> &'static [Deviation] {
        self.0
    }
}

fn verdict<'a>(report: &'a Report, name: &str) -> &'a Verdict {
    &report.outcomes.iter().find(|outcome| outcome.name == name).expect("such a case").verdict
}

fn support(report: &Report, call: &str) -> Support {
    report.calls().iter().find(|row| row.call == call).expect("such a call").support
}

#[test]
fn failures_say_what_was_expected_and_what_came() {
    let report = run(&Subjected(&[]), Some("clocks"));
    assert!(!report.is_clean());
    let Verdict::Failed { expected, got } = verdict(&report, "the monotonic clock's step is at least 1 and constant")
    else {
        panic!("{report}");
    };
    assert!(expected.starts_with("resolution >= 1 ("), "{expected}");
    assert_eq!(got, "not so");
    assert_eq!(*verdict(&report, "the wall clock is plausible"), Verdict::Passed);
    assert_eq!(support(&report, "Clock::monotonic_resolution"), Support::Broken);
    assert_eq!(support(&report, "Clock::wall"), Support::Works);
    assert!(report.to_string().contains("FAILED clocks/the monotonic clock's step"), "{report}");
}

#[test]
fn a_panic_is_a_failure_of_its_case_alone() {
    let report = run(&Subjected(&[]), Some("waiting"));
    let Verdict::Failed { got, .. } = verdict(&report, "nothing to wait for is invalid") else { panic!("{report}") };
    assert_eq!(got, "panic: nothing waits");
    assert_eq!(*verdict(&report, "writing nothing is nothing"), Verdict::Passed);
}

#[test]
fn what_cannot_be_set_up_is_skipped_with_its_reason() {
    let report = run(&Subjected(&[]), Some("reading"));
    assert_eq!(*verdict(&report, "at the end is 0"), Verdict::Skipped("unsupported: a new file".into()));
    assert_eq!(support(&report, "File::read_at"), Support::Untested);
    let report = run(&Subjected(&[]), Some("special"));
    let reason = Verdict::Skipped("the host makes no Fifo".into());
    assert_eq!(*verdict(&report, "a pipe opens to read at once"), reason);
}

#[test]
fn a_known_deviation_is_not_a_failure_until_it_is_gone() {
    const STEP: &str = "clocks/the monotonic clock's step is at least 1 and constant";
    const KNOWN: &[Deviation] = &[Deviation { what: STEP, reason: "it stands still" }];
    let report = run(&Subjected(KNOWN), Some("clocks"));
    assert!(report.is_clean(), "{report}");
    assert_eq!(report.counts(None).deviating, 1);
    assert_eq!(support(&report, "Clock::monotonic_resolution"), Support::Partly);
    assert!(report.to_string().contains("deviates: it stands still: clocks/the monotonic"), "{report}");

    const STALE: &[Deviation] =
        &[Deviation { what: "clocks/the wall clock is plausible", reason: "it was not" }, KNOWN[0]];
    let report = run(&Subjected(STALE), Some("clocks"));
    assert!(!report.is_clean());
    assert_eq!(report.stale, &STALE[..1]);
    assert!(report.to_string().contains("STALE clocks/the wall clock is plausible"), "{report}");
    // A group that does not hold the case says nothing of it.
    assert!(run(&Subjected(&STALE[..1]), Some("links")).stale.is_empty());
}

#[test]
fn a_call_that_is_not_there_is_one_deviation() {
    const KNOWN: &[Deviation] = &[Deviation { what: "Random::fill", reason: "no source" }];
    let report = run(&Subjected(KNOWN), Some("random"));
    assert!(report.is_clean(), "{report}");
    assert_eq!(support(&report, "Random::fill"), Support::Unsupported);
    assert_eq!(report.data(), "nothing\tRandom::fill\tunsupported\t1\t3\t0\t0\n");
    let notes = report.notes();
    assert_eq!(notes.lines().count(), 3);
    assert!(notes.lines().all(|line| line.starts_with("nothing\tdeviates\trandom/")), "{notes}");
    assert!(notes.lines().all(|line| line.ends_with("\tno source")), "{notes}");
}

#[test]
fn a_deviation_that_names_no_case_is_found_out() {
    const KNOWN: &[Deviation] = &[
        Deviation { what: "clocks/no such case", reason: "" },
        Deviation { what: "File::read_at", reason: "" },
        Deviation { what: "paths_open/plain names: open to read f", reason: "" },
    ];
    assert_eq!(unknown_deviations(&Subjected(KNOWN)), ["clocks/no such case"]);
}

#[test]
fn every_call_is_in_the_table() {
    let report = run(&Subjected(&[]), None);
    let calls: Vec<&str> = report.calls().iter().map(|row| row.call).collect();
    assert_eq!(calls, CALLS);
    assert_eq!(report.data().lines().count(), CALLS.len());
}
