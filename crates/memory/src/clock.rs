//! Virtual time. It passes in two ways only: each reading takes a step, and waiting takes it at once to where something
//! happens. So a program that sleeps for an hour is done at once, one that spins until time has passed comes to an end, and
//! two runs see the same times. Observers have a clock of their own, whose readings take none.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use callgate_system::{Clock, Nanoseconds, System, Timestamp};

use crate::world::World;

/// The time that one reading of either clock takes: 1 µs.
pub const STEP: Nanoseconds = 1_000;

/// The beginning of virtual time by default: 2026-01-01T00:00:00Z.
pub const BEGINNING: Timestamp = Timestamp { seconds: 1_767_225_600, nanoseconds: 0 };

/// A time that never comes.
const NEVER: Nanoseconds = Nanoseconds::MAX;

/// The time since the beginning.
pub(crate) struct Time {
    beginning: Timestamp,
    now: AtomicU64,
    /// When a sleeper has to be woken, lest a reading pass its deadline unseen.
    alarm: AtomicU64,
}

impl Time {
    pub(crate) fn new(beginning: Timestamp) -> Self {
        let beginning = Timestamp { nanoseconds: beginning.nanoseconds.min(999_999_999), ..beginning };
        Self { beginning, now: AtomicU64::new(0), alarm: AtomicU64::new(NEVER) }
    }

    /// The current time. This is not a reading, so it takes no time.
    pub(crate) fn now(&self) -> Nanoseconds {
        self.now.load(Ordering::SeqCst)
    }

    /// Goes on to `then`, if that is yet to come.
    pub(crate) fn advance(&self, then: Nanoseconds) {
        self.now.fetch_max(then, Ordering::SeqCst);
    }

    pub(crate) fn set_alarm(&self, at: Option<Nanoseconds>) {
        self.alarm.store(at.unwrap_or(NEVER), Ordering::SeqCst);
    }

    /// The wall time of a point in time.
    fn wall_at(&self, now: Nanoseconds) -> Timestamp {
        let Timestamp { seconds, nanoseconds } = self.beginning;
        let since = now.saturating_add(u64::from(nanoseconds));
        // Below 2^64 / 10^9, and below 10^9.
        let (whole, part) = (since / 1_000_000_000, since % 1_000_000_000);
        Timestamp { seconds: seconds.saturating_add(whole as i64), nanoseconds: part as u32 }
    }

    /// Reads the time, which takes one step. The flag is true if the reading reached the alarm.
    fn read(&self) -> (Nanoseconds, bool) {
        let step = |now: Nanoseconds| Some(now.saturating_add(STEP));
        let before = self.now.fetch_update(Ordering::SeqCst, Ordering::SeqCst, step).unwrap_or_else(|now| now);
        (before, before.saturating_add(STEP) >= self.alarm.load(Ordering::SeqCst))
    }
}

impl World {
    fn read_clock(&self) -> Nanoseconds {
        let (now, alarm) = self.time.read();
        if alarm {
            self.lock().wake();
        }
        now
    }
}

impl Clock for World {
    fn monotonic(&self) -> Nanoseconds {
        self.read_clock()
    }

    fn monotonic_resolution(&self) -> Nanoseconds {
        STEP
    }

    fn wall(&self) -> Timestamp {
        self.time.wall_at(self.read_clock())
    }

    fn wall_resolution(&self) -> Nanoseconds {
        STEP
    }
}

/// The same time for observers, whose readings take none.
pub(crate) struct ObserverClock(pub(crate) Arc<World>);

impl Clock for ObserverClock {
    fn monotonic(&self) -> Nanoseconds {
        self.0.time.now()
    }

    fn monotonic_resolution(&self) -> Nanoseconds {
        STEP
    }

    fn wall(&self) -> Timestamp {
        self.0.time.wall_at(self.monotonic())
    }

    fn wall_resolution(&self) -> Nanoseconds {
        STEP
    }
}

/// The clock of a system, kept: what a tree beside that system's own files takes its times from.
pub struct ClockOf(pub Arc<dyn System>);

impl Clock for ClockOf {
    fn monotonic(&self) -> Nanoseconds {
        self.0.clock().monotonic()
    }

    fn monotonic_resolution(&self) -> Nanoseconds {
        self.0.clock().monotonic_resolution()
    }

    fn wall(&self) -> Timestamp {
        self.0.clock().wall()
    }

    fn wall_resolution(&self) -> Nanoseconds {
        self.0.clock().wall_resolution()
    }
}
