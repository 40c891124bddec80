//! One running guest, as its host functions see it. They work through `&Host`: the engine lends guest memory and the host
//! from one store, so a host function that wants to read guest memory in place can borrow both only shared.

use std::cell::OnceCell;
use std::sync::Arc;
use std::time::{Duration, Instant};

use callgate_gate::{CallError, Gate, Mount, RunEnd};
use callgate_system::{Directory, Interest, Nanoseconds, Result, System};
use wasmtime::{Store, StoreContextMut};

use crate::bind::{direct, preview1};
use crate::budget::Budget;
use crate::limits::Memory;
use crate::objects::{Closing, Handles, InputStream, Moment, Outbox, OutputStream, Recent, Unsent};
use crate::stacks::Names;

/// Outboxes of dropped streams that may still have something to send. Each holds the charge for its bytes.
const UNSENT: usize = 256;

/// The engine's context of a call, which it hands to a host function.
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
    /// The budget of the memory that the host may hold for the guest.
    pub(crate) budget: Budget,
    pub(crate) recent: Recent,
    pub(crate) insecure_seed: OnceCell<(u64, u64)>,
    pub(crate) preview1: preview1::State,
    pub(crate) direct: direct::State,
    pub(crate) deadline: Option<Deadline>,
    pub(crate) names: Names,
    unsent: Unsent,
}

/// The end of a run's time. Where the system's clock is not the world's, the first of the two ends counts: there a sleep
/// takes none of the world's time, and a computation none of the system's.
#[derive(Clone, Copy)]
pub(crate) struct Deadline {
    pub(crate) on_system: Nanoseconds,
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

/// The surroundings that a guest finds when it starts.
#[derive(Default)]
pub(crate) struct Surroundings {
    pub(crate) arguments: Vec<String>,
    pub(crate) environment: Vec<(String, String)>,
    pub(crate) working_directory: Option<String>,
    pub(crate) mounts: Vec<(Arc<Mount>, Arc<dyn Directory>)>,
}

/// The limits of what a guest may take of the host.
pub(crate) struct Limits {
    /// Handles at a time.
    pub(crate) handles: usize,
    pub(crate) memory: Memory,
    pub(crate) budget: Budget,
    /// The time that a connection which nobody holds waits for its peer.
    pub(crate) linger: Nanoseconds,
}

/// The standard streams, each one for all handles of it.
pub(crate) struct Streams {
    pub(crate) stdin: Arc<InputStream>,
    pub(crate) stdout: Arc<OutputStream>,
    pub(crate) stderr: Arc<OutputStream>,
}

impl Host {
    pub(crate) fn new(
        system: Arc<dyn System>,
        gate: Gate,
        surroundings: Surroundings,
        streams: Streams,
        limits: Limits,
    ) -> Self {
        let Limits { handles, memory, budget, linger } = limits;
        let handles = Handles::new(handles, &budget);
        gate.prepare_to_wait();
        Self {
            gate,
            system,
            handles,
            surroundings,
            streams,
            memory,
            budget,
            recent: Recent::default(),
            insecure_seed: OnceCell::new(),
            preview1: preview1::State::default(),
            direct: direct::State::default(),
            deadline: None,
            names: Names::default(),
            unsent: Unsent::new(linger),
        }
    }

    /// Now, in calls and in time.
    pub(crate) fn moment(&self) -> Moment {
        Moment { calls: self.gate.calls(), now: self.system.clock().monotonic() }
    }

    /// Sleeps until one of `interests` is met or `until` has come; ends the run when its own time is over. Meanwhile the bytes
    /// that dropped streams left go out.
    pub(crate) fn wait(
        &self,
        interests: &[&Interest],
        until: Option<Nanoseconds>,
        ready: &mut Vec<usize>,
    ) -> Result<(), CallError> {
        ready.clear();
        if interests.is_empty() && until.is_some_and(|until| until <= self.system.clock().monotonic()) {
            return Ok(());
        }
        loop {
            let unsent = self.unsent.send(self.system.clock());
            if unsent.outboxes.is_empty() {
                return self.sleep(interests, until, ready);
            }
            let rooms = unsent.outboxes.iter().map(|outbox| outbox.room());
            let all: Vec<_> = interests.iter().copied().chain(rooms).collect();
            self.sleep(&all, until.into_iter().chain(unsent.until).min(), ready)?;
            ready.retain(|&index| index < interests.len());
            if !ready.is_empty() || until.is_some_and(|until| until <= self.system.clock().monotonic()) {
                return Ok(());
            }
        }
    }

    fn sleep(
        &self,
        interests: &[&Interest],
        until: Option<Nanoseconds>,
        ready: &mut Vec<usize>,
    ) -> Result<(), CallError> {
        let deadline = self.deadline.map(|deadline| deadline.on_system);
        let waited = self.gate.wait(interests, deadline.into_iter().chain(until).min(), ready);
        if deadline.is_some_and(|deadline| deadline <= self.system.clock().monotonic()) {
            return Err(CallError::EndedRun(RunEnd::TimedOut));
        }
        self.check_deadline()?;
        Ok(waited?)
    }

    /// Ends the run when its time is over. Reads no clock of the system: when this happens is no matter of the guest's.
    pub(crate) fn check_deadline(&self) -> Result<(), CallError> {
        match self.deadline {
            Some(deadline) if Instant::now() >= deadline.in_world => Err(CallError::EndedRun(RunEnd::TimedOut)),
            _ => Ok(()),
        }
    }

    /// Brings out what the guest wrote and did not wait for, also to streams that it never closed; it has no handles any more
    /// after that.
    pub(crate) fn drain(&self) -> Result<(), CallError> {
        let standard = [&self.streams.stdout, &self.streams.stderr];
        let unsent = standard.into_iter().filter_map(|stream| stream.unsent()).chain(self.handles.unsent());
        unsent.for_each(|outbox| self.unsent.keep(outbox));
        self.handles.clear();
        self.send_unsent(0)
    }

    /// Waits until at most so many dropped streams have something left to send.
    #[inline]
    fn send_unsent(&self, most: usize) -> Result<(), CallError> {
        if self.unsent.len() > most { self.wait_for_unsent(most) } else { Ok(()) }
    }

    #[cold]
    fn wait_for_unsent(&self, most: usize) -> Result<(), CallError> {
        while self.unsent.len() > most {
            let unsent = self.unsent.send(self.system.clock());
            if unsent.outboxes.len() > most {
                let rooms: Vec<_> = unsent.outboxes.iter().map(|outbox| outbox.room()).collect();
                self.sleep(&rooms, unsent.until, &mut Vec::new())?;
            }
        }
        Ok(())
    }

    /// Takes an object out of the table, and closes it.
    pub(crate) fn close(&self, closing: Closing) -> Result<(), CallError> {
        self.leave_unsent(self.handles.close(closing))
    }

    /// Keeps what a stream that is no more has not sent, and waits where much of that has come together.
    fn leave_unsent(&self, outbox: Option<Arc<Outbox>>) -> Result<(), CallError> {
        if let Some(outbox) = outbox {
            self.unsent.keep(outbox);
        }
        self.send_unsent(UNSENT)
    }
}
