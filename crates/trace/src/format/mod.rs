//! Formats of a trace.
//!
//! A format is called for each event, on the guest's thread, so those that people leave on all day don't go through [`std::fmt`]: they append
//! to the bytes that are held, by the functions of `append`.

mod append;
mod folded;
mod jsonl;
mod perfetto;
mod text;

use callgate_gate::{Event, GuestId};
use callgate_system::{Nanoseconds, Timestamp};

pub use folded::Folded;
pub use jsonl::Jsonl;
pub use perfetto::Perfetto;
pub use text::Text;

/// The number of bytes of contents that a trace shows unless told otherwise.
pub const STRINGS: usize = 32;

/// The largest number of bytes of contents that a trace shows. It bounds a line.
pub const MOST_STRINGS: usize = 64 << 10;

/// Writes down a run. Methods append to `out`, and never remove anything from it.
pub trait Format: Send {
    /// Appends what comes before the first event.
    fn begin(&mut self, run: &Run, out: &mut Vec<u8>);

    /// Appends one event, which ended just now. `at` is the time since the start of the recording at which it began.
    fn event(&mut self, event: &Event<'_>, at: Nanoseconds, out: &mut Vec<u8>);

    /// Marks the place where this number of events is missing, since they could not be written.
    fn lost(&mut self, calls: u64, out: &mut Vec<u8>);

    /// Appends what comes after the last event.
    fn end(&mut self, end: &End<'_>, out: &mut Vec<u8>);

    /// As [`Observer::next_stack`](callgate_gate::Observer::next_stack).
    fn next_stack(&mut self, from: u64) -> Option<u64> {
        let _ = from;
        None
    }
}

/// The facts about a run that a trace begins with.
#[derive(Clone, Debug)]
pub struct Run {
    /// The guest, as its events name it.
    pub guest: GuestId,
    /// The program's file, as the user wrote it.
    pub program: String,
    /// The arguments that the program sees, its own name first.
    pub arguments: Vec<String>,
    /// The terms of the filter, as the user wrote them; empty where every event is recorded.
    pub filter: Vec<String>,
    /// The name of the system: `linux`.
    pub backend: &'static str,
    /// The wall time at the start of the recording, by the observers' clock. Later times are counted from here by the monotonic clock, so a
    /// wall clock that is set meanwhile moves no event.
    pub started: Timestamp,
}

/// The facts about a run that a trace ends with.
#[derive(Clone, Copy, Debug)]
pub struct End<'a> {
    /// How the run ended, in few words: `exited with code 0`. They may hold text of the guest's.
    pub how: &'a str,
    /// The calls of the run, those included that the filter left out or that were lost.
    pub calls: u64,
    /// The calls among them that were handed to the format.
    pub recorded: u64,
    /// The calls that were lost.
    pub lost: u64,
    /// The time since the start of the recording at which the last call ended. The clock is not read for it: after a signal another
    /// thread may hold it.
    pub at: Nanoseconds,
}
