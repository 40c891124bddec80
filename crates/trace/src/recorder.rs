//! An observer that writes down each call.
//!
//! A trace has no silent gap. Unless told otherwise, nothing comes after an event that can't be written, and the run ends. A lossy recording
//! goes on, and marks the gap once it can write again.

use std::fmt;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use callgate_gate::{Event, GuestId, Observer};
use callgate_system::{Nanoseconds, System};

use crate::Filter;
use crate::format::{End, Format, Run};

/// Bytes of events that are held back: after SIGKILL a trace lacks no more than these.
const HELD: usize = 64 << 10;

/// Events that a lossy recording gives up before it tries again to write: a system call for each would slow a run down that has nobody to
/// tell anyway.
const PATIENCE: u64 = 256;

/// When events go out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Flush {
    /// Each by one write, so that lines of several guests don't mix.
    #[default]
    EachEvent,
    /// Whenever 64 KiB have come together, and at the end.
    Buffered,
}

/// The settings of a recording: a run, and what is written down of it.
#[derive(Clone, Debug)]
pub struct Recording {
    guest: GuestId,
    program: String,
    arguments: Vec<String>,
    filter: Filter,
    flush: Flush,
    is_lossy: bool,
}

impl Recording {
    /// A recording of the run of `program`, with `arguments`, by `guest`: every event, each by one write, and nothing after a gap.
    #[must_use]
    pub fn of(
        guest: GuestId,
        program: impl Into<String>,
        arguments: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        Self {
            guest,
            program: program.into(),
            arguments: arguments.into_iter().map(Into::into).collect(),
            filter: Filter::default(),
            flush: Flush::default(),
            is_lossy: false,
        }
    }

    /// Records only what `filter` keeps.
    #[must_use]
    pub fn filter(self, filter: Filter) -> Self {
        Self { filter, ..self }
    }

    /// Writes events out when `flush` says so.
    #[must_use]
    pub fn flush(self, flush: Flush) -> Self {
        Self { flush, ..self }
    }

    /// Lets the run go on where events can't be written. The format marks the gap once something can be written again, and
    /// [`Recorder::loss`] tells of it.
    #[must_use]
    pub fn lossy(self) -> Self {
        Self { is_lossy: true, ..self }
    }

    /// Begins it now, on the clock of `system`, in `format`, to be written to `out`.
    #[must_use]
    pub fn start(self, system: &Arc<dyn System>, mut format: Box<dyn Format>, out: Box<dyn Write + Send>) -> Recorder {
        let clock = system.observer_clock();
        let (began, started) = (clock.monotonic(), clock.wall());
        let Self { guest, program, arguments, filter, flush, is_lossy } = self;
        let mut held = Vec::new();
        let terms = filter.terms().to_vec();
        format.begin(&Run { guest, program, arguments, filter: terms, backend: system.name(), started }, &mut held);
        let sink = Sink { out, held, written: 0, events: 0, loss: Loss::default(), is_stuck: false, gap: 0 };
        let page = Page { filter, format, sink, state: State::Open, calls: 0, recorded: 0, at: 0 };
        Recorder { began, flush, is_lossy, page: Mutex::new(page) }
    }
}

/// An observer that writes down each call in a format. [`Recording::start`] makes one.
pub struct Recorder {
    began: Nanoseconds,
    flush: Flush,
    is_lossy: bool,
    page: Mutex<Page>,
}

/// What a lossy recording lacks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Loss {
    /// The number of calls. Of those at the end of a cut trace some may have come out.
    pub calls: u64,
    /// True if the trace lacks its end.
    pub is_cut: bool,
    /// Why they could not be written, the first time; empty where nothing is lost.
    pub why: String,
}

struct Page {
    filter: Filter,
    format: Box<dyn Format>,
    sink: Sink,
    state: State,
    /// The calls of the run.
    calls: u64,
    /// Those that were handed to the format.
    recorded: u64,
    /// The time at which the last of them ended.
    at: Nanoseconds,
}

enum State {
    Open,
    /// The last bytes are written.
    Over,
    /// An event is missing, for this reason.
    Cut(io::ErrorKind),
}

/// The sink, and what is held back from it.
struct Sink {
    out: Box<dyn Write + Send>,
    held: Vec<u8>,
    /// Bytes of `held` that have been written: a lossy recording goes on from there, so that no event is written in part.
    written: usize,
    /// Events in `held`.
    events: u64,
    /// What is lost for good.
    loss: Loss,
    /// True if the last write failed.
    is_stuck: bool,
    /// Events that were given up since then.
    gap: u64,
}

impl Recorder {
    /// What is missing so far in a lossy recording, or after [`Observer::finish`] altogether.
    #[must_use]
    pub fn loss(&self) -> Option<Loss> {
        let loss = &self.page().sink.loss;
        (loss.calls > 0 || loss.is_cut).then(|| loss.clone())
    }

    fn page(&self) -> MutexGuard<'_, Page> {
        self.page.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(test)]
    pub(crate) fn capacity(&self) -> usize {
        self.page().sink.held.capacity()
    }
}

impl Observer for Recorder {
    fn observe(&self, event: &Event<'_>) -> io::Result<()> {
        let page = &mut *self.page();
        match page.state {
            State::Open => {}
            State::Over => return Err(io::Error::other("the run was said to be over")),
            State::Cut(kind) => return Err(kind.into()),
        }
        page.calls += 1;
        page.at = event.outcome.ended.saturating_sub(self.began);
        if !page.filter.keeps(event) || !page.has_room() {
            return Ok(());
        }
        page.format.event(event, event.outcome.began.saturating_sub(self.began), &mut page.sink.held);
        page.sink.events += 1;
        page.recorded += 1;
        if self.flush == Flush::Buffered && page.sink.held.len() < HELD {
            return Ok(());
        }
        match page.sink.write_held() {
            Err(error) if self.is_lossy => page.sink.wait(&error),
            Err(error) => {
                page.state = State::Cut(error.kind());
                return Err(error);
            }
            Ok(()) => {}
        }
        Ok(())
    }

    fn finish(&self, how: &dyn fmt::Display) -> io::Result<()> {
        let page = &mut *self.page();
        match page.state {
            State::Open => {}
            State::Over => return Ok(()),
            State::Cut(kind) => return Err(kind.into()),
        }
        let finished = page.finish(&how.to_string());
        page.state = State::Over;
        match finished {
            Err(error) if self.is_lossy => page.sink.give_up(&error),
            Err(error) => {
                page.state = State::Cut(error.kind());
                return Err(error);
            }
            Ok(()) => {}
        }
        Ok(())
    }

    fn next_stack(&self, from: u64) -> Option<u64> {
        self.page().format.next_stack(from)
    }
}

impl Page {
    /// True if an event may be held: nothing waits for a sink that took nothing the last time. The event is lost otherwise.
    fn has_room(&mut self) -> bool {
        let sink = &mut self.sink;
        if !sink.is_stuck {
            return true;
        }
        if sink.gap.is_multiple_of(PATIENCE) && sink.write_held().is_ok() {
            self.close_gap();
            return true;
        }
        sink.gap += 1;
        sink.loss.calls += 1;
        false
    }

    /// The sink takes bytes again: the next ones tell what is missing.
    fn close_gap(&mut self) {
        let gap = std::mem::take(&mut self.sink.gap);
        if gap > 0 {
            self.format.lost(gap, &mut self.sink.held);
        }
    }

    fn finish(&mut self, how: &str) -> io::Result<()> {
        if self.sink.is_stuck {
            self.sink.write_held()?;
            self.close_gap();
        }
        let end = End { how, calls: self.calls, recorded: self.recorded, lost: self.sink.loss.calls, at: self.at };
        self.format.end(&end, &mut self.sink.held);
        self.sink.write_held()?;
        self.sink.out.flush()
    }
}

impl Sink {
    /// Writes what is held, from where the last write ended.
    fn write_held(&mut self) -> io::Result<()> {
        while self.written < self.held.len() {
            match self.out.write(&self.held[self.written..]) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => self.written += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.held.clear();
        (self.written, self.events, self.is_stuck) = (0, 0, false);
        Ok(())
    }

    /// A write failed; what is held waits for the next.
    fn wait(&mut self, error: &io::Error) {
        self.is_stuck = true;
        if self.loss.why.is_empty() {
            self.loss.why = error.to_string();
        }
    }

    /// Nothing more will be written.
    fn give_up(&mut self, error: &io::Error) {
        self.wait(error);
        self.loss.calls += self.events;
        self.loss.is_cut = true;
    }
}
