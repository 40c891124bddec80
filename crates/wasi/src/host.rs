//! One running guest, as its host functions see it. They work through `&Host`: the engine lends guest memory and the host
//! from one store, so a host function that wants to read guest memory in place can borrow both only shared.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use callgate_gate::{Call, Gate, Mount};
use callgate_system::{Directory, Error, Interest, Nanoseconds, Result, System, Waiter};
use wasmtime::component::Resource;
use wasmtime::{Store, StoreContextMut};

use crate::ended::{Break, Ended};
use crate::handles::{Handles, Held, Keep};
use crate::limits::Memory;
use crate::p1;
use crate::p2::filesystem::{Moment, Recent};
use crate::p2::io::{InputStream, Outbox, OutputStream};

/// Outboxes of dropped streams that may still have something to send.
const UNSENT: usize = 256;

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
    pub(crate) p1: p1::State,
    pub(crate) deadline: Option<Deadline>,
    waiter: RefCell<Box<dyn Waiter>>,
    unsent: RefCell<Vec<Rc<Outbox>>>,
}

/// When a run's time is over. Where the system's clock is not the world's, whichever comes first: there a sleep takes none
/// of the world's time, and a computation none of the system's.
#[derive(Clone, Copy)]
pub(crate) struct Deadline {
    on_system: Nanoseconds,
    in_world: Instant,
}

impl Deadline {
    /// `time` from now; none where that is for ever.
    pub(crate) fn after(time: Duration, system: &dyn System) -> Option<Self> {
        let nanoseconds = u64::try_from(time.as_nanos()).ok()?;
        let on_system = system.clock().monotonic().checked_add(nanoseconds)?;
        Some(Self { on_system, in_world: Instant::now().checked_add(time)? })
    }
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
    pub(crate) stdin: Rc<InputStream>,
    pub(crate) stdout: Rc<OutputStream>,
    pub(crate) stderr: Rc<OutputStream>,
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
        let p1 = p1::State::new(handles.limit());
        Self {
            gate,
            system,
            handles,
            surroundings,
            streams,
            memory,
            recent: Recent::default(),
            p1,
            deadline: None,
            waiter,
            unsent: RefCell::default(),
        }
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

    /// Sleeps until one of `interests` is met or `until` has come; ends the run when its own time is over. Meanwhile what
    /// dropped streams left behind goes out.
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
        let deadline = self.deadline.map(|deadline| deadline.on_system).into_iter().chain(until).min();
        loop {
            let unsent = self.send_unsent();
            if unsent.is_empty() {
                let waited = self.waiter.borrow_mut().wait(interests, deadline, ready);
                self.check_deadlines()?;
                return Ok(waited?);
            }
            let all: Vec<_> = interests.iter().copied().chain(unsent.iter().map(|outbox| outbox.room())).collect();
            let waited = self.waiter.borrow_mut().wait(&all, deadline, ready);
            self.check_deadlines()?;
            waited?;
            let only_unsent = ready.first().is_some_and(|&index| index >= interests.len());
            ready.retain(|&index| index < interests.len());
            let in_time = until.is_none_or(|until| self.system.clock().monotonic() < until);
            if !only_unsent || !in_time {
                return Ok(());
            }
        }
    }

    /// Sends what dropped streams left behind, as far as there is room; the rest.
    fn send_unsent(&self) -> Vec<Rc<Outbox>> {
        let mut unsent = self.unsent.borrow_mut();
        // Nobody is there any more to be told of an error; it empties the box.
        unsent.retain(|outbox| outbox.flush().is_ok() && !outbox.is_empty());
        unsent.clone()
    }

    /// Ends the run when its time is over. Reads no clock of the system: when this happens is no matter of the guest's.
    pub(crate) fn check_deadline(&self) -> Result<(), Break> {
        match self.deadline {
            Some(deadline) if Instant::now() >= deadline.in_world => Err(Break::Ended(Ended::TimedOut)),
            _ => Ok(()),
        }
    }

    /// The same, after a wait.
    fn check_deadlines(&self) -> Result<(), Break> {
        match self.deadline {
            Some(deadline) if self.system.clock().monotonic() >= deadline.on_system => {
                Err(Break::Ended(Ended::TimedOut))
            }
            _ => self.check_deadline(),
        }
    }

    /// Brings out what the guest wrote and did not wait for, also to streams that it never closed.
    pub(crate) fn drain(&self) -> Result<(), Break> {
        let standard = [&self.streams.stdout, &self.streams.stderr];
        let unsent = standard.into_iter().filter_map(|stream| stream.unsent()).chain(self.handles.unsent());
        let unsent = unsent.chain(self.p1.unsent());
        unsent.for_each(|outbox| self.keep_unsent(outbox));
        loop {
            let unsent = self.send_unsent();
            let rooms: Vec<_> = unsent.iter().map(|outbox| outbox.room()).collect();
            if rooms.is_empty() {
                return Ok(());
            }
            self.wait(&rooms, None, &mut Vec::new())?;
        }
    }

    /// Closes a handle of any kind. What a stream has not sent yet still goes out; where much of that has come together,
    /// closing waits for some to go.
    pub(crate) fn close(&self, id: u32) -> wasmtime::Result<()> {
        let closing = self.handles.entry(id)?;
        let act = || {
            self.handles.remove(id);
            self.leave_unsent(closing.unsent())
        };
        Ok(self.gate.pass::<_, Break>(Call::Drop { handle: closing.handle() }, act)?)
    }

    /// Keeps what a stream that is no more has not sent, and waits where much of that has come together.
    pub(crate) fn leave_unsent(&self, outbox: Option<Rc<Outbox>>) -> Result<(), Break> {
        if let Some(outbox) = outbox {
            self.keep_unsent(outbox);
        }
        while self.unsent.borrow().len() > UNSENT {
            let unsent = self.send_unsent();
            let rooms: Vec<_> = unsent.iter().map(|outbox| outbox.room()).collect();
            self.wait(&rooms, None, &mut Vec::new())?;
        }
        Ok(())
    }

    fn keep_unsent(&self, outbox: Rc<Outbox>) {
        let mut unsent = self.unsent.borrow_mut();
        if !unsent.iter().any(|kept| Rc::ptr_eq(kept, &outbox)) {
            unsent.push(outbox);
        }
    }
}

/// Turns an error that a function's type has no place for into a trap.
pub(crate) fn trap(error: Error) -> wasmtime::Error {
    wasmtime::Error::new(error)
}
