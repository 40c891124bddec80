//! `wasi:clocks`: wall-clock, monotonic-clock.

use callgate_gate::Call;
use callgate_system::{Error, Timestamp};
use wasmtime::component::{ComponentType, Lift, Linker, Lower, Resource};

use crate::host::{Context, Host};
use crate::p2::interface;
use crate::p2::io::Pollable;

/// A point in wall time, as the interface writes it: never before 1970.
#[derive(Clone, Copy, Debug, ComponentType, Lift, Lower)]
#[component(record)]
pub(crate) struct Datetime {
    pub(crate) seconds: u64,
    pub(crate) nanoseconds: u32,
}

impl Datetime {
    /// `None` before 1970, which the interface has no way to say.
    pub(crate) fn new(time: Timestamp) -> Option<Self> {
        Some(Self { seconds: u64::try_from(time.seconds).ok()?, nanoseconds: time.nanoseconds })
    }
}

pub(super) fn link(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    link_wall_clock(linker)?;
    link_monotonic_clock(linker)
}

fn link_wall_clock(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    let mut clock = interface(linker, "wasi:clocks/wall-clock")?;
    clock.func_wrap("now", |cx: Context<'_>, (): ()| {
        let host = cx.data();
        let now = host.gate.pass(Call::WallNow, || Ok::<_, Error>(host.system.clock().wall()))?;
        Ok((Datetime::new(now).unwrap_or(Datetime { seconds: 0, nanoseconds: 0 }),))
    })?;
    clock.func_wrap("resolution", |cx: Context<'_>, (): ()| {
        let host = cx.data();
        let step = host.gate.pass(Call::WallResolution, || Ok::<_, Error>(host.system.clock().wall_resolution()))?;
        #[allow(clippy::cast_possible_truncation, reason = "the remainder is below a second")]
        Ok((Datetime { seconds: step / 1_000_000_000, nanoseconds: (step % 1_000_000_000) as u32 },))
    })
}

fn link_monotonic_clock(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    let mut clock = interface(linker, "wasi:clocks/monotonic-clock")?;
    clock.func_wrap("now", |cx: Context<'_>, (): ()| {
        let host = cx.data();
        Ok((host.gate.pass(Call::MonotonicNow, || Ok::<_, Error>(host.system.clock().monotonic()))?,))
    })?;
    clock.func_wrap("resolution", |cx: Context<'_>, (): ()| {
        let host = cx.data();
        let act = || Ok::<_, Error>(host.system.clock().monotonic_resolution());
        Ok((host.gate.pass(Call::MonotonicResolution, act)?,))
    })?;
    clock.func_wrap("subscribe-instant", |cx: Context<'_>, (when,): (u64,)| {
        let host = cx.data();
        let act = || host.handles.add(Pollable::At(when));
        Ok((Resource::from(host.gate.pass(Call::SubscribeInstant { when }, act)?),))
    })?;
    clock.func_wrap("subscribe-duration", |cx: Context<'_>, (when,): (u64,)| {
        let host = cx.data();
        let act = || host.handles.add(Pollable::At(host.system.clock().monotonic().saturating_add(when)));
        Ok((Resource::from(host.gate.pass(Call::SubscribeDuration { when }, act)?),))
    })
}
