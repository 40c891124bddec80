//! The operations of a system, those in calls apart from those outside.
//!
//! A run begins before the first call, and ends after the last one. There the host acts for itself: it takes the standard streams and a
//! waiter, and reads the clock for the time limit ([`START`]); it brings out what the guest wrote and did not wait for, and closes what the
//! guest left open ([`END`]). Mounts are opened before the run, and so are the sockets that a module is handed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::{Result, bail};
use callgate_wasi::{Call, Decider, Event, Observer, Resolved, Verdict};

/// The operations before the first call.
const START: &[&str] = &[
    "system.stdio",
    "system.waiter",
    "clock.monotonic",
    "network.socket",
    "socket.bind",
    "socket.listen",
    "socket.local_address",
];

/// The operations after the last one.
const END: &[&str] = &[
    "close",
    "clock.monotonic",
    "waiter.wait",
    "sink.write",
    "sink.is_settled",
    "socket.send",
    "socket.shutdown",
    "socket.abort",
];

/// The operations of one run.
#[derive(Default)]
pub(super) struct Tally(Mutex<State>);

#[derive(Default)]
struct State {
    /// True while a call is under way: it was allowed, and nobody was told of it yet.
    in_call: bool,
    /// Calls that have ended.
    calls: u64,
    inside: BTreeMap<&'static str, u64>,
    /// Each with the number of calls before it.
    outside: BTreeSet<(u64, &'static str)>,
}

impl Tally {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An operation happens.
    pub(super) fn count(&self, operation: &'static str) {
        let mut state = self.state();
        if state.in_call {
            *state.inside.entry(operation).or_default() += 1;
        } else {
            let calls = state.calls;
            state.outside.insert((calls, operation));
        }
    }

    /// The operations that happened in calls.
    ///
    /// # Errors
    /// Names those that happened beside.
    pub(super) fn checked(&self) -> Result<BTreeSet<&'static str>> {
        let state = self.state();
        let may_happen = |(calls, operation): &(u64, &str)| {
            (*calls == 0 && START.contains(operation)) || (*calls == state.calls && END.contains(operation))
        };
        let beside: Vec<_> = state.outside.iter().filter(|seen| !may_happen(seen)).collect();
        if !beside.is_empty() {
            let beside: Vec<_> =
                beside.iter().map(|(calls, operation)| format!("{operation} after call {calls}")).collect();
            bail!("of {} calls, beside the gate: {}", state.calls, beside.join(", "));
        }
        Ok(state.inside.keys().copied().collect())
    }

    /// A call, as the gate has it.
    #[cfg(test)]
    pub(super) fn pass<T>(&self, act: impl FnOnce() -> T) -> T {
        self.state().in_call = true;
        let done = act();
        self.ended();
        done
    }

    fn ended(&self) {
        let mut state = self.state();
        state.in_call = false;
        state.calls += 1;
    }
}

/// Asked last of all deciders, so what it allows happens next.
impl Decider for Tally {
    fn decide(&self, _: &Call<'_>, _: Option<&Resolved<'_>>) -> Verdict {
        self.state().in_call = true;
        Verdict::Allow
    }
}

impl Observer for Tally {
    fn observe(&self, _: &Event<'_>) -> io::Result<()> {
        self.ended();
        Ok(())
    }

    fn finish(&self, _: &dyn Display) -> io::Result<()> {
        Ok(())
    }
}
