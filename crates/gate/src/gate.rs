//! Passing a call: decide, act, tell.
//!
//! Hazards: the act of a call may itself use the guest's tables, so the gate holds no lock and no borrow while it runs. Telling
//! observers costs the guest time. It must not show in another way, so their clock is not the guest's.

use std::cell::{Cell, OnceCell, RefCell};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use callgate_system::{Error, Interest, Nanoseconds, Native, Result, System, Waiter};

use crate::decide::{ReadOnlyMounts, Rights};
use crate::{
    Call, CallError, Decider, Event, GuestId, NetworkRules, Notice, Observer, Outcome, Reason, Refusal, Reply,
    Resolved, RunEnd, Stack, Verdict,
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
    waiter: RefCell<Option<Box<dyn Waiter>>>,
    /// The end of the run's time, on the system's clock.
    deadline: Cell<Option<Nanoseconds>>,
    last_native: Cell<Option<Native>>,
    last_failed: Cell<&'static str>,
    calls: Cell<u64>,
    /// The number of calls after which the next one is to be told with the guest's stack.
    stack_after: Cell<u64>,
    stack: RefCell<Option<Stack>>,
}

/// For [`Gate::stack_after`]: no call is told with a stack.
const NEVER: u64 = u64::MAX;

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
            waiter: RefCell::default(),
            deadline: Cell::new(None),
            last_native: Cell::new(None),
            last_failed: Cell::new(""),
            calls: Cell::new(0),
            stack_after: Cell::new(NEVER),
            stack: RefCell::new(None),
        }
    }

    /// The same, where `deciders` are asked after the gate's own, and `observers` are told, both in this order.
    #[must_use]
    pub fn attended_by(self, deciders: Vec<Arc<dyn Decider + Send + Sync>>, observers: Vec<Arc<dyn Observer>>) -> Self {
        let is_attended = !deciders.is_empty() || !observers.is_empty();
        let asks_about_paths = deciders.iter().any(|decider| decider.asks_about_paths());
        let gate = Self { deciders, observers, is_attended, asks_about_paths, ..self };
        gate.ask_for_stacks();
        gate
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
            Verdict::Allow | Verdict::Log(_) => act().map_err(Into::into),
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
        self.begin(call);
        let began = self.observed_time();
        let verdict = self.decide(call, None).and(|| self.ask(call, None));
        let act = || self.prepare(call, None, verdict).and_then(|()| act().map_err(Into::into));
        self.end(call, None, began, verdict, act)
    }

    /// Says to whoever hears of the begin of calls that `call` begins.
    pub(crate) fn begin(&self, call: &Call<'_>) {
        self.observers.iter().for_each(|observer| observer.begins(call));
    }

    /// Does what comes between the verdict and the act: an observer hears of a call that is to be noted, and the call waits if it has to.
    pub(crate) fn prepare(
        &self,
        call: &Call<'_>,
        resolved: Option<&Resolved<'_>>,
        verdict: Verdict,
    ) -> Result<(), CallError> {
        if let Verdict::Log(rule) = verdict {
            self.announce(call, resolved, rule)?;
        }
        self.pause(call, resolved)
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
        let logged = if let Verdict::Log(rule) = verdict { Some(rule) } else { None };
        let (result, refused) = match verdict {
            Verdict::Allow | Verdict::Log(_) => (result(), None),
            Verdict::Deny { code, reason } => {
                self.refused(call, reason);
                (Err(Error::new(code).into()), Some(reason))
            }
        };
        let ended = self.observed_time();
        self.note(call, &result);
        let ended_run = result.as_ref().err().and_then(CallError::run_end);
        let value = result.as_ref().map(Reply::value).map_err(CallError::as_error);
        let streams = result.as_ref().ok().and_then(Reply::made_streams);
        let refusal = refused.map(|reason| self.refusal(call, reason));
        let outcome = Outcome { result: value, streams, refusal, logged, ended_run, began, ended };
        let stack = self.stack.take();
        let (guest, sequence) = (self.guest, self.calls.get());
        let event = Event { guest, sequence, call, resolved, outcome, stack: stack.as_ref() };
        self.deciders.iter().for_each(|decider| decider.done(&event));
        let told = self.tell(&event);
        if stack.is_some() {
            self.ask_for_stacks();
        }
        told.and(result)
    }

    /// Asks observers for the next call that they want to see with the guest's stack.
    #[cold]
    fn ask_for_stacks(&self) {
        let from = self.calls.get() + 1;
        let next = self.observers.iter().filter_map(|observer| observer.next_stack(from)).min();
        self.stack_after.set(next.map_or(NEVER, |next| next.max(from) - 1));
    }

    /// True if the guest's stack is to be [shown](Gate::show_stack) before the call that begins now. Runs that no observer samples pay
    /// for a comparison.
    #[must_use]
    #[inline(always)]
    pub fn wants_stack(&self) -> bool {
        self.calls.get() >= self.stack_after.get()
    }

    /// Keeps the guest's stack for the observers of the call that begins now. Where one call of the guest makes several events, the first
    /// has the stack.
    pub fn show_stack(&self, stack: Stack) {
        self.stack.replace(Some(stack));
    }

    /// Waits for as long as a decider wants an allowed call to wait.
    fn pause(&self, call: &Call<'_>, resolved: Option<&Resolved<'_>>) -> Result<(), CallError> {
        let delay = self.deciders.iter().map(|decider| decider.delay(call, resolved)).max().unwrap_or(0);
        if delay == 0 {
            return Ok(());
        }
        let (clock, deadline) = (self.system.clock(), self.deadline.get());
        let until = clock.monotonic().saturating_add(delay).min(deadline.unwrap_or(u64::MAX));
        let mut ready = Vec::new();
        while clock.monotonic() < until {
            self.wait(&[], Some(until), &mut ready)?;
        }
        if deadline.is_some_and(|deadline| deadline <= until) { Err(RunEnd::TimedOut.into()) } else { Ok(()) }
    }

    /// Sleeps as [`Waiter::wait`] says, by the guest's one waiter: to a system whose time is virtual, each waiter is a guest.
    ///
    /// # Errors
    /// Those of the waiter.
    pub fn wait(&self, interests: &[&Interest], until: Option<Nanoseconds>, ready: &mut Vec<usize>) -> Result<()> {
        self.waiter.borrow_mut().get_or_insert_with(|| self.system.waiter()).wait(interests, until, ready)
    }

    /// Makes the guest's waiter, which otherwise comes with the first wait.
    pub fn prepare_to_wait(&self) {
        self.waiter.borrow_mut().get_or_insert_with(|| self.system.waiter());
    }

    /// Ends the run where a call would [wait](Decider::delay) beyond `deadline`, on the system's monotonic clock.
    pub fn end_at(&self, deadline: Nanoseconds) {
        self.deadline.set(Some(deadline));
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

    /// Tells every observer of a call that is to be noted, before it happens.
    #[cold]
    fn announce(&self, call: &Call<'_>, resolved: Option<&Resolved<'_>>, rule: u32) -> Result<(), CallError> {
        let notice = Notice { guest: self.guest, sequence: self.calls.get() + 1, call, resolved, rule };
        self.to_all(|observer| observer.announce(&notice))
    }

    /// Tells every observer, also where one before it failed.
    fn tell(&self, event: &Event<'_>) -> Result<(), CallError> {
        self.to_all(|observer| observer.observe(event))
    }

    fn to_all(&self, tell: impl Fn(&dyn Observer) -> io::Result<()>) -> Result<(), CallError> {
        let mut all_recorded = Ok(());
        for observer in &self.observers {
            if let Err(error) = tell(&**observer) {
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

    /// Tells every decider that a lookup by the guest answered that `name` has `address`.
    pub fn learn(&self, name: &str, address: IpAddr) {
        self.network.learn(name, address);
        self.deciders.iter().for_each(|decider| decider.learn(name, address));
    }

    /// True if every decider lets the guest see a datagram from `from`, which came to a socket that is bound to `local`.
    #[must_use]
    pub fn admits(&self, from: SocketAddr, local: SocketAddr) -> bool {
        self.network.admits(from, local) && self.deciders.iter().all(|decider| decider.admits(from, local))
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
