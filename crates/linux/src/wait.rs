//! Waiting: `ppoll` for a few descriptors, an epoll instance for many.
//!
//! One `ppoll` over a few descriptors costs less than a registration, and leaves nothing behind. Beyond that the kernel
//! keeps the list from wait to wait (`registered`), so that a wait costs what happens, not what is waited for. Where it
//! cannot (before Linux 5.11, no descriptor or no memory left), `ppoll` takes the whole list.
//!
//! Hazards: a guest may ask for thousands of interests at once, so the work grows with their number and no faster, and the
//! kernel sees at most as many descriptors as are open. A signal interrupts; the time left is worked out anew from the
//! monotonic clock, in nanoseconds.

mod registered;

use std::any::Any;

use callgate_system::{Code, Interest, Nanoseconds, Result, Waiter};
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fd::AsFd as _;
use rustix::io::Errno;

use self::registered::Registered;
use crate::clock;
use crate::descriptor::Descriptor;
use crate::error::{coded, portable};
use crate::lookup::{Eventfd, LinuxLookup};
use crate::socket::LinuxSocket;
use crate::stdio::Stream;

/// A place to wait, with the tables of the last wait to write the next into.
pub(crate) struct LinuxWaiter {
    /// For each interest its place among the asked, or [`MET`].
    places: Vec<u32>,
    /// For each descriptor number its place among the asked, plus one; all 0 between two waits.
    by_number: Vec<u32>,
    /// For each place what happened.
    happened: Vec<PollFlags>,
    registered: Registered,
    /// As many descriptors as are polled.
    few: usize,
}

/// A descriptor, and what to wait for there.
pub(crate) struct Asked<'a> {
    descriptor: &'a Descriptor,
    events: PollFlags,
}

/// Up to here polling costs about as much as asking epoll, without the registrations before.
const FEW: usize = 8;

/// The place of what needs no asking.
const MET: u32 = u32::MAX;

/// The events of an error or of an end, which are reported even if they were not asked for.
const TROUBLE: PollFlags = PollFlags::ERR.union(PollFlags::HUP).union(PollFlags::NVAL);

impl Default for LinuxWaiter {
    fn default() -> Self {
        Self::polling(FEW)
    }
}

impl Waiter for LinuxWaiter {
    fn wait(&mut self, interests: &[&Interest], until: Option<Nanoseconds>, ready: &mut Vec<usize>) -> Result<()> {
        ready.clear();
        if interests.is_empty() && until.is_none() {
            return Err(Code::Invalid.into());
        }
        let asked = self.collect(interests);
        let until = if self.places.contains(&MET) { Some(0) } else { until };
        let slept = self.sleep(&asked, until);
        for Asked { descriptor, .. } in &asked {
            self.by_number[descriptor.number()] = 0;
        }
        slept?;
        for (index, (interest, &place)) in interests.iter().zip(&self.places).enumerate() {
            // `MET` is beyond all places.
            let met = self.happened.get(place as usize).is_none_or(|&what| what.intersects(events(interest) | TROUBLE));
            if met {
                ready.push(index);
            }
        }
        Ok(())
    }
}

impl LinuxWaiter {
    /// One that polls up to `few` descriptors, and registers more.
    fn polling(few: usize) -> Self {
        Self { places: Vec::new(), by_number: Vec::new(), happened: Vec::new(), registered: Registered::default(), few }
    }

    /// Finds each interest's place, giving each descriptor one.
    fn collect<'a>(&mut self, interests: &[&'a Interest]) -> Vec<Asked<'a>> {
        let mut asked: Vec<Asked<'a>> = Vec::new();
        self.places.clear();
        for interest in interests {
            let place = match descriptor(interest) {
                None => MET,
                Some(descriptor) => {
                    let number = descriptor.number();
                    if self.by_number.len() <= number {
                        self.by_number.resize(number + 1, 0);
                    }
                    if self.by_number[number] == 0 {
                        asked.push(Asked { descriptor, events: PollFlags::empty() });
                        self.by_number[number] = u32::try_from(asked.len()).unwrap_or(MET);
                    }
                    let place = self.by_number[number] - 1;
                    asked[place as usize].events |= events(interest);
                    place
                }
            };
            self.places.push(place);
        }
        asked
    }

    fn sleep(&mut self, asked: &[Asked<'_>], until: Option<Nanoseconds>) -> Result<()> {
        self.happened.clear();
        self.happened.resize(asked.len(), PollFlags::empty());
        if asked.len() > self.few {
            match self.registered.wait(asked, &self.by_number, until, &mut self.happened) {
                Ok(()) => return Ok(()),
                // Whatever it is, polling needs nothing that could be missing.
                Err(_) => self.registered = Registered::default(),
            }
        }
        poll(asked, until, &mut self.happened)
    }
}

/// The descriptor behind an interest; `None` where it is always met: a file, an answer, or what is of another system.
fn descriptor(interest: &Interest) -> Option<&Descriptor> {
    let stream: &dyn Any = match interest {
        Interest::Readable(source) => &**source,
        Interest::Writable(sink) => &**sink,
        Interest::Receivable(socket) | Interest::Sendable(socket) => {
            let socket: &dyn Any = &**socket;
            return Some(socket.downcast_ref::<LinuxSocket>()?.descriptor());
        }
        Interest::Resolved(lookup) => {
            let lookup: &dyn Any = &**lookup;
            return lookup.downcast_ref::<LinuxLookup>()?.pending().map(Eventfd::descriptor);
        }
    };
    stream.downcast_ref::<Stream>()?.pollable()
}

fn events(interest: &Interest) -> PollFlags {
    match interest {
        Interest::Readable(_) | Interest::Receivable(_) | Interest::Resolved(_) => PollFlags::IN,
        Interest::Writable(_) | Interest::Sendable(_) => PollFlags::OUT,
    }
}

/// Polls until something happens or the monotonic clock reaches `until`.
fn poll(asked: &[Asked<'_>], until: Option<Nanoseconds>, happened: &mut [PollFlags]) -> Result<()> {
    let mut fds: Vec<PollFd<'_>> =
        asked.iter().map(|asked| PollFd::from_borrowed_fd(asked.descriptor.as_fd(), asked.events)).collect();
    loop {
        let left = left(until);
        if fds.is_empty() && left == Some(0) {
            return Ok(());
        }
        match rustix::event::poll(&mut fds, left.map(timespec).as_ref()) {
            Ok(0) if left != Some(0) => {}
            Ok(_) => break,
            Err(Errno::INTR) => {}
            // More descriptors than the limit allows now.
            Err(Errno::INVAL) => return Err(coded(Code::InsufficientMemory, Errno::INVAL)),
            Err(errno) => return Err(portable(errno)),
        }
    }
    for (happened, fd) in happened.iter_mut().zip(&fds) {
        *happened = fd.revents();
    }
    Ok(())
}

/// The time left; 0 asks no clock.
fn left(until: Option<Nanoseconds>) -> Option<Nanoseconds> {
    until.map(|until| if until == 0 { 0 } else { until.saturating_sub(clock::monotonic()) })
}

fn timespec(left: Nanoseconds) -> Timespec {
    // Below 2^64 / 10^9 seconds; below 10^9 nanoseconds.
    let part = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
    Timespec { tv_sec: part(left / 1_000_000_000), tv_nsec: part(left % 1_000_000_000) }
}

#[cfg(test)]
mod tests;
