//! The observer that writes an audit.

use std::fmt;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use callgate_gate::{Event, GuestId, Notice, Observer, Reason};
use callgate_system::{Nanoseconds, System};
use callgate_trace::format::{End, Format, Jsonl, Run};

use crate::chain::{Head, Key};

/// Where lines go.
pub trait Sink: Send {
    /// Appends a line. When it returns, the operating system has it.
    ///
    /// # Errors
    /// Those of the system; then nothing of the line should be left.
    fn append(&mut self, line: &[u8]) -> io::Result<()>;

    /// Waits until the device has every line.
    ///
    /// # Errors
    /// Those of the system.
    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What is to be done when the audit is closed, with the hash at its head.
type Finish = Box<dyn FnOnce(&io::Result<Head>) + Send>;

/// The settings of an audit.
pub struct Recording {
    guest: GuestId,
    program: String,
    arguments: Vec<String>,
    key: Option<Key>,
    rule: Box<dyn Fn(u32) -> Option<String> + Send + Sync>,
    finish: Finish,
}

impl Recording {
    /// An audit of the run of `program`, with `arguments`, by `guest`.
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
            key: None,
            rule: Box::new(|_| None),
            finish: Box::new(|_| {}),
        }
    }

    /// Chains the lines with a key.
    #[must_use]
    pub fn key(self, key: Option<Key>) -> Self {
        Self { key, ..self }
    }

    /// Tells where the rules of deciders stand, by their numbers: `p.toml:7`.
    #[must_use]
    pub fn rules(self, rule: impl Fn(u32) -> Option<String> + Send + Sync + 'static) -> Self {
        Self { rule: Box::new(rule), ..self }
    }

    /// Gets the head when the run is over, or why a line could not be written.
    #[must_use]
    pub fn finish(self, finish: impl FnOnce(&io::Result<Head>) + Send + 'static) -> Self {
        Self { finish: Box::new(finish), ..self }
    }

    /// Begins it, behind `head`. The wall times are those of the observers' clock of `system`.
    ///
    /// # Errors
    /// If the first line can't be written.
    pub fn start(self, system: &Arc<dyn System>, sink: Box<dyn Sink>, head: Head) -> io::Result<Audit> {
        let Self { guest, program, arguments, key, rule, finish } = self;
        let began = system.observer_clock().monotonic();
        let lines = Lines { sink, head, key, jsonl: Jsonl::default(), system: Arc::clone(system), line: Vec::new() };
        let page = Page { lines, state: State::Open(finish) };
        let audit = Audit { began, rule, calls: AtomicU64::new(0), page: Mutex::new(page) };
        let run = Run {
            guest,
            program,
            arguments,
            filter: Vec::new(),
            backend: system.name(),
            started: system.observer_clock().wall(),
        };
        audit.page().lines.write("begin", None, "run", |jsonl, line| jsonl.begin(&run, line))?;
        Ok(audit)
    }
}

/// An observer that writes down refusals and noted calls. [`Recording::start`] makes one.
pub struct Audit {
    began: Nanoseconds,
    rule: Box<dyn Fn(u32) -> Option<String> + Send + Sync>,
    /// The calls of the run so far.
    calls: AtomicU64,
    page: Mutex<Page>,
}

struct Page {
    lines: Lines,
    state: State,
}

enum State {
    Open(Finish),
    Over,
    /// A line is missing, for this reason.
    Cut(io::ErrorKind),
}

/// The lines, as they are written.
struct Lines {
    sink: Box<dyn Sink>,
    head: Head,
    key: Option<Key>,
    jsonl: Jsonl,
    system: Arc<dyn System>,
    line: Vec<u8>,
}

impl Lines {
    /// Writes a line of this kind, whose member `what` is the object that `fill` appends with the end of a line.
    fn write(
        &mut self,
        kind: &str,
        rule: Option<&str>,
        what: &str,
        fill: impl FnOnce(&mut Jsonl, &mut Vec<u8>),
    ) -> io::Result<()> {
        let line = &mut self.line;
        line.clear();
        self.head.begin(kind, line);
        let now = self.system.observer_clock().wall();
        let time = format!(",\"time\":{{\"seconds\":{},\"nanoseconds\":{}}}", now.seconds, now.nanoseconds);
        line.extend_from_slice(time.as_bytes());
        if let Some(rule) = rule {
            line.extend_from_slice(b",\"rule\":");
            Jsonl::text(rule, line);
        }
        line.extend_from_slice(format!(",\"{what}\":").as_bytes());
        fill(&mut self.jsonl, line);
        line.pop();
        let head = self.head.seal(self.key.as_ref(), line);
        self.sink.append(line)?;
        self.head = head;
        Ok(())
    }
}

impl Page {
    /// Does `write`, unless a line is missing already.
    fn append(&mut self, write: impl FnOnce(&mut Lines) -> io::Result<()>) -> io::Result<()> {
        match self.state {
            State::Open(_) => {}
            State::Over => return Err(io::Error::other("the run was said to be over")),
            State::Cut(kind) => return Err(kind.into()),
        }
        let written = write(&mut self.lines);
        if let Err(error) = &written {
            self.cut(error);
        }
        written
    }

    fn cut(&mut self, error: &io::Error) {
        if let State::Open(finish) = std::mem::replace(&mut self.state, State::Cut(error.kind())) {
            // The error itself can't be kept and handed on; its text says all that there is to say.
            finish(&Err(io::Error::new(error.kind(), error.to_string())));
        }
    }
}

impl Audit {
    fn page(&self) -> MutexGuard<'_, Page> {
        self.page.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for Audit {
    fn announce(&self, notice: &Notice<'_>) -> io::Result<()> {
        let rule = (self.rule)(notice.rule);
        self.page().append(|lines| {
            lines.write("intent", rule.as_deref(), "event", |jsonl, line| {
                jsonl.announced(notice.sequence, notice.call, line);
            })
        })
    }

    fn observe(&self, event: &Event<'_>) -> io::Result<()> {
        self.calls.store(event.sequence, Ordering::Relaxed);
        let (kind, rule) = match (&event.outcome.refusal, event.outcome.logged) {
            (Some(refusal), _) => ("refused", if let Reason::Rule(rule) = refusal.reason { Some(rule) } else { None }),
            (None, Some(rule)) => ("outcome", Some(rule)),
            (None, None) => return Ok(()),
        };
        let rule = rule.and_then(|rule| (self.rule)(rule));
        let at = event.outcome.began.saturating_sub(self.began);
        self.page()
            .append(|lines| lines.write(kind, rule.as_deref(), "event", |jsonl, line| jsonl.event(event, at, line)))
    }

    fn finish(&self, how: &dyn fmt::Display) -> io::Result<()> {
        let calls = self.calls.load(Ordering::Relaxed);
        let at = self.page().lines.system.observer_clock().monotonic().saturating_sub(self.began);
        let page = &mut *self.page();
        if let State::Over = page.state {
            return Ok(());
        }
        let end = End { how: &how.to_string(), calls, recorded: calls, lost: 0, at };
        page.append(|lines| {
            lines.write("end", None, "run", |jsonl, line| jsonl.end(&end, line))?;
            lines.sink.sync()
        })?;
        if let State::Open(finish) = std::mem::replace(&mut page.state, State::Over) {
            finish(&Ok(page.lines.head));
        }
        Ok(())
    }
}
