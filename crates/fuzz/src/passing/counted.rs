//! A system that counts its operations, and so do all objects that come of it. The clock for observers is not counted: what is read there
//! no guest can notice.

use std::ffi::OsStr;
use std::sync::Arc;

use callgate_system::{
    Clock, Directory, Interest, Nanoseconds, Network, Random, Result, Sink, Source, Stdio, System, Timestamp, Waiter,
};

use super::tally::Tally;

/// An object of a system.
pub(super) struct Counted<T: ?Sized> {
    pub(super) inner: Arc<T>,
    pub(super) tally: Arc<Tally>,
}

impl<T: ?Sized> Counted<T> {
    pub(super) fn new(inner: Arc<T>, tally: &Arc<Tally>) -> Arc<Self> {
        Arc::new(Self { inner, tally: Arc::clone(tally) })
    }

    /// Another one's, where it is counted too.
    pub(super) fn sibling<U: ?Sized>(&self, inner: Arc<U>) -> Arc<Counted<U>> {
        Counted::new(inner, &self.tally)
    }
}

impl<T: ?Sized> Drop for Counted<T> {
    fn drop(&mut self) {
        self.tally.count("close");
    }
}

/// Counts an operation, then does it.
macro_rules! counted {
    ($self:ident, $operation:literal, $method:ident($($argument:expr),*)) => {{
        $self.tally.count($operation);
        $self.inner.$method($($argument),*)
    }};
}
pub(super) use counted;

impl System for Counted<dyn System> {
    fn name(&self) -> &'static str {
        counted!(self, "system.name", name())
    }

    fn open_root(&self, host_path: &OsStr) -> Result<Arc<dyn Directory>> {
        Ok(self.sibling(counted!(self, "system.open_root", open_root(host_path))?))
    }

    fn clock(&self) -> &dyn Clock {
        self
    }

    fn observer_clock(&self) -> &dyn Clock {
        self.inner.observer_clock()
    }

    fn random(&self) -> &dyn Random {
        self
    }

    fn network(&self) -> &dyn Network {
        self
    }

    fn stdio(&self) -> Stdio {
        let Stdio { stdin, stdout, stderr } = counted!(self, "system.stdio", stdio());
        Stdio { stdin: self.sibling(stdin), stdout: self.sibling(stdout), stderr: self.sibling(stderr) }
    }

    fn waiter(&self) -> Box<dyn Waiter> {
        let inner = counted!(self, "system.waiter", waiter());
        Box::new(CountedWaiter { inner, tally: Arc::clone(&self.tally) })
    }
}

impl Clock for Counted<dyn System> {
    fn monotonic(&self) -> Nanoseconds {
        self.tally.count("clock.monotonic");
        self.inner.clock().monotonic()
    }

    fn monotonic_resolution(&self) -> Nanoseconds {
        self.tally.count("clock.monotonic_resolution");
        self.inner.clock().monotonic_resolution()
    }

    fn wall(&self) -> Timestamp {
        self.tally.count("clock.wall");
        self.inner.clock().wall()
    }

    fn wall_resolution(&self) -> Nanoseconds {
        self.tally.count("clock.wall_resolution");
        self.inner.clock().wall_resolution()
    }
}

impl Random for Counted<dyn System> {
    fn fill(&self, buffer: &mut [u8]) -> Result<()> {
        self.tally.count("random.fill");
        self.inner.random().fill(buffer)
    }
}

impl Source for Counted<dyn Source> {
    fn read(&self, buffer: &mut Vec<u8>) -> Result<usize> {
        counted!(self, "source.read", read(buffer))
    }

    fn is_terminal(&self) -> bool {
        counted!(self, "source.is_terminal", is_terminal())
    }
}

impl Sink for Counted<dyn Sink> {
    fn write(&self, buffer: &[u8]) -> Result<usize> {
        counted!(self, "sink.write", write(buffer))
    }

    fn is_settled(&self) -> bool {
        counted!(self, "sink.is_settled", is_settled())
    }

    fn is_terminal(&self) -> bool {
        counted!(self, "sink.is_terminal", is_terminal())
    }
}

/// Waits for counted objects. The inner system does not know such objects, and reports them as met.
struct CountedWaiter {
    inner: Box<dyn Waiter>,
    tally: Arc<Tally>,
}

impl Waiter for CountedWaiter {
    fn wait(&mut self, interests: &[&Interest], until: Option<Nanoseconds>, ready: &mut Vec<usize>) -> Result<()> {
        counted!(self, "waiter.wait", wait(interests, until, ready))
    }
}
