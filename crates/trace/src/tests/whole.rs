//! A trace is whole, or it is cut and says so.

use std::io::{self, Write};

use callgate_gate::{Call, CallError, Observer, RunEnd};
use callgate_system::Error;

use super::{Page, recorded, recording};
use crate::Flush;
use crate::format::{Format, Jsonl, Text};

#[test]
fn a_run_is_over_once() {
    let page = Page::default();
    let (gate, trace) = recorded(recording(), Text::default(), page.clone());
    trace.finish(&"ended by SIGTERM\n+++").unwrap();
    trace.finish(&"exited with code 0").unwrap();
    assert_eq!(page.text(), "+++ ended by SIGTERM\\n+++ +++\n");
    assert_eq!(gate.pass(Call::WallNow, || Ok::<_, Error>(1_u64)), Err(CallError::EndedRun(RunEnd::Unrecorded)));
    assert_eq!(page.text().lines().count(), 1, "nothing comes behind the last line");
}

/// Takes so many bytes; once it is full it says so, and has room again for the next.
#[derive(Clone)]
struct Full(Page, usize);

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.1 < bytes.len() {
            self.1 = usize::MAX;
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.1 -= bytes.len();
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Where a line is missing the run ends, and nothing comes behind the gap.
#[test]
fn a_trace_has_no_gap() {
    let page = Page::default();
    let (gate, trace) = recorded(recording(), Text::default(), Full(page.clone(), 60));
    assert_eq!(gate.pass(Call::WallNow, || Ok::<_, Error>(1_u64)), Ok(1));
    assert!(gate.unrecorded().is_none());
    let unrecorded = Err(CallError::EndedRun(RunEnd::Unrecorded));
    assert_eq!(gate.pass(Call::WallNow, || Ok::<_, Error>(1_u64)), unrecorded);
    assert_eq!(gate.pass(Call::WallNow, || Ok::<_, Error>(1_u64)), unrecorded, "also when there is room again");
    assert_eq!(gate.unrecorded().map(io::Error::kind), Some(io::ErrorKind::StorageFull));
    assert_eq!(trace.finish(&"exited with code 0").map_err(|error| error.kind()), Err(io::ErrorKind::StorageFull));
    assert_eq!(page.text().lines().count(), 1);
    assert_eq!(trace.loss(), None, "only a lossy recording tells of a loss");
}

/// What is held back is bounded, however many calls there are.
#[test]
fn many_calls_take_no_more_memory_than_few() {
    for format in [Box::new(Text::default()) as Box<dyn Format>, Box::new(Jsonl::default())] {
        let (system, page) = (super::Counter::at(0, 0), Page::default());
        let recording = recording().flush(Flush::Buffered);
        let trace = std::sync::Arc::new(recording.start(&(system.clone() as _), format, Box::new(page.clone())));
        let gate = super::gate(system, [trace.clone() as _]);
        let mut written = 0;
        for _ in 0..20_000 {
            gate.pass(Call::WallNow, || Ok::<_, Error>(1_u64)).unwrap();
            let held = page.0.lock().unwrap().len() - written;
            assert!(held == 0 || held >= 64 << 10, "{held} bytes go out at a time");
            written += held;
        }
        assert!(written > 512 << 10 && trace.capacity() <= 256 << 10, "{} bytes are held", trace.capacity());
    }
}

/// A trace beside another observer that fails: the trace is whole up to the call at which the run ended.
#[test]
fn beside_an_observer_that_fails() {
    struct Failing;
    impl Observer for Failing {
        fn observe(&self, event: &callgate_gate::Event<'_>) -> io::Result<()> {
            if event.sequence == 2 { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
        }

        fn finish(&self, _: &dyn std::fmt::Display) -> io::Result<()> {
            Ok(())
        }
    }

    let (system, page) = (super::Counter::at(0, 0), Page::default());
    let trace = recording().start(&(system.clone() as _), Box::new(Text::default()), Box::new(page.clone()));
    let gate = super::gate(system, [std::sync::Arc::new(Failing) as _, std::sync::Arc::new(trace) as _]);
    assert_eq!(gate.pass(Call::WallNow, || Ok::<_, Error>(1_u64)), Ok(1));
    let result = gate.pass(Call::WallNow, || Ok::<_, Error>(1_u64));
    assert_eq!(result, Err(CallError::EndedRun(RunEnd::Unrecorded)));
    assert_eq!(page.text().lines().count(), 2);
}
