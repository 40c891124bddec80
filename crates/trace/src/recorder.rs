//! An observer that writes down each call.
//!
//! A trace has no gaps: where an event can't be written, nothing comes after it, and the run ends.

use std::fmt;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use callgate_gate::{Event, GuestId, Observer};
use callgate_system::{Nanoseconds, System};

use crate::format::{Format, Run};

/// Bytes of events that are held back: after SIGKILL a trace lacks no more than these.
const HELD: usize = 64 << 10;

/// When events go out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flush {
    /// Each by one write, so that lines of several guests don't mix.
    EachEvent,
    /// Whenever 64 KiB have come together, and at the end.
    Buffered,
}

/// An observer that writes down each call in a format.
pub struct Recorder {
    began: Nanoseconds,
    flush: Flush,
    page: Mutex<Page>,
}

/// The sink of the events, and whether it still takes them.
struct Page {
    format: Box<dyn Format>,
    out: Box<dyn Write + Send>,
    held: Vec<u8>,
    state: State,
}

enum State {
    Open,
    /// The last bytes are written.
    Whole,
    /// An event is missing, for this reason.
    Cut(io::ErrorKind),
}

impl Recorder {
    /// A recording in `format`, of the run of `program` by `guest` on `system`, that begins now. It is written to `out`.
    #[must_use]
    pub fn new(
        system: &Arc<dyn System>,
        (guest, program, arguments): (GuestId, String, Vec<String>),
        mut format: Box<dyn Format>,
        out: Box<dyn Write + Send>,
        flush: Flush,
    ) -> Self {
        let clock = system.observer_clock();
        let (began, started) = (clock.monotonic(), clock.wall());
        let mut held = Vec::new();
        format.begin(&Run { guest, program, arguments, backend: system.name(), started }, &mut held);
        Self { began, flush, page: Mutex::new(Page { format, out, held, state: State::Open }) }
    }

    fn page(&self) -> MutexGuard<'_, Page> {
        self.page.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Page {
    /// Writes what is held, once and never again after a failure: more events behind the missing one would hide the gap.
    fn write_held(&mut self) -> io::Result<()> {
        if let State::Cut(kind) = self.state {
            return Err(kind.into());
        }
        let written = self.out.write_all(&self.held);
        self.held.clear();
        written.inspect_err(|error| self.state = State::Cut(error.kind()))
    }
}

impl Observer for Recorder {
    fn observe(&self, event: &Event<'_>) -> io::Result<()> {
        let page = &mut *self.page();
        match page.state {
            State::Whole => return Err(io::Error::other("the run was said to be over")),
            State::Cut(kind) => return Err(kind.into()),
            State::Open => {}
        }
        page.format.event(event, event.outcome.began.saturating_sub(self.began), &mut page.held);
        if self.flush == Flush::EachEvent || page.held.len() >= HELD { page.write_held() } else { Ok(()) }
    }

    fn finish(&self, how: &dyn fmt::Display) -> io::Result<()> {
        let page = &mut *self.page();
        if let State::Whole = page.state {
            return Ok(());
        }
        page.format.end(&how.to_string(), &mut page.held);
        page.write_held()?;
        page.out.flush().inspect_err(|error| page.state = State::Cut(error.kind()))?;
        page.state = State::Whole;
        Ok(())
    }

    fn next_stack(&self, from: u64) -> Option<u64> {
        self.page().format.next_stack(from)
    }
}
