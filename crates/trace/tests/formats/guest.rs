//! A guest that does what a test says, at the times that the test says, and a format that writes it down.

use std::ffi::OsStr;
use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use callgate_gate::{Call, CallError, Gate, GuestId, Handle, NetworkRules, Observer, Reply, Stack};
use callgate_system::{
    Clock, Code, Directory, Error, Nanoseconds, Network, Random, Result, Stdio, System, Timestamp, Waiter,
};
use callgate_trace::format::Format;
use callgate_trace::{Flush, Recorder, Recording};

/// The time of the system when a recording begins.
pub(crate) const BEGAN: Nanoseconds = 1_000_000;

/// A guest whose calls are recorded.
pub(crate) struct Guest {
    pub(crate) gate: Gate,
    system: Arc<Timed>,
    recorder: Arc<Recorder>,
    out: Page,
}

impl Guest {
    /// One that may do on the network what `rules` permit.
    pub(crate) fn new(format: Box<dyn Format>, rules: NetworkRules) -> Self {
        let (system, out, id) = (system(), Page::default(), GuestId::new());
        let recording = Recording::of(id, "a program.wasm", ["a program", "x"]).flush(Flush::Buffered);
        let recorded = Arc::clone(&system) as Arc<dyn System>;
        let recorder = Arc::new(recording.start(&recorded, format, Box::new(out.clone())));
        let observers = vec![Arc::clone(&recorder) as Arc<dyn Observer>];
        let gate = Gate::new(id, recorded, rules).attended_by(Vec::new(), observers);
        Self { gate, system, recorder, out }
    }

    /// Computes for so long.
    pub(crate) fn compute(&self, time: Nanoseconds) {
        self.system.0.fetch_add(time, Ordering::Relaxed);
    }

    /// Makes a call that takes so long, from within `functions`, the outermost first.
    pub(crate) fn call_from<T: Reply>(
        &self,
        functions: &[&str],
        call: Call<'_>,
        takes: Nanoseconds,
        result: std::result::Result<T, CallError>,
    ) {
        if self.gate.wants_stack() {
            let functions = functions.iter().map(|name| Arc::from(*name)).collect();
            self.gate.show_stack(Stack { functions, is_cut: false });
        }
        self.call(call, takes, result);
    }

    /// Makes a call that takes so long.
    pub(crate) fn call<T: Reply>(&self, call: Call<'_>, takes: Nanoseconds, result: std::result::Result<T, CallError>) {
        // Whether it succeeds is the test's own matter.
        let _ = self.gate.pass(call, || {
            self.compute(takes);
            result
        });
    }

    /// Ends the run; what was written.
    pub(crate) fn end(self) -> Vec<u8> {
        self.recorder.finish(&"exited with code 0").expect("it can be written");
        std::mem::take(&mut *self.out.0.lock().expect("no test panicked"))
    }
}

/// A handle of no mount.
pub(crate) fn handle(id: u32, name: &str) -> Handle<'_> {
    Handle { id, name, mount: None, denied: None }
}

/// A system whose time does not go on by itself.
pub(crate) fn system() -> Arc<Timed> {
    Arc::new(Timed(AtomicU64::new(BEGAN)))
}

/// A system that has a clock and nothing else. Reading it does not advance it.
pub(crate) struct Timed(AtomicU64);

impl Clock for Timed {
    fn monotonic(&self) -> Nanoseconds {
        self.0.load(Ordering::Relaxed)
    }

    fn monotonic_resolution(&self) -> Nanoseconds {
        1
    }

    fn wall(&self) -> Timestamp {
        Timestamp { seconds: 1_700_000_000, nanoseconds: 5 }
    }

    fn wall_resolution(&self) -> Nanoseconds {
        1
    }
}

impl System for Timed {
    fn name(&self) -> &'static str {
        "timed"
    }

    fn open_root(&self, _: &OsStr) -> Result<Arc<dyn Directory>> {
        Err(Error::new(Code::Unsupported))
    }

    fn clock(&self) -> &dyn Clock {
        self
    }

    fn random(&self) -> &dyn Random {
        unreachable!("no random bytes are asked for")
    }

    fn network(&self) -> &dyn Network {
        unreachable!("no sockets are made")
    }

    fn stdio(&self) -> Stdio {
        unreachable!("standard streams are of no use")
    }

    fn waiter(&self) -> Box<dyn Waiter> {
        unreachable!("nothing waits")
    }
}

#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().map_err(|_| io::ErrorKind::Other)?.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
