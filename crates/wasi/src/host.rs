//! One running guest, as its host functions see it. They work through `&Host`: the engine lends guest memory and the host
//! from one store, so a host function that wants to read guest memory in place can borrow both only shared.

use std::cell::RefCell;
use std::sync::Arc;

use callgate_gate::{Call, Gate, Mount};
use callgate_system::{Directory, Error, Interest, Nanoseconds, Result, System, Waiter};
use wasmtime::component::Resource;
use wasmtime::{Store, StoreContextMut};

use crate::ended::{Break, Ended};
use crate::handles::{Handles, Held, Keep};
use crate::limits::Memory;
use crate::p2::filesystem::{Moment, Recent};
use crate::p2::io::{Flow, InputStream, OutputStream};

/// What the engine hands to a host function.
pub(crate) type Context<'a> = StoreContextMut<'a, Host>;

/// The store of one guest.
pub(crate) type GuestStore = Store<Host>;

/// The state of one guest.
pub(crate) struct Host {
    pub(crate) gate: Gate,
    pub(crate) system: Arc<dyn System>,
    pub(crate) handles: Handles,
    pub(crate) surroundings: Surroundings,
    pub(crate) streams: Streams,
    pub(crate) memory: Memory,
    pub(crate) recent: Recent,
    pub(crate) deadline: Option<Nanoseconds>,
    waiter: RefCell<Box<dyn Waiter>>,
}

/// What a guest finds when it starts.
#[derive(Default)]
pub(crate) struct Surroundings {
    pub(crate) arguments: Vec<String>,
    pub(crate) environment: Vec<(String, String)>,
    pub(crate) working_directory: Option<String>,
    pub(crate) mounts: Vec<(Arc<Mount>, Arc<dyn Directory>)>,
}

/// The standard streams, each one for all handles of it.
pub(crate) struct Streams {
    pub(crate) stdin: std::rc::Rc<InputStream>,
    pub(crate) stdout: std::rc::Rc<OutputStream>,
    pub(crate) stderr: std::rc::Rc<OutputStream>,
}

impl Host {
    pub(crate) fn new(
        system: Arc<dyn System>,
        gate: Gate,
        handles: Handles,
        surroundings: Surroundings,
        streams: Streams,
        memory: Memory,
    ) -> Self {
        let waiter = RefCell::new(system.waiter());
        Self { gate, system, handles, surroundings, streams, memory, recent: Recent::default(), deadline: None, waiter }
    }

    /// Finds what a guest's handle stands for.
    #[inline]
    pub(crate) fn find<T: Keep>(&self, handle: &Resource<T>) -> wasmtime::Result<Held<T>> {
        self.handles.find(handle)
    }

    /// Now, in calls and in time.
    pub(crate) fn moment(&self) -> Moment {
        Moment { passed: self.gate.passed(), now: self.system.clock().monotonic() }
    }

    /// Sleeps until one of `interests` is met or `until` has come; ends the run when its own time is over.
    pub(crate) fn wait(
        &self,
        interests: &[Interest<'_>],
        until: Option<Nanoseconds>,
        ready: &mut Vec<usize>,
    ) -> Result<(), Break> {
        ready.clear();
        if interests.is_empty() && until.is_some_and(|until| until <= self.system.clock().monotonic()) {
            return Ok(());
        }
        let until = match (until, self.deadline) {
            (Some(until), Some(deadline)) => Some(until.min(deadline)),
            (until, deadline) => until.or(deadline),
        };
        let waited = self.waiter.borrow_mut().wait(interests, until, ready);
        self.check_deadline()?;
        Ok(waited?)
    }

    /// Ends the run when its time is over.
    pub(crate) fn check_deadline(&self) -> Result<(), Break> {
        match self.deadline {
            Some(deadline) if self.system.clock().monotonic() >= deadline => Err(Break::Ended(Ended::TimedOut)),
            _ => Ok(()),
        }
    }

    /// Brings out what the guest wrote and did not wait for.
    pub(crate) fn drain(&self) -> Result<(), Break> {
        for stream in [&self.streams.stdout, &self.streams.stderr] {
            // A guest that has ended can't be told that its output was lost.
            while let Ok(Flow::Open(())) = stream.flush()
                && !stream.is_flushed()
                && let Some(interest) = stream.writable()
            {
                self.wait(&[interest], None, &mut Vec::new())?;
            }
        }
        Ok(())
    }

    /// Closes a handle of any kind.
    pub(crate) fn close(&self, id: u32) -> wasmtime::Result<()> {
        let closing = self.handles.entry(id)?;
        let act = || {
            self.handles.remove(id);
            Ok(())
        };
        self.gate.pass(Call::Drop { handle: closing.handle() }, act).map_err(trap)
    }
}

/// Turns an error that a function's type has no place for into a trap.
pub(crate) fn trap(error: Error) -> wasmtime::Error {
    wasmtime::Error::new(error)
}
