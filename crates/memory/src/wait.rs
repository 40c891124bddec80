//! Waiting: where virtual time passes.
//!
//! Each guest has one waiter, and a waiter that is not waiting is a guest that runs. Only when all wait, and none has what
//! it waits for, does time go on, at once to the first deadline or to what is on its way; where there is neither, nothing
//! can ever happen, and all these waits fail with `Deadlock`.
//!
//! Hazard: a waiter that is kept and never used stops time for the others. A guest that computes does so too, until it
//! waits or ends; its own time limit is the real clock's.

use std::any::Any;
use std::sync::Arc;

use callgate_system::{Code, Interest, Nanoseconds, Result, Waiter};

use crate::network::{MemorySocket, Net};
use crate::world::World;

/// One guest's place to wait.
pub(crate) struct MemoryWaiter {
    world: Arc<World>,
    number: u64,
}

impl MemoryWaiter {
    pub(crate) fn new(world: Arc<World>, number: u64) -> Self {
        world.lock().guests += 1;
        Self { world, number }
    }

    /// True if an interest is met now. An interest in anything but a socket of this world is always met: a stream reads and
    /// writes at once, and the answers of a lookup are there from the beginning.
    fn is_met(&self, net: &Net, interest: &Interest, now: Nanoseconds) -> bool {
        let (Interest::Receivable(socket) | Interest::Sendable(socket)) = interest else { return true };
        let socket: &dyn Any = &**socket;
        let socket = socket.downcast_ref::<MemorySocket>();
        match (socket.and_then(|socket| socket.number_in(&self.world)), interest) {
            (Some(socket), Interest::Receivable(_)) => net.is_receivable(socket, now),
            (Some(socket), _) => net.is_sendable(socket, now),
            (None, _) => true,
        }
    }
}

impl Waiter for MemoryWaiter {
    fn wait(&mut self, interests: &[&Interest], until: Option<Nanoseconds>, ready: &mut Vec<usize>) -> Result<()> {
        ready.clear();
        if interests.is_empty() && until.is_none() {
            return Err(Code::Invalid.into());
        }
        let mut world = self.world.lock();
        let deadlocks = world.deadlocks;
        loop {
            world.asleep.remove(&self.number);
            let now = self.world.time.now();
            let met = |(index, interest): (usize, &&Interest)| self.is_met(&world.net, interest, now).then_some(index);
            ready.extend(interests.iter().enumerate().filter_map(met));
            if !ready.is_empty() || until.is_some_and(|until| until <= now) {
                return Ok(());
            }
            if world.deadlocks != deadlocks {
                return Err(Code::Deadlock.into());
            }
            world.asleep.insert(self.number, until);
            if world.asleep.len() < world.guests {
                world = world.sleep();
                continue;
            }
            match world.next_event() {
                Some(then) => self.world.time.advance(then),
                None => world.deadlocks += 1,
            }
            world.wake();
        }
    }
}

impl Drop for MemoryWaiter {
    fn drop(&mut self) {
        let mut world = self.world.lock();
        world.guests = world.guests.saturating_sub(1);
        // The others may be all there are now.
        world.wake();
    }
}
