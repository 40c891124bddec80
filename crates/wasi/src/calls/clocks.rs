//! `wasi:clocks`: the wall clock and the monotonic clock, in nanoseconds.

use callgate_gate::Call;
use callgate_system::{Error, Nanoseconds, Timestamp};

use super::Outcome;
use crate::host::Host;
use crate::objects::{Held, Pollable};

pub(crate) fn wall_now(host: &Host) -> Outcome<Timestamp> {
    host.gate.pass(Call::WallNow, || Ok::<_, Error>(host.system.clock().wall()))
}

pub(crate) fn wall_resolution(host: &Host) -> Outcome<Nanoseconds> {
    host.gate.pass(Call::WallResolution, || Ok::<_, Error>(host.system.clock().wall_resolution()))
}

pub(crate) fn monotonic_now(host: &Host) -> Outcome<Nanoseconds> {
    host.gate.pass(Call::MonotonicNow, || Ok::<_, Error>(host.system.clock().monotonic()))
}

pub(crate) fn monotonic_resolution(host: &Host) -> Outcome<Nanoseconds> {
    host.gate.pass(Call::MonotonicResolution, || Ok::<_, Error>(host.system.clock().monotonic_resolution()))
}

pub(crate) fn subscribe_instant(host: &Host, when: Nanoseconds) -> Outcome<Held<Pollable>> {
    host.gate.pass(Call::SubscribeInstant { when }, || host.handles.add(Pollable::At(when)))
}

pub(crate) fn subscribe_duration(host: &Host, when: Nanoseconds) -> Outcome<Held<Pollable>> {
    let act = || host.handles.add(Pollable::At(host.system.clock().monotonic().saturating_add(when)));
    host.gate.pass(Call::SubscribeDuration { when }, act)
}
