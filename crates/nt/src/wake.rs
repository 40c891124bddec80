//! Waking a sleeper from something that is no kernel object of a port (a console's helper thread, a lookup).
//!
//! A sleeper asks with its waker: `poll(&waker)` tells whether it is ready now, and if not, wakes the waker once when that may
//! have changed. Nothing is lost in between, because readiness is asked under the lock that the waking takes, or once more after
//! the waker is registered. A waker may be woken to no use, also after its sleeper went on; then the sleeper asks again.

use std::sync::{Arc, Weak};

/// A sleeper that can be woken from any thread, such as a completion port to post to.
pub(crate) trait Wake: Send + Sync {
    /// Ends the present sleep, or the next. Never waits.
    fn wake(&self);
}

/// The sleepers that wait for one thing. Kept under the lock of that thing's state.
#[derive(Default)]
pub(crate) struct Wakers(Vec<Weak<dyn Wake>>);

impl Wakers {
    /// Remembers `waker` for the next [`Wakers::wake_all`], once, and only as long as its owner lives.
    pub(crate) fn register(&mut self, waker: &Arc<dyn Wake>) {
        let waker = Arc::downgrade(waker);
        self.0.retain(|other| other.strong_count() > 0);
        if !self.0.iter().any(|other| other.ptr_eq(&waker)) {
            self.0.push(waker);
        }
    }

    /// Wakes everybody, and forgets them: who is still interested asks again.
    pub(crate) fn wake_all(&mut self) {
        for waker in self.0.drain(..).filter_map(|waker| waker.upgrade()) {
            waker.wake();
        }
    }
}
