//! Waiting: one `ppoll` over the descriptors behind the interests, each once.
//!
//! Hazards: a guest may ask for thousands of interests at once, so the work grows with their number and no faster, and the
//! kernel sees at most as many descriptors as are open. A signal interrupts; the time left is worked out anew from the
//! monotonic clock, in nanoseconds.

use std::any::Any;

use callgate_system::{Code, Interest, Nanoseconds, Result, Waiter};
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fd::{AsRawFd as _, BorrowedFd};
use rustix::io::Errno;

use crate::clock;
use crate::error::{coded, portable};
use crate::stdio::Stream;

/// A place to wait, with the tables of the last wait to write the next into.
#[derive(Default)]
pub(crate) struct LinuxWaiter {
    /// For each interest its place among the polled, or [`MET`].
    places: Vec<u32>,
    /// For each descriptor number its place among the polled, plus one; all 0 between two waits.
    by_number: Vec<u32>,
}

/// The place of what needs no polling.
const MET: u32 = u32::MAX;

/// What tells of an error or of an end, asked for or not.
const TROUBLE: PollFlags = PollFlags::ERR.union(PollFlags::HUP).union(PollFlags::NVAL);

impl Waiter for LinuxWaiter {
    fn wait(&mut self, interests: &[Interest<'_>], until: Option<Nanoseconds>, ready: &mut Vec<usize>) -> Result<()> {
        ready.clear();
        if interests.is_empty() && until.is_none() {
            return Err(Code::Invalid.into());
        }
        let mut polled = self.collect(interests);
        let until = if self.places.contains(&MET) { Some(0) } else { until };
        sleep(&mut polled, until)?;
        for (index, (interest, &place)) in interests.iter().zip(&self.places).enumerate() {
            // `MET` is beyond all places.
            let met = polled.get(place as usize).is_none_or(|fd| fd.revents().intersects(events(interest) | TROUBLE));
            if met {
                ready.push(index);
            }
        }
        Ok(())
    }
}

impl LinuxWaiter {
    /// Finds each interest's place, giving each descriptor one.
    fn collect<'a>(&mut self, interests: &[Interest<'a>]) -> Vec<PollFd<'a>> {
        let mut polled: Vec<PollFd<'a>> = Vec::new();
        let mut asked: Vec<(BorrowedFd<'a>, PollFlags)> = Vec::new();
        self.places.clear();
        for interest in interests {
            let place = match descriptor(interest) {
                None => MET,
                Some(fd) => {
                    let number = fd.as_raw_fd().unsigned_abs() as usize;
                    if self.by_number.len() <= number {
                        self.by_number.resize(number + 1, 0);
                    }
                    if self.by_number[number] == 0 {
                        asked.push((fd, PollFlags::empty()));
                        self.by_number[number] = u32::try_from(asked.len()).unwrap_or(MET);
                    }
                    let place = self.by_number[number] - 1;
                    asked[place as usize].1 |= events(interest);
                    place
                }
            };
            self.places.push(place);
        }
        for (fd, events) in asked {
            self.by_number[fd.as_raw_fd().unsigned_abs() as usize] = 0;
            polled.push(PollFd::from_borrowed_fd(fd, events));
        }
        polled
    }
}

/// The descriptor behind an interest; `None` where it is always met: a file, or a stream of another system.
fn descriptor<'a>(interest: &Interest<'a>) -> Option<BorrowedFd<'a>> {
    let stream: &'a dyn Any = match *interest {
        Interest::Readable(source) => source,
        Interest::Writable(sink) => sink,
    };
    stream.downcast_ref::<Stream>()?.pollable()
}

fn events(interest: &Interest<'_>) -> PollFlags {
    match interest {
        Interest::Readable(_) => PollFlags::IN,
        Interest::Writable(_) => PollFlags::OUT,
    }
}

/// Polls until something happens or the monotonic clock reaches `until`.
fn sleep(fds: &mut [PollFd<'_>], until: Option<Nanoseconds>) -> Result<()> {
    loop {
        let left = until.map(|until| if until == 0 { 0 } else { until.saturating_sub(clock::monotonic()) });
        if fds.is_empty() && left == Some(0) {
            return Ok(());
        }
        match rustix::event::poll(fds, left.map(timespec).as_ref()) {
            Ok(0) if left != Some(0) => {}
            Ok(_) => return Ok(()),
            Err(Errno::INTR) => {}
            // More descriptors than the limit allows now.
            Err(Errno::INVAL) => return Err(coded(Code::InsufficientMemory, Errno::INVAL)),
            Err(errno) => return Err(portable(errno)),
        }
    }
}

fn timespec(left: Nanoseconds) -> Timespec {
    // Below 2^64 / 10^9 seconds; below 10^9 nanoseconds.
    let part = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
    Timespec { tv_sec: part(left / 1_000_000_000), tv_nsec: part(left % 1_000_000_000) }
}

#[cfg(test)]
mod tests;
