//! What goes wrong in the network, where somebody asks for it: everything is decided by the seed, and by what the guests do.

use std::ops::RangeInclusive;

use callgate_system::Nanoseconds;

use crate::random::{Generator, Purpose};

/// A whole.
const MILLION: u64 = 1_000_000;

/// Faults of the network. None by default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Faults {
    /// How long what is sent, and a connection's outcome, takes; each time anew, in virtual nanoseconds. The bytes of a
    /// stream stay in order, messages may overtake each other.
    pub delay: RangeInclusive<Nanoseconds>,
    /// Of a million messages (UDP), how many are lost.
    pub loss: u32,
    /// Of a million calls that send on a stream, how many find it reset instead.
    pub reset: u32,
}

impl Default for Faults {
    fn default() -> Self {
        Self { delay: 0..=0, loss: 0, reset: 0 }
    }
}

/// Who decides. A fault that is off draws nothing, so it does not change what another does.
pub(super) struct Fate {
    faults: Faults,
    generator: Generator,
}

impl Fate {
    pub(super) fn new(faults: Faults, seed: u64) -> Self {
        Self { faults, generator: Generator::new(seed, Purpose::Faults) }
    }

    /// Whether anything takes time.
    pub(super) fn delays(&self) -> bool {
        *self.faults.delay.end() > 0 || *self.faults.delay.start() > 0
    }

    /// When what leaves now arrives.
    pub(super) fn arrival(&mut self, now: Nanoseconds) -> Nanoseconds {
        let (least, most) = (*self.faults.delay.start(), *self.faults.delay.end());
        let more = match most.saturating_sub(least) {
            0 => 0,
            span => self.generator.below(span.saturating_add(1)),
        };
        now.saturating_add(least).saturating_add(more)
    }

    /// Whether this message is lost.
    pub(super) fn loses(&mut self) -> bool {
        self.faults.loss > 0 && self.generator.below(MILLION) < u64::from(self.faults.loss)
    }

    /// Whether this stream is reset.
    pub(super) fn resets(&mut self) -> bool {
        self.faults.reset > 0 && self.generator.below(MILLION) < u64::from(self.faults.reset)
    }
}
