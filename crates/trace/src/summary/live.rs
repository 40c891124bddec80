//! The summary of a run under way.

use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use callgate_gate::{Event, Observer, Value};
use callgate_system::{Error, Family, Nanoseconds, System};

use super::calls::{Failure, Function, Native};
use super::place::{Address, Finder};
use super::{Report, Run, Sample, Summary};

/// Takes the report at the end of the run.
type Finish = Box<dyn FnOnce(Report) -> io::Result<()> + Send>;

/// An observer that sums up the calls of a guest. It costs a call about as much as reading the clock twice does, which is what the gate
/// does for any observer.
pub struct Live {
    system: Arc<dyn System>,
    began: Nanoseconds,
    state: Mutex<State>,
}

struct State {
    summary: Summary,
    run: Run,
    end: End,
}

enum End {
    /// Still to come.
    Ahead(Finish),
    /// Reported.
    Reported,
    /// It could not be reported, for this reason.
    Failed(io::ErrorKind),
}

impl Live {
    /// The summary of the run of `program` on `system`, which begins now. `finish` gets it when the run is over.
    pub fn new(
        system: &Arc<dyn System>,
        program: String,
        finish: impl FnOnce(Report) -> io::Result<()> + Send + 'static,
    ) -> Self {
        let run = Run { program, backend: system.name().to_owned(), end: None, lasted: 0, calls: None };
        let state = State { summary: Summary::default(), run, end: End::Ahead(Box::new(finish)) };
        Self { system: Arc::clone(system), began: system.observer_clock().monotonic(), state: Mutex::new(state) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for Live {
    fn observe(&self, event: &Event<'_>) -> io::Result<()> {
        let state = &mut *self.state();
        if !matches!(state.end, End::Ahead(_)) {
            return Err(io::Error::other("the run was said to be over"));
        }
        let interface = event.call.interface();
        state.summary.add(&Sample {
            sequence: event.sequence,
            began: event.outcome.began.saturating_sub(self.began),
            took: event.duration(),
            function: Function::Known { interface, name: event.call.function() },
            failure: event.outcome.result.as_ref().err().map(|error| failure(error, event.outcome.refusal.is_some())),
            bytes: event.bytes(),
            place: finder(event).place(interface),
        });
        Ok(())
    }

    fn finish(&self, how: &dyn fmt::Display) -> io::Result<()> {
        let lasted = self.system.observer_clock().monotonic().saturating_sub(self.began);
        let state = &mut *self.state();
        match std::mem::replace(&mut state.end, End::Reported) {
            End::Reported => Ok(()),
            End::Failed(kind) => {
                state.end = End::Failed(kind);
                Err(kind.into())
            }
            End::Ahead(finish) => {
                state.run.end = Some(how.to_string());
                state.run.lasted = lasted;
                finish(state.summary.report(&state.run)).inspect_err(|error| state.end = End::Failed(error.kind()))
            }
        }
    }
}

fn failure(error: &Error, refused: bool) -> Failure<'static> {
    let native = error.native.map(|native| Native {
        family: family_word(native.family),
        code: native.code.into(),
        name: native.name,
    });
    Failure { code: error.code.name(), native, refused }
}

/// As stored traces spell it.
fn family_word(family: Family) -> &'static str {
    match family {
        Family::Errno => "errno",
        Family::NtStatus => "ntstatus",
        Family::Winsock => "winsock",
    }
}

fn finder<'a>(event: &Event<'a>) -> Finder<'a> {
    let mut finder = Finder::default();
    for (name, value) in event.call.arguments() {
        match value {
            Value::Handle(handle) => finder.handle(handle.name, handle.mount.is_some()),
            Value::Path(path) => finder.path(path),
            Value::Text(text) => finder.text(text),
            Value::Address(address) => finder.address(name, Address::Known(address)),
            _ => {}
        }
    }
    finder
}
