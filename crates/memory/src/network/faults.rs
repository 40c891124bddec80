//! Faults of the network, for those who ask for them. The seed and the guests' own calls decide every fault.

use std::ops::RangeInclusive;

use callgate_system::Nanoseconds;

use crate::random::{Generator, Purpose};

/// A whole.
const MILLION: u64 = 1_000_000;

/// Faults of the network. None by default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Faults {
    /// The delay of everything that is sent, and of a connection's outcome, in virtual nanoseconds. It is drawn each time
    /// anew. The bytes of a stream stay in order; messages may overtake each other.
    pub delay: RangeInclusive<Nanoseconds>,
    /// The number of messages (UDP), of a million, that are lost.
    pub loss: u32,
    /// The number of calls that send on a stream, of a million, that find it reset instead.
    pub reset: u32,
}

impl Default for Faults {
    fn default() -> Self {
        Self { delay: 0..=0, loss: 0, reset: 0 }
    }
}

/// Decides on faults. A fault that is off draws no random number, so it does not change the others.
pub(super) struct Fate {
    faults: Faults,
    generator: Generator,
}

impl Fate {
    pub(super) fn new(faults: Faults, seed: u64) -> Self {
        Self { faults, generator: Generator::new(seed, Purpose::Faults) }
    }

    /// True if anything takes time.
    pub(super) fn delays(&self) -> bool {
        *self.faults.delay.end() > 0 || *self.faults.delay.start() > 0
    }

    /// The time at which something sent now arrives.
    pub(super) fn arrival(&mut self, now: Nanoseconds) -> Nanoseconds {
        let (least, most) = (*self.faults.delay.start(), *self.faults.delay.end());
        let more = match most.saturating_sub(least) {
            0 => 0,
            span => self.generator.below(span.saturating_add(1)),
        };
        now.saturating_add(least).saturating_add(more)
    }

    /// True if this message is lost.
    pub(super) fn loses(&mut self) -> bool {
        self.faults.loss > 0 && self.generator.below(MILLION) < u64::from(self.faults.loss)
    }

    /// True if this stream is reset.
    pub(super) fn resets(&mut self) -> bool {
        self.faults.reset > 0 && self.generator.below(MILLION) < u64::from(self.faults.reset)
    }
}
