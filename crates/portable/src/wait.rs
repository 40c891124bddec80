//! Waiting: `poll` over what is waited for, and over a waker, where that is a thread's to tell.
//!
//! Hazards: a guest may ask for thousands of interests at once, so each descriptor is polled once; the work grows with
//! their number and no faster. Every sleep may end early, by a signal or a bell for somebody else: what is met is looked for
//! anew, and the time left is worked out anew from the monotonic clock.

use std::any::Any;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use callgate_system::{Code, Interest, Nanoseconds, Result, Waiter};
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fd::{AsRawFd as _, BorrowedFd, RawFd};
use rustix::io::Errno;

use crate::bell::{Bell, Waker};
use crate::clock;
use crate::error::{Portable as _, coded, portable};
use crate::lookup::PortableLookup;
use crate::os;
use crate::socket::PortableSocket;
use crate::stdio::Input;

/// A place to wait.
pub(crate) struct PortableWaiter {
    bell: Arc<Bell>,
    /// Made with the waiter, because a guest may hold every descriptor by the time that it waits. `None` where there was none to be
    /// had then; the first wait for a thread asks again.
    waker: Option<Arc<Waker>>,
}

/// The event that an interest depends on.
enum State<'a> {
    /// Nothing any more: it is met.
    Met,
    /// A thread that will ring.
    Rung,
    /// A descriptor.
    Polled(BorrowedFd<'a>),
}

/// The interests of one look at them.
struct Asked<'a> {
    /// For each interest its place among the polled; `Err` where it needs none, with whether it is met.
    places: Vec<Result<usize, bool>>,
    polled: Vec<PollFd<'a>>,
}

/// The longest sleep at once: what every system can count.
const LONGEST: Nanoseconds = 3_600_000_000_000;

/// The events of an error or of an end, which are reported even if they were not asked for.
const TROUBLE: PollFlags = PollFlags::ERR.union(PollFlags::HUP).union(PollFlags::NVAL);

impl PortableWaiter {
    pub(crate) fn new(bell: &Arc<Bell>) -> Self {
        Self { bell: Arc::clone(bell), waker: bell.waker().ok() }
    }
}

impl Waiter for PortableWaiter {
    fn wait(&mut self, interests: &[&Interest], until: Option<Nanoseconds>, ready: &mut Vec<usize>) -> Result<()> {
        ready.clear();
        if interests.is_empty() && until.is_none() {
            return Err(Code::Invalid.into());
        }
        loop {
            let mut asked = Asked::of(interests);
            let rung = asked.places.contains(&Err(false));
            if rung && self.waker.is_none() {
                // A ring before the waker hangs on the bell is seen only by another look.
                self.waker = Some(self.bell.waker().portable()?);
                continue;
            }
            let left = if asked.places.contains(&Err(true)) { Some(0) } else { left(until) };
            asked.sleep(self.waker.as_deref().filter(|_| rung), left)?;
            asked.note_met(interests, ready);
            if !ready.is_empty() || left == Some(0) {
                return Ok(());
            }
        }
    }
}

impl<'a> Asked<'a> {
    /// Looks at each, giving each descriptor one place.
    fn of(interests: &[&'a Interest]) -> Self {
        let mut places = Vec::with_capacity(interests.len());
        let mut polled: Vec<PollFd<'a>> = Vec::new();
        let mut events_of: Vec<(BorrowedFd<'a>, PollFlags)> = Vec::new();
        let mut by_number: HashMap<RawFd, usize> = HashMap::new();
        for interest in interests {
            places.push(match state(interest) {
                State::Met => Err(true),
                State::Rung => Err(false),
                State::Polled(fd) => {
                    let place = *by_number.entry(fd.as_raw_fd()).or_insert(events_of.len());
                    match events_of.get_mut(place) {
                        Some((_, asked)) => *asked |= events(interest),
                        None => events_of.push((fd, events(interest))),
                    }
                    Ok(place)
                }
            });
        }
        polled.extend(events_of.into_iter().map(|(fd, events)| PollFd::from_borrowed_fd(fd, events)));
        Self { places, polled }
    }

    /// Sleeps once, until something happens, the waker is woken or the time is over.
    fn sleep(&mut self, waker: Option<&'a Waker>, left: Option<Nanoseconds>) -> Result<()> {
        if let Some(waker) = waker {
            self.polled.push(PollFd::from_borrowed_fd(waker.fd(), PollFlags::IN));
        }
        let most = Duration::from_nanos(left.map_or(LONGEST, |left| left.min(LONGEST)));
        if self.polled.is_empty() {
            std::thread::sleep(most);
            return Ok(());
        }
        let timeout = Timespec::try_from(most).map_err(|_| Code::Invalid)?;
        match rustix::event::poll(&mut self.polled, Some(&timeout)) {
            Ok(_) | Err(Errno::INTR) => {}
            // More descriptors than the limit allows.
            Err(Errno::INVAL) => return Err(coded(Code::InsufficientMemory, portable(Errno::INVAL.into()))),
            Err(errno) => return Err(portable(errno.into())),
        }
        if let Some(waker) = waker
            && self.polled.last().is_some_and(|last| !last.revents().is_empty())
        {
            waker.clear();
        }
        Ok(())
    }

    fn note_met(&self, interests: &[&Interest], ready: &mut Vec<usize>) {
        for (index, (interest, place)) in interests.iter().zip(&self.places).enumerate() {
            let met = match place {
                Err(met) => *met,
                Ok(place) => {
                    let happened = self.polled.get(*place).map(PollFd::revents);
                    happened.is_some_and(|what| what.intersects(events(interest) | TROUBLE))
                }
            };
            if met {
                ready.push(index);
            }
        }
    }
}

/// The event that an interest depends on. An interest in an object of another system counts as met.
fn state(interest: &Interest) -> State<'_> {
    let found = match interest {
        Interest::Readable(source) => {
            let source: &dyn Any = &**source;
            source.downcast_ref::<Input>().filter(|input| !input.is_ready()).map(|_| State::Rung)
        }
        Interest::Writable(sink) => {
            let sink: &dyn Any = &**sink;
            sink.downcast_ref::<os::Output>().and_then(os::Output::pollable).map(State::Polled)
        }
        Interest::Receivable(socket) => {
            let socket: &dyn Any = &**socket;
            socket.downcast_ref::<PortableSocket>().and_then(PortableSocket::pollable_to_receive).map(State::Polled)
        }
        Interest::Sendable(socket) => {
            let socket: &dyn Any = &**socket;
            socket.downcast_ref::<PortableSocket>().and_then(PortableSocket::pollable).map(State::Polled)
        }
        Interest::Resolved(lookup) => {
            let lookup: &dyn Any = &**lookup;
            lookup.downcast_ref::<PortableLookup>().and_then(PortableLookup::pending).map(|_| State::Rung)
        }
    };
    found.unwrap_or(State::Met)
}

fn events(interest: &Interest) -> PollFlags {
    match interest {
        Interest::Readable(_) | Interest::Receivable(_) | Interest::Resolved(_) => PollFlags::IN,
        Interest::Writable(_) | Interest::Sendable(_) => PollFlags::OUT,
    }
}

/// The time left; 0 asks no clock.
fn left(until: Option<Nanoseconds>) -> Option<Nanoseconds> {
    until.map(|until| if until == 0 { 0 } else { until.saturating_sub(clock::monotonic()) })
}
