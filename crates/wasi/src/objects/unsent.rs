//! Bytes that the guest wrote to streams which it has dropped since, and that found no room yet.
//!
//! They go out at every wait, and before the run ends. Bytes for standard output are waited for as long as it takes, as a
//! native program would wait in its write. A connection that nobody holds any more has a limit, for its peer may never read:
//! once the peer has taken nothing for the time to linger, the connection is given up, which is a reset (`outbox.rs`).
//!
//! Hazard: whether somebody holds an outbox is told by its count. So the outboxes that [`Unsent::send`] lends must be gone when
//! it is called the next time; else nothing is given up.

use std::cell::RefCell;
use std::sync::Arc;

use callgate_system::{Clock, Nanoseconds};

use super::Outbox;

/// All of one guest.
pub(crate) struct Unsent {
    left: RefCell<Vec<Left>>,
    linger: Nanoseconds,
}

/// One stream's.
struct Left {
    outbox: Arc<Outbox>,
    bytes: usize,
    /// The time at which it is given up; `None` while somebody holds the connection.
    until: Option<Nanoseconds>,
}

/// The outboxes that are left after sending.
pub(crate) struct Rest {
    pub(crate) outboxes: Vec<Arc<Outbox>>,
    /// The time at which the first of them is given up.
    pub(crate) until: Option<Nanoseconds>,
}

impl Unsent {
    /// Nothing yet; connections linger so long.
    pub(crate) fn new(linger: Nanoseconds) -> Self {
        Self { left: RefCell::default(), linger }
    }

    /// Sends `outbox` out from now on.
    pub(crate) fn keep(&self, outbox: Arc<Outbox>) {
        let mut left = self.left.borrow_mut();
        if !left.iter().any(|kept| Arc::ptr_eq(&kept.outbox, &outbox)) {
            left.push(Left { bytes: outbox.len(), outbox, until: None });
        }
    }

    /// The number of streams that may still have something to send.
    pub(crate) fn len(&self) -> usize {
        self.left.borrow().len()
    }

    /// Sends as much as there is room for, and gives up what has lingered for too long.
    pub(crate) fn send(&self, clock: &dyn Clock) -> Rest {
        let mut left = self.left.borrow_mut();
        if left.is_empty() {
            return Rest { outboxes: Vec::new(), until: None };
        }
        let now = clock.monotonic();
        left.retain_mut(|left| left.send(now, self.linger));
        let outboxes = left.iter().map(|left| Arc::clone(&left.outbox)).collect();
        Rest { outboxes, until: left.iter().filter_map(|left| left.until).min() }
    }
}

impl Left {
    /// Sends as much as there is room for. True if something is left to send, and somebody may still take it.
    fn send(&mut self, now: Nanoseconds, linger: Nanoseconds) -> bool {
        // Nobody is there any more to be told of an error. An error empties the box.
        if self.outbox.flush().is_err() || self.outbox.is_empty() {
            return false;
        }
        let before = std::mem::replace(&mut self.bytes, self.outbox.len());
        let is_orphan = Arc::strong_count(&self.outbox) == 1 && self.outbox.is_orphan();
        self.until = match self.until {
            _ if !is_orphan => None,
            Some(until) if self.bytes == before => Some(until),
            _ => Some(now.saturating_add(linger)),
        };
        self.until.is_none_or(|until| now < until)
    }
}
