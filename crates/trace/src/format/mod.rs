//! Formats of a trace.

mod folded;
mod perfetto;
mod text;

use callgate_gate::{Event, GuestId};
use callgate_system::{Nanoseconds, Timestamp};

pub use folded::Folded;
pub use perfetto::Perfetto;
pub use text::Text;

/// Writes down a run. Methods append to `out`, and never remove anything from it.
pub trait Format: Send {
    /// Appends what comes before the first event.
    fn begin(&mut self, run: &Run, out: &mut Vec<u8>);

    /// Appends one event, which ended just now. `at` is the time since the start of the recording at which it began.
    fn event(&mut self, event: &Event<'_>, at: Nanoseconds, out: &mut Vec<u8>);

    /// Appends what comes after the last event: `how` says in few words how the run ended, `exited with code 0`. The words may hold text of
    /// the guest's.
    fn end(&mut self, how: &str, out: &mut Vec<u8>);

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
    /// The name of the system: `linux`.
    pub backend: &'static str,
    /// The wall time at the start of the recording, by the observers' clock. Later times are counted from here by the monotonic clock, so a
    /// wall clock that is set meanwhile moves no event.
    pub started: Timestamp,
}
