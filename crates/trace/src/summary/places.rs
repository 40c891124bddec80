//! The files and peers that took the most time, in bounded memory.
//!
//! A program may use more of them than can be kept. When there are too many, the half that took the least time is forgotten. One that comes
//! back is counted anew, so its numbers may be too small, and the summary says so. Forgetting costs a selection among all that are kept,
//! and happens once for every half of them, so that a call pays a few nanoseconds for it.

use std::collections::HashMap;

use callgate_system::Nanoseconds;

/// Places that are kept.
const MOST: usize = 4096;

/// Bytes of their names together.
const TEXT: usize = 1 << 20;

/// The time that calls at each place took.
#[derive(Default)]
pub(super) struct Places {
    numbers: HashMap<Box<str>, usize>,
    all: Vec<Usage>,
    names: Vec<Box<str>>,
    text: usize,
    /// The place that was used last: most calls go where the one before went.
    last: usize,
    forgot: bool,
}

/// What calls did at a place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Usage {
    pub(super) calls: u64,
    pub(super) errors: u64,
    pub(super) bytes: u64,
    pub(super) time: Nanoseconds,
    /// True if some of its calls may have been forgotten.
    pub(super) at_least: bool,
}

impl Places {
    /// The place of that name. The next call may make the reference that of another.
    pub(super) fn at(&mut self, name: &str) -> &mut Usage {
        if self.names.get(self.last).is_none_or(|last| **last != *name) {
            self.last = self.numbers.get(name).copied().unwrap_or_else(|| self.add(name));
        }
        &mut self.all[self.last]
    }

    fn add(&mut self, name: &str) -> usize {
        if self.all.len() >= MOST || self.text + name.len() > TEXT {
            self.forget();
        }
        self.text += name.len();
        self.numbers.insert(name.into(), self.all.len());
        self.names.push(name.into());
        self.all.push(Usage { at_least: self.forgot, ..Usage::default() });
        self.all.len() - 1
    }

    /// Forgets the half that took the least time; all where that does not make room.
    fn forget(&mut self) {
        self.forgot = true;
        let mut kept: Vec<(Box<str>, Usage)> =
            std::mem::take(&mut self.names).into_iter().zip(self.all.drain(..)).collect();
        self.numbers.clear();
        self.text = 0;
        let half = kept.len() / 2;
        if half > 0 {
            kept.select_nth_unstable_by_key(half, |(_, usage)| std::cmp::Reverse(usage.time));
        }
        for (name, usage) in kept.into_iter().take(half) {
            if self.text + name.len() <= TEXT / 2 {
                self.text += name.len();
                self.numbers.insert(name.clone(), self.all.len());
                self.names.push(name);
                self.all.push(usage);
            }
        }
    }

    /// The `most` places that took the most time, slowest first.
    pub(super) fn slowest(&self, most: usize) -> Vec<(&str, Usage)> {
        let mut all: Vec<_> = self.names.iter().map(|name| &**name).zip(self.all.iter().copied()).collect();
        all.sort_by(|(name, one), (other, two)| two.time.cmp(&one.time).then_with(|| name.cmp(other)));
        all.truncate(most);
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(places: &mut Places, name: &str, time: Nanoseconds) {
        let usage = places.at(name);
        usage.calls += 1;
        usage.time += time;
    }

    #[test]
    fn the_slowest_come_first() {
        let mut places = Places::default();
        for (name, time) in [("a", 1), ("b", 5), ("a", 3), ("c", 9), ("c", 0), ("d", 4)] {
            add(&mut places, name, time);
        }
        let slowest: Vec<_> =
            places.slowest(3).into_iter().map(|(name, usage)| (name, usage.calls, usage.time)).collect();
        assert_eq!(slowest, [("c", 2, 9), ("b", 1, 5), ("a", 2, 4)]);
        assert!(places.slowest(9).iter().all(|(_, usage)| !usage.at_least));
    }

    #[test]
    fn memory_is_bounded_and_the_slow_ones_stay() {
        let mut places = Places::default();
        add(&mut places, "slow", 1_000_000);
        for number in 0..100_000 {
            add(&mut places, &format!("file {number}"), 1);
            if number % 100 == 0 {
                add(&mut places, "often", 50);
            }
        }
        assert!(
            places.all.len() <= MOST
                && places.names.len() == places.all.len()
                && places.numbers.len() == places.all.len()
        );
        let slowest = places.slowest(3);
        assert_eq!((slowest[0].0, slowest[0].1.time, slowest[0].1.at_least), ("slow", 1_000_000, false));
        assert_eq!((slowest[1].0, slowest[1].1.calls), ("often", 1000));
        assert!(slowest[2].1.at_least || slowest[2].1.calls == 1);
    }

    #[test]
    fn long_names_are_bounded_together() {
        let mut places = Places::default();
        for number in 0..10_000 {
            add(&mut places, &format!("{number}{}", "x".repeat(4000)), number);
        }
        assert!(places.text <= TEXT && places.all.len() < 300, "{}", places.all.len());
        assert!(places.slowest(1)[0].0.starts_with("9999x"));
    }
}
