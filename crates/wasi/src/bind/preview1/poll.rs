//! `poll_oneoff`: waits for clocks and descriptors, all in one wait.
//!
//! Hazard: the list is the guest's. Elsewhere 20,000 subscriptions cost seconds outside any limit (GHSA-j366-h8gg-77pm). Here a
//! list is gone through once before the wait and once after it, and more than [`MOST`] subscriptions are refused.

use callgate_gate::{Call, CallError, Reply, Value};
use callgate_system::{Error, Nanoseconds, Timestamp};

use super::errno::{Errno, Stop};
use super::fd::Object;
use super::fds::HeldFd;
use super::memory::GuestMemory;
use super::rights::{self, POLL_FD_READWRITE};
use super::values::{self, Snapshot};
use crate::calls::poll::first_over;
use crate::host::Host;
use crate::limits::WAITED;
use crate::objects::Wait;

/// Subscriptions that one call may have.
const MOST: u32 = 1 << 16;
/// Bytes of an `event`.
const EVENT: u32 = 32;

const CLOCK: u8 = 0;
const FD_READ: u8 = 1;
const FD_WRITE: u8 = 2;

/// One thing that the guest waits for.
struct Subscription {
    userdata: [u8; 8],
    kind: u8,
    on: Result<On, Errno>,
}

enum On {
    /// A time of the monotonic clock, or from now on.
    Time(Nanoseconds, From),
    Fd(HeldFd),
}

/// The origin that a time counts from.
#[derive(Clone, Copy)]
enum From {
    Now,
    MonotonicZero,
    Epoch,
}

/// The events that happened.
struct Events(Vec<[u8; EVENT as usize]>);

impl Reply for Events {
    fn value(&self) -> Value<'_> {
        Value::Count(self.0.len())
    }
}

pub(super) fn poll_oneoff(
    host: &Host,
    memory: &mut GuestMemory<'_>,
    snapshot: Snapshot,
    (list, events): (u32, u32),
    count: u32,
    out: u32,
) -> Result<(), Stop> {
    let size = if snapshot == Snapshot::Preview0 { 56 } else { 48 };
    if count == 0 || count > MOST {
        return Err(Errno::Inval.into());
    }
    memory.check(out, 4)?;
    memory.check(list, count * size)?;
    memory.check(events, count * EVENT)?;
    let _charge = host.budget.charge_call(count as usize * WAITED)?;
    let read = |index: u32| Subscription::read(host, memory, snapshot, list + index * size);
    let mut subscriptions = (0..count).map(read).collect::<Result<Vec<_>, Errno>>()?;
    let act = || {
        begin(host, &mut subscriptions);
        let met = first_over(host, &subscriptions, Subscription::wait)?;
        let met = met.iter().filter_map(|index| subscriptions.get(*index as usize));
        Ok::<_, CallError>(Events(met.map(Subscription::event).collect()))
    };
    let Events(met) = host.gate.pass(Call::Poll { count: count as usize }, act)?;
    // The position after the last event may be no address.
    for (event, at) in met.iter().zip((events..).step_by(EVENT as usize)) {
        memory.put(at, *event)?;
    }
    #[allow(clippy::cast_possible_truncation, reason = "at most as many as there are subscriptions")]
    Ok(memory.put_u32(out, met.len() as u32)?)
}

/// Has all times count from the zero of the monotonic clock.
fn begin(host: &Host, subscriptions: &mut [Subscription]) {
    let clock = host.system.clock();
    let now = clock.monotonic();
    // The lead of the wall clock over the monotonic one, as it is now.
    let ahead = |wall: Timestamp| values::nanoseconds(wall).saturating_sub(now);
    for subscription in subscriptions {
        if let Ok(On::Time(when, from)) = &mut subscription.on {
            *when = match from {
                From::Now => when.saturating_add(now),
                From::MonotonicZero => *when,
                From::Epoch => when.saturating_sub(ahead(clock.wall())),
            };
            *from = From::MonotonicZero;
        }
    }
}

impl Subscription {
    fn read(host: &Host, memory: &GuestMemory<'_>, snapshot: Snapshot, at: u32) -> Result<Self, Errno> {
        let [kind] = memory.get(at + 8)?;
        let on = match kind {
            // In preview0 an identifier comes first, which nothing refers to.
            CLOCK => clock(memory, at + if snapshot == Snapshot::Preview0 { 24 } else { 16 }),
            FD_READ | FD_WRITE => descriptor(host, memory.get_u32(at + 16)?),
            _ => return Err(Errno::Inval),
        };
        Ok(Self { userdata: memory.get(at)?, kind, on })
    }

    fn wait(&self) -> Wait<'_> {
        match &self.on {
            Ok(On::Time(when, _)) => Wait::Until(*when),
            Ok(On::Fd(held)) if self.kind == FD_READ => held.readable(),
            Ok(On::Fd(held)) => held.writable(),
            Err(_) => Wait::Over,
        }
    }

    fn event(&self) -> [u8; EVENT as usize] {
        let mut event = [0; EVENT as usize];
        let errno = self.on.as_ref().err().map_or(0, |errno| *errno as u16);
        let available = match &self.on {
            Ok(On::Fd(held)) if self.kind == FD_READ => available(held),
            Ok(On::Fd(_)) => 1,
            _ => 0,
        };
        event[..8].copy_from_slice(&self.userdata);
        event[8..10].copy_from_slice(&errno.to_le_bytes());
        event[10] = self.kind;
        event[16..24].copy_from_slice(&available.to_le_bytes());
        event
    }
}

/// The time of a clock that a subscription waits for.
fn clock(memory: &GuestMemory<'_>, at: u32) -> Result<On, Errno> {
    let timeout = u64::from_le_bytes(memory.get(at + 8)?);
    let flags = u16::from_le_bytes(memory.get(at + 24)?);
    let [absolute] = values::flags(flags.into())?;
    let from = match (memory.get_u32(at)?, absolute) {
        (0 | 1, false) => From::Now,
        (1, true) => From::MonotonicZero,
        (0, true) => From::Epoch,
        _ => return Err(Errno::Inval),
    };
    Ok(On::Time(timeout, from))
}

fn descriptor(host: &Host, fd: u32) -> Result<On, Errno> {
    let held = host.preview1.fds.find(fd)?;
    match held.object {
        Object::Directory(_) => Err(Errno::Badf),
        // The call is refused for this one only, which is an event of it.
        _ => match rights::missing(held.rights().0, POLL_FD_READWRITE) {
            None => Ok(On::Fd(held)),
            Some(code) => Err(Error::new(code).into()),
        },
    }
}

/// Bytes that a read would find: the rest of a file; of a stream nobody knows, but that there is something.
fn available(held: &HeldFd) -> u64 {
    match &held.object {
        Object::File(file) => file.stat().map_or(0, |stat| stat.size.saturating_sub(held.position.get())),
        _ => 1,
    }
}
