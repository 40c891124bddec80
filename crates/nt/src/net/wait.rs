//! Waiting: one completion port for each waiter, polls of AFD that complete to it, and the deadline as the time-out of taking from
//! it.
//!
//! A poll stays with the kernel from wait to wait until it completes, so a wait asks the kernel only about what is new in its
//! list and what happened since, however long the list is. A poll of a dropped socket completes by itself, and is forgotten.
//!
//! Each direction of a socket has a poll of its own: a list that asks for one and then for the other changes nothing that lies
//! with the kernel.
//!
//! Hazards: a poll tells the state of the moment in which it completed. One of an earlier wait may have completed before this
//! one, and somebody may have received since what it tells of; so it is begun anew and only then believed. A guest may ask
//! for thousands of interests at once, the same many times: the work grows with their number and no faster.

use std::any::Any;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;
use std::time::Duration;

use callgate_system::{Code, Interest, Nanoseconds, Result, Waiter};

use super::readiness::{Direction, Readiness};
use super::socket::NtSocket;
use crate::clock;
use crate::error::Status;
use crate::nt::afd::{Poller, Told};
use crate::stdio::{Input, Output};
use crate::wake::Wake;

/// A place to wait.
#[derive(Default)]
pub(crate) struct NtWaiter {
    /// Made with the first wait for anything but time.
    poller: Option<Poller>,
    polls: Polls,
    /// The outcomes of polls; empty between two waits.
    told: Vec<Told>,
}

/// The polls that lie with the kernel, and who of the present list waits for them.
#[derive(Default)]
struct Polls {
    by_token: HashMap<u64, Poll>,
    /// The number of the present wait.
    round: u64,
    /// For each interest the one before it with the same token, or [`NONE`].
    before: Vec<usize>,
}

/// One poll.
struct Poll {
    /// The wait that began it.
    begun: u64,
    /// The last wait that had it in its list.
    asked: u64,
    /// The last interest of that list that asked for it.
    last: usize,
}

/// As long is slept at once, in nanoseconds, a day: what a timer of NT's makes of its largest number isn't said.
const LONGEST: Nanoseconds = 86_400_000_000_000;

/// No interest.
const NONE: usize = usize::MAX;

/// The readiness of an interest.
enum Answer<'a> {
    Met,
    /// Not met, and a wake-up tells when to look again.
    Asleep,
    /// Never met.
    Never,
    /// As a poll says.
    Polled(&'a NtSocket, Direction),
}

impl Waiter for NtWaiter {
    fn wait(&mut self, interests: &[&Interest], until: Option<Nanoseconds>, ready: &mut Vec<usize>) -> Result<()> {
        ready.clear();
        match (interests, until) {
            ([], None) => Err(Code::Invalid.into()),
            ([], Some(until)) => {
                sleep(until);
                Ok(())
            }
            _ => {
                let result = self.wait_for(interests, until, ready);
                if result.is_err() {
                    // Not all that came of polls may have been looked at.
                    *self = Self::default();
                }
                ready.sort_unstable();
                result.map_err(not_waited)
            }
        }
    }
}

impl NtWaiter {
    fn wait_for(
        &mut self,
        interests: &[&Interest],
        until: Option<Nanoseconds>,
        ready: &mut Vec<usize>,
    ) -> Result<(), Status> {
        let poller = match &mut self.poller {
            Some(poller) => poller,
            none => none.insert(Poller::new()?),
        };
        let waker = poller.waker();
        let mut asleep = Vec::new();
        self.polls.begin_round();
        for (index, interest) in interests.iter().enumerate() {
            self.polls.before.push(NONE);
            match answer(interest, &waker) {
                Answer::Met => ready.push(index),
                Answer::Asleep => asleep.push(index),
                Answer::Never => {}
                Answer::Polled(socket, direction) => self.polls.ask(poller, index, socket, direction)?,
            }
        }
        loop {
            let left = if ready.is_empty() { left(until) } else { Some(0) };
            let wait = poller.wait(left.map(ticks), &mut self.told)?;
            let mut more = wait.more;
            for told in self.told.drain(..) {
                more |= self.polls.note(poller, &told, interests, &waker, ready)?;
            }
            if wait.woken {
                asleep.retain(|&index| {
                    let met =
                        interests.get(index).is_some_and(|interest| matches!(answer(interest, &waker), Answer::Met));
                    if met {
                        ready.push(index);
                    }
                    !met
                });
            }
            if !more && (!ready.is_empty() || left == Some(0)) {
                return Ok(());
            }
        }
    }
}

impl Polls {
    fn begin_round(&mut self) {
        self.round += 1;
        self.before.clear();
    }

    /// The interest at `index`, the last so far, asks for a direction of a socket.
    fn ask(
        &mut self,
        poller: &mut Poller,
        index: usize,
        socket: &NtSocket,
        direction: Direction,
    ) -> Result<(), Status> {
        let (round, token) = (self.round, token(socket, direction));
        match self.by_token.entry(token) {
            Entry::Occupied(poll) => {
                let poll = poll.into_mut();
                if poll.asked == round {
                    self.before[index] = poll.last;
                }
                (poll.asked, poll.last) = (round, index);
            }
            Entry::Vacant(vacant) => {
                poller.begin(socket.base(), direction.events(), token)?;
                vacant.insert(Poll { begun: round, asked: round, last: index });
            }
        }
        Ok(())
    }

    /// Notes the outcome of a poll. Returns true if there will be more at once, because the poll was begun anew.
    fn note(
        &mut self,
        poller: &mut Poller,
        told: &Told,
        interests: &[&Interest],
        waker: &Arc<dyn Wake>,
        ready: &mut Vec<usize>,
    ) -> Result<bool, Status> {
        let Some(poll) = self.by_token.remove(&told.token) else { return Ok(false) };
        if poll.asked != self.round {
            return Ok(false);
        }
        if poll.begun != self.round || told.outcome == Err(Status::CANCELLED) {
            let asking = interests.get(poll.last).map(|interest| answer(interest, waker));
            if let Some(Answer::Polled(socket, direction)) = asking {
                poller.begin(socket.base(), direction.events(), told.token)?;
                self.by_token.insert(told.token, Poll { begun: self.round, ..poll });
                return Ok(true);
            }
        }
        let mut index = poll.last;
        while let Some(&before) = self.before.get(index) {
            ready.push(index);
            index = before;
        }
        Ok(false)
    }
}

/// The readiness of `interest`. An object of another system counts as met.
fn answer<'a>(interest: &'a Interest, waker: &Arc<dyn Wake>) -> Answer<'a> {
    match interest {
        Interest::Readable(source) => {
            let source: &dyn Any = &**source;
            asleep_unless(source.downcast_ref::<Input>().is_none_or(|input| input.poll(waker)))
        }
        Interest::Writable(sink) => {
            let sink: &dyn Any = &**sink;
            asleep_unless(sink.downcast_ref::<Output>().is_none_or(|output| output.poll(waker)))
        }
        Interest::Resolved(lookup) => asleep_unless(super::lookup::poll(&**lookup, waker)),
        Interest::Receivable(socket) => of_socket(&**socket, Direction::Receive),
        Interest::Sendable(socket) => of_socket(&**socket, Direction::Send),
    }
}

fn asleep_unless(met: bool) -> Answer<'static> {
    if met { Answer::Met } else { Answer::Asleep }
}

fn of_socket(socket: &dyn Any, direction: Direction) -> Answer<'_> {
    let Some(socket) = socket.downcast_ref::<NtSocket>() else { return Answer::Met };
    match socket.readiness(direction) {
        Readiness::Met => Answer::Met,
        Readiness::Never => Answer::Never,
        Readiness::Asked => Answer::Polled(socket, direction),
    }
}

/// Tells a direction of a socket from all others.
fn token(socket: &NtSocket, direction: Direction) -> u64 {
    socket.number() << 1 | u64::from(direction == Direction::Send)
}

/// Sleeps until the monotonic clock reaches `until`. The standard library takes a timer of high resolution, where there is one.
fn sleep(until: Nanoseconds) {
    loop {
        match left(Some(until)) {
            None | Some(0) => return,
            Some(left) => std::thread::sleep(Duration::from_nanos(left.min(LONGEST))),
        }
    }
}

/// The time left; 0 asks no clock.
fn left(until: Option<Nanoseconds>) -> Option<Nanoseconds> {
    until.map(|until| if until == 0 { 0 } else { until.saturating_sub(clock::monotonic()) })
}

/// In units of 100 ns, and not less.
fn ticks(left: Nanoseconds) -> i64 {
    i64::try_from(left.min(LONGEST).div_ceil(100)).unwrap_or(i64::MAX)
}

/// Whatever a port or AFD lacks: there is no other way to wait.
fn not_waited(status: Status) -> callgate_system::Error {
    status.meaning(Code::InsufficientMemory)
}

#[cfg(test)]
mod tests;
