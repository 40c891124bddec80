//! The summary of a run: what its calls cost, which failed, and where the time went.
//!
//! A [`Summary`] is fed call by call, by the gate while a program runs ([`Live`]) or from a stored trace ([`of_trace`]), and both give the
//! same numbers. It takes a few megabytes at most, whatever the program does: times go into histograms, and of the files and peers those
//! that took little time are forgotten. A [`Report`] is what it comes to, for a person or as JSON.

mod calls;
mod histogram;
mod live;
mod place;
mod places;
mod report;
mod stored;
#[cfg(test)]
mod tests;
mod text;

use callgate_system::Nanoseconds;

pub use live::Live;
pub use report::{Between, CallRow, ErrorRow, Native, PlaceRow, Process, Report, Run, Time};
pub use stored::of_trace;

use calls::{Calls, Failure, Function};
use histogram::Histogram;
use place::Place;
use places::Places;

/// What a run has done so far.
#[derive(Default)]
pub struct Summary {
    calls: Calls,
    paths: Places,
    peers: Places,
    /// The times between a call and the next.
    gaps: Histogram,
    /// The number of the last call, and the time at which it ended.
    last: Option<(u64, Nanoseconds)>,
    lost: u64,
    /// Keeps its memory from one call to the next.
    name: String,
}

/// A call that has ended.
struct Sample<'a> {
    sequence: u64,
    /// Nanoseconds from the start of the recording.
    began: Nanoseconds,
    took: Nanoseconds,
    function: Function<'a>,
    failure: Option<Failure<'a>>,
    bytes: u64,
    place: Option<Place<'a>>,
}

impl Summary {
    fn add(&mut self, sample: &Sample<'_>) {
        if let Some((sequence, ended)) = self.last
            && sample.sequence == sequence.wrapping_add(1)
        {
            self.gaps.add(sample.began.saturating_sub(ended));
        }
        self.last = Some((sample.sequence, sample.began.saturating_add(sample.took)));
        self.calls.add(sample);
        let Some(place) = &sample.place else { return };
        let places = if place.is_peer() { &mut self.peers } else { &mut self.paths };
        let usage = places.at(place.name(&mut self.name));
        usage.calls += 1;
        usage.errors += u64::from(sample.failure.is_some());
        usage.bytes = usage.bytes.saturating_add(sample.bytes);
        usage.time = usage.time.saturating_add(sample.took);
    }

    /// Calls are missing here.
    fn lose(&mut self, calls: u64) {
        self.lost = self.lost.saturating_add(calls);
        self.last = None;
    }

    /// The time at which the last call ended; 0 where there was none.
    fn ended(&self) -> Nanoseconds {
        self.last.map_or(0, |(_, ended)| ended)
    }
}
