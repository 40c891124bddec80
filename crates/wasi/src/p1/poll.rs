//! `poll_oneoff`: waits for clocks and descriptors, all in one wait.
//!
//! Hazard: the list is the guest's. Elsewhere 20,000 subscriptions cost seconds outside any limit (GHSA-j366-h8gg-77pm); here a
//! list is gone through once before the wait and once behind it, and more than [`MOST`] are refused.

use callgate_gate::{Break, Call};
use callgate_system::{Interest, Nanoseconds};

use super::descriptor::Object;
use super::descriptors::Held;
use super::errno::{Errno, Stop};
use super::memory::GuestMemory;
use super::rights::POLL_FD_READWRITE;
use super::values::{self, Snapshot};
use crate::host::Host;
use crate::limits::WAITED;

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
    /// A point in monotonic time.
    Time(Nanoseconds),
    Descriptor(Held),
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
    let now = host.system.clock().monotonic();
    let read = |index: u32| Subscription::read(host, memory, snapshot, list + index * size, now);
    let subscriptions = (0..count).map(read).collect::<Result<Vec<_>, Errno>>()?;
    let met = host.gate.pass(Call::Poll { count: count as usize }, || wait(host, &subscriptions))?;
    // The address behind the last event may be none.
    let met_ones = met.iter().filter_map(|index| subscriptions.get(*index as usize));
    for (subscription, at) in met_ones.zip((events..).step_by(EVENT as usize)) {
        memory.put(at, subscription.event())?;
    }
    #[allow(clippy::cast_possible_truncation, reason = "at most as many as there are subscriptions")]
    Ok(memory.put_u32(out, met.len() as u32)?)
}

impl Subscription {
    fn read(
        host: &Host,
        memory: &GuestMemory<'_>,
        snapshot: Snapshot,
        at: u32,
        now: Nanoseconds,
    ) -> Result<Self, Errno> {
        let [kind] = memory.get(at + 8)?;
        let on = match kind {
            // In preview0 an identifier comes first, which nothing refers to.
            CLOCK => clock(host, memory, at + if snapshot == Snapshot::Preview0 { 24 } else { 16 }, now),
            FD_READ | FD_WRITE => descriptor(host, memory.get_u32(at + 16)?),
            _ => return Err(Errno::Inval),
        };
        Ok(Self { userdata: memory.get(at)?, kind, on })
    }

    /// What to wait for; nothing, where it is a time or is met at once.
    fn interest(&self) -> Option<Interest<'_>> {
        match &self.on {
            Ok(On::Descriptor(held)) if self.kind == FD_READ => held.readable(),
            Ok(On::Descriptor(held)) => held.writable(),
            _ => None,
        }
    }

    fn event(&self) -> [u8; EVENT as usize] {
        let mut event = [0; EVENT as usize];
        let errno = self.on.as_ref().err().map_or(0, |errno| *errno as u16);
        let available = match &self.on {
            Ok(On::Descriptor(held)) if self.kind == FD_READ => available(held),
            Ok(On::Descriptor(_)) => 1,
            _ => 0,
        };
        event[..8].copy_from_slice(&self.userdata);
        event[8..10].copy_from_slice(&errno.to_le_bytes());
        event[10] = self.kind;
        event[16..24].copy_from_slice(&available.to_le_bytes());
        event
    }
}

/// When a clock's time has come, on the monotonic clock.
fn clock(host: &Host, memory: &GuestMemory<'_>, at: u32, now: Nanoseconds) -> Result<On, Errno> {
    let timeout = u64::from_le_bytes(memory.get(at + 8)?);
    let flags = u16::from_le_bytes(memory.get(at + 24)?);
    let [absolute] = values::flags(flags.into())?;
    let zero = match (memory.get_u32(at)?, absolute) {
        (0 | 1, false) | (1, true) => 0,
        // How far the wall clock is ahead of the monotonic one, as it is now.
        (0, true) => values::nanoseconds(host.system.clock().wall()).saturating_sub(now),
        _ => return Err(Errno::Inval),
    };
    let base = if absolute { 0 } else { now };
    Ok(On::Time(base.saturating_add(timeout).saturating_sub(zero)))
}

fn descriptor(host: &Host, fd: u32) -> Result<On, Errno> {
    let held = host.p1.descriptors.find(fd)?;
    match held.object {
        Object::Directory(_) => Err(Errno::Badf),
        _ => held.require(POLL_FD_READWRITE).map(|()| On::Descriptor(held)),
    }
}

/// Bytes that a read would find: the rest of a file; of a stream nobody knows, but that there is something.
fn available(held: &Held) -> u64 {
    match &held.object {
        Object::File(file) => file.file.stat().map_or(0, |stat| stat.size.saturating_sub(file.position.get())),
        _ => 1,
    }
}

/// Waits until at least one is met; the indices of all that are, ascending.
fn wait(host: &Host, subscriptions: &[Subscription]) -> Result<Vec<u32>, Break> {
    let (mut interests, mut of_interest) = (Vec::new(), Vec::new());
    let mut until = None::<Nanoseconds>;
    for (index, subscription) in subscriptions.iter().enumerate() {
        match (subscription.interest(), &subscription.on) {
            (Some(interest), _) => {
                interests.push(interest);
                of_interest.push(index);
            }
            (None, Ok(On::Time(when))) => until = Some(until.map_or(*when, |until| until.min(*when))),
            (None, _) => until = Some(0),
        }
    }
    let mut met = Vec::new();
    loop {
        host.wait(&interests, until, &mut met)?;
        let now = host.system.clock().monotonic();
        let mut met = met.iter().filter_map(|&interest| of_interest.get(interest).copied()).peekable();
        let is_met = |(index, subscription): (usize, &Subscription)| {
            let is_met = match (subscription.interest(), &subscription.on) {
                (Some(_), _) => met.next_if_eq(&index).is_some(),
                (None, Ok(On::Time(when))) => now >= *when,
                (None, _) => true,
            };
            #[allow(clippy::cast_possible_truncation, reason = "at most MOST")]
            is_met.then_some(index as u32)
        };
        let all: Vec<u32> = subscriptions.iter().enumerate().filter_map(is_met).collect();
        if !all.is_empty() {
            return Ok(all);
        }
    }
}
