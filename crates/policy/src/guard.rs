//! A policy at work: the decider of a run, which says what it refuses, and takes up a changed file.
//!
//! The policy is one pointer, which a reload replaces: a call is decided on by the old rules or by the new ones, never by some of both.
//! A file that can't be read, or is wrong, changes nothing.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::Duration;

use arc_swap::ArcSwap;
use callgate_gate::{Call, Decider, Event, Reason, Resolved, Value, Verdict};
use callgate_system::{Code, Nanoseconds, System};

use crate::aspect;
use crate::error::PolicyError;
use crate::glob::Case;
use crate::limit::Meter;
use crate::limits::Limits;
use crate::policy::{Policy, default_code};
use crate::report::Refused;
use crate::rule::Rule;
use crate::source::State;

/// Refusals that are told in full.
const TOLD: usize = 10;

/// Answers of lookups that a new policy is told of.
const ANSWERS: usize = 1024;

/// How often the files are looked at.
const INTERVAL: Duration = Duration::from_secs(1);

/// Takes the lines for a person, each without an end.
pub type Say = Box<dyn Fn(&str) + Send + Sync>;

/// How a policy is put to work.
#[derive(Clone, Copy, Debug, Default)]
pub struct Duty {
    /// Tell what would be refused, and refuse nothing.
    pub dry_run: bool,
    /// The SHA-256 of the program's file, for rules that name programs.
    pub program: Option<[u8; 32]>,
    /// How names compare where nobody tells of the place.
    pub case: Case,
}

/// The decider that a policy is.
pub struct Guard {
    policy: ArcSwap<Policy>,
    path: PathBuf,
    duty: Duty,
    limits: Limits,
    system: Arc<dyn System>,
    say: Say,
    refused: AtomicU64,
    told: Mutex<Vec<String>>,
    answers: Mutex<VecDeque<(String, IpAddr)>>,
}

impl Guard {
    /// Reads the policy in the file at `path`. Rates go by the clock of `system`. `say` takes a line for each refusal, up to ten different
    /// ones, and for each reload.
    ///
    /// # Errors
    /// If a file can't be read, or says what is not understood.
    pub fn load(path: &Path, duty: Duty, system: Arc<dyn System>, say: Say) -> Result<Self, PolicyError> {
        let policy = Policy::load(path, duty.program)?.comparing(duty.case);
        Ok(Self {
            limits: policy.limits(),
            policy: ArcSwap::from_pointee(policy),
            path: path.to_owned(),
            duty,
            system,
            say,
            refused: AtomicU64::new(0),
            told: Mutex::default(),
            answers: Mutex::default(),
        })
    }

    /// The policy that holds now.
    #[must_use]
    pub fn policy(&self) -> Arc<Policy> {
        self.policy.load_full()
    }

    /// The refusals so far, those of a dry run included.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// The limits that the policy named when the run began. None hold in a dry run.
    #[must_use]
    pub fn limits(&self) -> Limits {
        if self.duty.dry_run { Limits::default() } else { self.limits }
    }

    /// What to say at the end of a run: how many refusals there were, where not all of them were told.
    #[must_use]
    pub fn summary(&self) -> Option<String> {
        let (all, told) = (self.refused(), lock(&self.told).len() as u64);
        let verb = if self.duty.dry_run { "would have refused" } else { "refused" };
        (all > told)
            .then(|| format!("{} {verb} {all} calls; {told} different ones are told above", self.policy.load().name()))
    }

    /// Reads the files again; the new rules hold from the next call on.
    ///
    /// # Errors
    /// Those of [`Guard::load`]; then the old rules hold on.
    pub fn reload(&self) -> Result<(), PolicyError> {
        let mut policy = Policy::load(&self.path, self.duty.program)?.comparing(self.duty.case);
        if self.duty.program.is_none() && policy.names_programs() {
            let message = "names a program, which the rules of before did not; run the program again for that";
            return Err(PolicyError::of_file(&self.path, message));
        }
        policy.go_on_from(&self.policy.load());
        // Held until the new rules hold, so that no answer is learned by the old ones alone.
        let answers = lock(&self.answers);
        answers.iter().for_each(|(name, address)| policy.learn(name, *address));
        self.policy.store(Arc::new(policy));
        drop(answers);
        Ok(())
    }

    /// Looks at the files each second, on a thread of its own, and takes up what changed, until the guard is dropped.
    ///
    /// # Errors
    /// If no thread can be had.
    pub fn watch(self: &Arc<Self>) -> io::Result<()> {
        let (guard, seen) = (Arc::downgrade(self), self.policy.load().states_read());
        thread::Builder::new().name("policy".into()).spawn(move || watch(&guard, seen)).map(drop)
    }

    /// The verdict of the rules and totals, dry run or not. Says nothing: a call may be asked about more than once.
    fn judge(policy: &Policy, call: &Call<'_>, resolved: Option<&Resolved<'_>>) -> Verdict {
        let verdict = policy.decide(call, resolved);
        if policy.limited.is_empty() { verdict } else { verdict.and(|| within_totals(policy, call, resolved)) }
    }

    fn now(&self) -> Nanoseconds {
        self.system.observer_clock().monotonic()
    }

    #[cold]
    fn refuse(&self, policy: &Policy, call: &Call<'_>, resolved: Option<&Resolved<'_>>, reason: Reason) {
        self.refused.fetch_add(1, Ordering::Relaxed);
        let mut told = lock(&self.told);
        if told.len() == TOLD {
            return;
        }
        let line = Refused { policy, call, resolved, reason }.line();
        if told.contains(&line) {
            return;
        }
        (self.say)(&if self.duty.dry_run { format!("would refuse: {line}") } else { line.clone() });
        told.push(line);
    }
}

impl Decider for Guard {
    fn decide(&self, call: &Call<'_>, resolved: Option<&Resolved<'_>>) -> Verdict {
        match Self::judge(&self.policy.load(), call, resolved) {
            Verdict::Deny { .. } if self.duty.dry_run => Verdict::Allow,
            verdict => verdict,
        }
    }

    /// A file that is read again may have rules about paths.
    fn asks_about_paths(&self) -> bool {
        true
    }

    fn delay(&self, call: &Call<'_>, resolved: Option<&Resolved<'_>>) -> Nanoseconds {
        let policy = self.policy.load();
        if policy.limited.is_empty() || self.duty.dry_run {
            return 0;
        }
        let rates = policy.limits_on(call, resolved).filter(|(_, rule, _)| rule.rate.is_some());
        rates.map(|(.., meter)| meter.delay(self.now())).max().unwrap_or(0)
    }

    fn done(&self, event: &Event<'_>) {
        let policy = self.policy.load();
        let refused = match &event.outcome.refusal {
            Some(refusal) => {
                Some(refusal.reason).filter(|reason| matches!(reason, Reason::NotAllowed | Reason::Rule(_)))
            }
            None if self.duty.dry_run => match Self::judge(&policy, event.call, event.resolved) {
                Verdict::Deny { reason, .. } => Some(reason),
                _ => None,
            },
            None => None,
        };
        if let Some(reason) = refused {
            self.refuse(&policy, event.call, event.resolved, reason);
        }
        if policy.limited.is_empty() || event.outcome.refusal.is_some() {
            return;
        }
        for (_, rule, meter) in policy.limits_on(event.call, event.resolved) {
            meter.count(event.bytes(), rule.rate, self.now());
        }
    }

    fn learn(&self, name: &str, address: IpAddr) {
        let mut answers = lock(&self.answers);
        if !answers.iter().any(|(known, of)| known == name && *of == address) {
            if answers.len() == ANSWERS {
                answers.pop_front();
            }
            answers.push_back((name.to_owned(), address));
        }
        // Under the lock, so that no reload comes between.
        self.policy.load().learn(name, address);
    }

    fn admits(&self, from: SocketAddr, local: SocketAddr) -> bool {
        self.duty.dry_run || self.policy.load().admits(from, local)
    }
}

/// Denies what a total has no room for.
fn within_totals(policy: &Policy, call: &Call<'_>, resolved: Option<&Resolved<'_>>) -> Verdict {
    let bytes = call.arguments().map(|(_, value)| if let Value::Bytes(bytes) = value { bytes.len() as u64 } else { 0 });
    let bytes = bytes.sum();
    let is_full = |rule: &Rule, meter: &Meter| rule.total.is_some_and(|total| meter.is_used_up(total, bytes));
    let full = policy.limits_on(call, resolved).find(|(_, rule, meter)| is_full(rule, meter));
    let Some((number, ..)) = full else { return Verdict::Allow };
    Verdict::Deny { code: used_up(call), reason: Reason::Rule(u32::try_from(number).unwrap_or(u32::MAX)) }
}

/// Reloads when a file has changed. Rules that can't be read are told of once for each mistake, and read again until they can be: the mistake may
/// be in a file that the old rules do not include.
fn watch(guard: &Weak<Guard>, mut seen: Vec<Option<State>>) {
    let mut mistake = None;
    loop {
        thread::sleep(INTERVAL);
        let Some(guard) = guard.upgrade() else { return };
        let found = guard.policy.load().states_now();
        if found == seen {
            continue;
        }
        match guard.reload() {
            Ok(()) => {
                let policy = guard.policy.load();
                let but = if policy.limits() == guard.limits { "" } else { "; its [limits] hold from the next run on" };
                (guard.say)(&format!("{} was read again, and holds now{but}", policy.name()));
                seen = guard.policy.load().states_read();
                mistake = None;
            }
            Err(error) => {
                let error = error.to_string();
                if mistake.as_ref() != Some(&error) {
                    (guard.say)(&format!("{error}; the rules of before hold on"));
                    mistake = Some(error);
                }
            }
        }
    }
}

/// The error of a call for which a total has no room.
pub(crate) fn used_up(call: &Call<'_>) -> Code {
    match default_code(aspect::of(call).as_slice()[0]) {
        Code::Access => Code::Quota,
        other => other,
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
