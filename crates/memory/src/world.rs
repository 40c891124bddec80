//! The state that the guests of one [`crate::Memory`] share: time, the network, and the list of those that wait.
//!
//! One lock guards network and waiting, because each looks at the other: whether anything can still happen is known only
//! where every guest waits and nothing is on its way. Nothing is done under it but to look and to copy. No other lock is
//! taken under it; a tree's lock may be held when it is taken (a tree reads the clock).
//!
//! Every change wakes all sleepers: each looks again at what it waits for and goes back to sleep. Until it has done so it
//! counts as running, so time never passes a guest that has something to do.

use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use callgate_system::{Nanoseconds, Timestamp};

use crate::clock::Time;
use crate::network::Net;

/// Time, network and sleepers.
pub(crate) struct World {
    pub(crate) time: Time,
    state: Mutex<State>,
    changed: Condvar,
}

/// The state that the lock guards.
pub(crate) struct State {
    pub(crate) net: Net,
    /// Waiters that exist: a guest each.
    pub(crate) guests: usize,
    /// Those that wait and have found nothing, each with its deadline.
    pub(crate) asleep: BTreeMap<u64, Option<Nanoseconds>>,
    /// When the sleepers last looked again, or later.
    woken: Nanoseconds,
    /// The number of times that every guest waited and nothing could happen.
    pub(crate) deadlocks: u64,
}

/// The locked world.
pub(crate) struct Locked<'w> {
    world: &'w World,
    state: MutexGuard<'w, State>,
}

impl World {
    pub(crate) fn new(beginning: Timestamp, net: Net) -> Self {
        let state = State { net, guests: 0, asleep: BTreeMap::new(), woken: 0, deadlocks: 0 };
        Self { time: Time::new(beginning), state: Mutex::new(state), changed: Condvar::new() }
    }

    pub(crate) fn lock(&self) -> Locked<'_> {
        // Nothing that runs under the lock panics.
        Locked { world: self, state: self.state.lock().unwrap_or_else(PoisonError::into_inner) }
    }
}

impl<'w> Locked<'w> {
    /// Has every sleeper look again.
    pub(crate) fn wake(&mut self) {
        self.state.asleep.clear();
        self.state.woken = self.world.time.now();
        self.world.time.set_alarm(None);
        self.world.changed.notify_all();
    }

    /// Lets go of the lock until somebody wakes the sleepers.
    pub(crate) fn sleep(mut self) -> Self {
        let alarm = self.next_event();
        self.world.time.set_alarm(alarm);
        if alarm.is_some_and(|alarm| alarm <= self.world.time.now()) {
            // A reading came by before the alarm was set.
            self.wake();
            return self;
        }
        let state = self.world.changed.wait(self.state).unwrap_or_else(PoisonError::into_inner);
        Self { state, ..self }
    }

    /// When the first deadline is, or the first thing comes that was on its way when the sleepers looked.
    pub(crate) fn next_event(&self) -> Option<Nanoseconds> {
        self.asleep.values().flatten().copied().chain(self.net.next_due(self.woken)).min()
    }
}

impl Deref for Locked<'_> {
    type Target = State;

    fn deref(&self) -> &State {
        &self.state
    }
}

impl DerefMut for Locked<'_> {
    fn deref_mut(&mut self) -> &mut State {
        &mut self.state
    }
}
