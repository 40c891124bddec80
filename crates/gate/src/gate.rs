//! Passing a call: decide, act, tell.
//!
//! Hazards: the act of a call may itself use the guest's tables, so the gate holds no lock and no borrow while it runs. Telling
//! observers costs the guest time. It must not show in another way, so their clock is not the guest's.

use std::cell::{Cell, OnceCell};
use std::io;
use std::sync::Arc;

use callgate_system::{Error, Nanoseconds, Native, Result, System};

use crate::decide::{ReadOnlyMounts, Rights};
use crate::{
    Call, CallError, Decider, Event, GuestId, NetworkRules, Observer, Outcome, Reason, Refusal, Reply, Resolved,
    RunEnd, Verdict,
};

/// One guest's gate.
pub struct Gate {
    guest: GuestId,
    system: Arc<dyn System>,
    network: NetworkRules,
    deciders: Vec<Arc<dyn Decider + Send + Sync>>,
    observers: Vec<Arc<dyn Observer>>,
    /// True if there are such deciders or observers: the one thing that a call of an unwatched guest asks for.
    is_attended: bool,
    /// True if one of them has rules about paths.
    asks_about_paths: bool,
    unrecorded: OnceCell<io::Error>,
    last_native: Cell<Option<Native>>,
    last_failed: Cell<&'static str>,
    calls: Cell<u64>,
}

impl Gate {
    /// A gate for one guest of `system`, which may do on the network what `network` permits.
    #[must_use]
    pub fn new(guest: GuestId, system: Arc<dyn System>, network: NetworkRules) -> Self {
        Self {
            guest,
            system,
            network,
            deciders: Vec::new(),
            observers: Vec::new(),
            is_attended: false,
            asks_about_paths: false,
            unrecorded: OnceCell::new(),
            last_native: Cell::new(None),
            last_failed: Cell::new(""),
            calls: Cell::new(0),
        }
    }

    /// The same, where `deciders` are asked after the gate's own, and `observers` are told, both in this order.
    #[must_use]
    pub fn attended_by(self, deciders: Vec<Arc<dyn Decider + Send + Sync>>, observers: Vec<Arc<dyn Observer>>) -> Self {
        let is_attended = !deciders.is_empty() || !observers.is_empty();
        let asks_about_paths = deciders.iter().any(|decider| decider.asks_about_paths());
        Self { deciders, observers, is_attended, asks_about_paths, ..self }
    }

    /// Lets `act` happen, unless `call` is denied, and notes what became of it.
    ///
    /// # Errors
    /// Those of `act`; the code of whoever denied it: [`Code::ReadOnly`](callgate_system::Code::ReadOnly) for a change below a read-only
    /// mount, [`Code::AccessDenied`](callgate_system::Code::AccessDenied) for what no rule permits on the network,
    /// [`Code::Invalid`](callgate_system::Code::Invalid) to look up what is no name; [`RunEnd::Unrecorded`] for what happened and could
    /// not be recorded.
    #[inline]
    pub fn pass<T: Reply, E: Into<CallError>>(
        &self,
        call: Call<'_>,
        act: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, CallError> {
        if self.is_attended {
            return self.pass_attended(&call, act);
        }
        let result = match self.decide(&call, None) {
            Verdict::Allow => act().map_err(Into::into),
            Verdict::Deny { code, reason } => {
                self.refused(&call, reason);
                Err(Error::new(code).into())
            }
        };
        self.note(&call, &result);
        result
    }

    #[cold]
    fn pass_attended<T: Reply, E: Into<CallError>>(
        &self,
        call: &Call<'_>,
        act: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, CallError> {
        let began = self.observed_time();
        let verdict = self.decide(call, None).and(|| self.ask(call, None));
        self.end(call, None, began, verdict, || act().map_err(Into::into))
    }

    /// Asks the deciders that the gate was given.
    pub(crate) fn ask(&self, call: &Call<'_>, resolved: Option<&Resolved<'_>>) -> Verdict {
        let decide =
            |verdict: Verdict, decider: &Arc<dyn Decider + Send + Sync>| verdict.and(|| decider.decide(call, resolved));
        self.deciders.iter().fold(Verdict::Allow, decide)
    }

    /// Notes and tells how a call ended that began at `began`: `result` says it, unless `verdict` denied the call.
    pub(crate) fn end<T: Reply>(
        &self,
        call: &Call<'_>,
        resolved: Option<&Resolved<'_>>,
        began: Nanoseconds,
        verdict: Verdict,
        result: impl FnOnce() -> Result<T, CallError>,
    ) -> Result<T, CallError> {
        let (result, refused) = match verdict {
            Verdict::Allow => (result(), None),
            Verdict::Deny { code, reason } => {
                self.refused(call, reason);
                (Err(Error::new(code).into()), Some(reason))
            }
        };
        let ended = self.observed_time();
        self.note(call, &result);
        let ended_run = result.as_ref().err().and_then(CallError::run_end);
        let value = result.as_ref().map(Reply::value).map_err(CallError::as_error);
        let refusal = refused.map(|reason| self.refusal(call, reason));
        let outcome = Outcome { result: value, refusal, ended_run, began, ended };
        self.tell(&Event { guest: self.guest, sequence: self.calls.get(), call, resolved, outcome })?;
        result
    }

    /// Asks the gate's own deciders. Where the call is known to the compiler, as in a host function, nothing is left of those that it
    /// does not concern.
    #[inline(always)]
    pub(crate) fn decide(&self, call: &Call<'_>, resolved: Option<&Resolved<'_>>) -> Verdict {
        Rights
            .decide(call, resolved)
            .and(|| ReadOnlyMounts.decide(call, resolved))
            .and(|| self.network.decide(call, resolved))
    }

    /// Keeps what would have permitted `call`, for whoever wonders why the program failed.
    #[cold]
    fn refused(&self, call: &Call<'_>, reason: Reason) {
        if let (Reason::MissingRule, Some(access)) = (reason, call.network_access()) {
            self.network.refused(access);
        }
    }

    fn refusal(&self, call: &Call<'_>, reason: Reason) -> Refusal {
        let access = call.network_access().filter(|_| reason == Reason::MissingRule);
        Refusal { reason, missing: access.map(|access| self.network.missing(access)) }
    }

    #[inline]
    fn note<T>(&self, call: &Call<'_>, result: &Result<T, CallError>) {
        self.calls.set(self.calls.get() + 1);
        if let Err(error) = result {
            self.note_failure(call, error);
        }
    }

    #[cold]
    fn note_failure(&self, call: &Call<'_>, error: &CallError) {
        self.last_native.set(error.as_error().native);
        self.last_failed.set(call.function());
    }

    /// Tells every observer, also where one before it failed.
    fn tell(&self, event: &Event<'_>) -> Result<(), CallError> {
        let mut all_recorded = Ok(());
        for observer in &self.observers {
            if let Err(error) = observer.observe(event) {
                self.unrecorded.get_or_init(|| error);
                all_recorded = Err(RunEnd::Unrecorded.into());
            }
        }
        all_recorded
    }

    pub(crate) fn observed_time(&self) -> u64 {
        if self.observers.is_empty() { 0 } else { self.system.observer_clock().monotonic() }
    }

    /// True if somebody besides the gate itself decides on calls or is told of them.
    #[must_use]
    pub fn is_attended(&self) -> bool {
        self.is_attended
    }

    /// True if a decider has rules about paths: then calls that name paths have to pass by [`Gate::pass_reaching`].
    #[must_use]
    #[inline]
    pub fn asks_about_paths(&self) -> bool {
        self.asks_about_paths
    }

    /// Why a call could not be recorded, where that ended the run.
    #[must_use]
    pub fn unrecorded(&self) -> Option<&io::Error> {
        self.unrecorded.get()
    }

    /// The network rules of the guest.
    #[must_use]
    pub fn network(&self) -> &NetworkRules {
        &self.network
    }

    /// The native error behind the last call that failed; none when no call failed yet, or when the sandbox refused it.
    #[must_use]
    pub fn last_native(&self) -> Option<Native> {
        self.last_native.get()
    }

    /// The function of the last call that failed; empty when none did.
    #[must_use]
    pub fn last_failed(&self) -> &'static str {
        self.last_failed.get()
    }

    /// The number of calls that have ended. While a call is under way, this is the number of those before it.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.calls.get()
    }
}
