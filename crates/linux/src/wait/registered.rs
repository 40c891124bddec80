//! Descriptors that the kernel remembers from wait to wait, in an epoll instance, each with the events of its last waits.
//!
//! Registrations are level-triggered, so that the kernel's word is the state of the moment. They are changed late: one
//! that a wait has no use for stays until it fires, and only then is narrowed or dropped. So what a wait costs the kernel
//! is what is new in its list and what happens, however long the list is and however it changes.
//!
//! Hazards: closing a descriptor ends its registration, unless a copy of it is open elsewhere (in a child process between
//! `fork` and `exec`). Such a registration can't be reached any more, and would fire for a stranger with the same number. So
//! each carries a count of its own, and when one fires that nobody can be found for, the instance is thrown away and built
//! anew. See epoll(7), "Will closing a file descriptor cause it to be removed".

use callgate_system::Nanoseconds;
use rustix::buffer::spare_capacity;
use rustix::event::PollFlags;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::fd::{AsFd as _, OwnedFd};
use rustix::io::{Errno, Result};

use super::{Asked, TROUBLE, left, timespec};
use crate::clock;
use crate::descriptor::Watched;

/// An epoll instance, made with the first wait.
#[derive(Default)]
pub(super) struct Registered {
    epoll: Option<OwnedFd>,
    /// By descriptor number.
    slots: Vec<Slot>,
    /// The number of slots that hold a registration, even of a closed descriptor. As many events can come at once.
    count: usize,
}

/// The registration under one number.
struct Slot {
    watched: Option<Watched>,
    events: PollFlags,
    /// Tells this registration from earlier ones of the same number.
    count: u32,
}

impl Slot {
    const FREE: Self = Self { watched: None, events: PollFlags::empty(), count: 0 };
}

/// The result of looking through the events.
enum Seen {
    /// Something that was asked for.
    Asked,
    /// Nothing that was.
    Other,
    /// The word of somebody unknown.
    Stranger,
}

impl Registered {
    /// Waits until something asked for happens or the monotonic clock reaches `until`, and notes it in `happened`.
    ///
    /// # Errors
    /// Those of epoll. Then the caller has to forget all registrations.
    pub(super) fn wait(
        &mut self,
        asked: &[Asked<'_>],
        by_number: &[u32],
        until: Option<Nanoseconds>,
        happened: &mut [PollFlags],
    ) -> Result<()> {
        let mut until = until;
        if self.register(asked, happened)? {
            until = Some(0);
        }
        loop {
            let left = left(until);
            let events = self.sleep(left)?;
            match self.look_through(&events, asked, by_number, happened) {
                Seen::Asked => return Ok(()),
                Seen::Other if until.is_some_and(|until| until == 0 || until <= clock::monotonic()) => return Ok(()),
                Seen::Other => {}
                Seen::Stranger => {
                    *self = Self::default();
                    self.register(asked, happened)?;
                }
            }
        }
    }

    /// Sleeps once; all that happened, in one list, or nothing, where a signal came.
    fn sleep(&self, left: Option<Nanoseconds>) -> Result<Vec<Event>> {
        let epoll = self.epoll.as_ref().ok_or(Errno::BADF)?;
        let mut events = Vec::with_capacity(self.count.max(1));
        match epoll::wait(epoll, spare_capacity(&mut events), left.map(timespec).as_ref()) {
            Ok(_) | Err(Errno::INTR) => Ok(events),
            Err(errno) => Err(errno),
        }
    }

    /// The places of those that are not registered, or for less than is asked.
    pub(super) fn missing(&self, asked: &[Asked<'_>]) -> Vec<usize> {
        let is_missing = |asked: &Asked<'_>| {
            let slot = self.slots.get(asked.descriptor.number());
            let is_there = |slot: &Slot| {
                slot.watched.as_ref().is_some_and(|watched| watched.is(asked.descriptor))
                    && slot.events.contains(asked.events)
            };
            !slot.is_some_and(is_there)
        };
        asked.iter().enumerate().filter(|(_, asked)| is_missing(asked)).map(|(place, _)| place).collect()
    }

    /// Registers what is missing. Returns true if some of it can't be registered because it is always ready, which
    /// then counts as happened.
    fn register(&mut self, asked: &[Asked<'_>], happened: &mut [PollFlags]) -> Result<bool> {
        if self.epoll.is_none() {
            self.epoll = Some(epoll::create(CreateFlags::CLOEXEC)?);
        }
        let mut always = false;
        for place in self.missing(asked) {
            match self.add(&asked[place]) {
                Ok(()) => {}
                // A file or the like, which poll calls ready.
                Err(Errno::PERM) => {
                    happened[place] = asked[place].events;
                    always = true;
                }
                Err(errno) => return Err(errno),
            }
        }
        Ok(always)
    }

    fn add(&mut self, asked: &Asked<'_>) -> Result<()> {
        let epoll = self.epoll.as_ref().ok_or(Errno::BADF)?;
        let (fd, number) = (asked.descriptor.as_fd(), asked.descriptor.number());
        if self.slots.len() <= number {
            self.slots.resize_with(number + 1, || Slot::FREE);
        }
        let slot = &mut self.slots[number];
        if slot.watched.as_ref().is_some_and(|watched| watched.is(asked.descriptor)) {
            slot.events |= asked.events;
            return epoll::modify(epoll, fd, data(number, slot.count), flags(slot.events));
        }
        slot.count = slot.count.wrapping_add(1);
        epoll::add(epoll, fd, data(number, slot.count), flags(asked.events))?;
        slot.events = asked.events;
        if slot.watched.replace(asked.descriptor.watch()).is_none() {
            self.count += 1;
        }
        Ok(())
    }

    /// Notes what happened to those asked for, and silences the others.
    fn look_through(
        &mut self,
        events: &[Event],
        asked: &[Asked<'_>],
        by_number: &[u32],
        happened: &mut [PollFlags],
    ) -> Seen {
        let mut seen = Seen::Other;
        for event in events {
            let (number, count) = of_data(event.data);
            let is_known = |slot: &&mut Slot| slot.count == count && slot.watched.is_some();
            let Some(slot) = self.slots.get_mut(number).filter(is_known) else { return Seen::Stranger };
            let Some(epoll) = &self.epoll else { return Seen::Stranger };
            match by_number.get(number) {
                None | Some(0) => {
                    let Some(open) = slot.watched.take().and_then(|watched| watched.get()) else {
                        return Seen::Stranger;
                    };
                    // Fails where it is gone already.
                    let _ = epoll::delete(epoll, open);
                    self.count -= 1;
                }
                Some(&place) => {
                    let place = place as usize - 1;
                    let happens = of_flags(event.flags);
                    happened[place] = happens;
                    if happens.intersects(asked[place].events | TROUBLE) {
                        seen = Seen::Asked;
                    } else {
                        slot.events = asked[place].events;
                        let narrowed =
                            epoll::modify(epoll, asked[place].descriptor.as_fd(), event.data, flags(slot.events));
                        if narrowed.is_err() {
                            return Seen::Stranger;
                        }
                    }
                }
            }
        }
        seen
    }
}

fn data(number: usize, count: u32) -> EventData {
    EventData::new_u64(number as u64 | u64::from(count) << 32)
}

#[allow(clippy::cast_possible_truncation, reason = "the two halves")]
fn of_data(data: EventData) -> (usize, u32) {
    (data.u64() as u32 as usize, (data.u64() >> 32) as u32)
}

/// The kernel gave both the same bits.
fn flags(events: PollFlags) -> EventFlags {
    EventFlags::from_bits_retain(events.bits().into())
}

fn of_flags(flags: EventFlags) -> PollFlags {
    PollFlags::from_bits_retain(u16::try_from(flags.bits() & 0xffff).unwrap_or(0))
}
