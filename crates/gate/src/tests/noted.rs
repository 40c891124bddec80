//! The gate's memory of the calls that passed.

use callgate_system::{Code, Error, Follow};

use super::{Counter, ENOENT, gate, handle, mount, no_entry};
use crate::{Call, Event, Gate, Observer};

/// Takes note of nothing.
struct Idle;

impl Observer for Idle {
    fn observe(&self, _: &Event<'_>) -> std::io::Result<()> {
        Ok(())
    }

    fn finish(&self, _: &dyn std::fmt::Display) -> std::io::Result<()> {
        Ok(())
    }
}

fn gates() -> [Gate; 2] {
    let system = Counter::at(0, 0);
    [gate(system.clone(), None), gate(system, [std::sync::Arc::new(Idle) as _])]
}

#[test]
fn the_native_error_is_that_of_the_last_failure() {
    let (fixed, free) = (mount(true), mount(false));
    let stat = Call::StatAt { dir: handle(3, &free), follow: Follow::Yes, path: "file" };
    for gate in gates() {
        assert_eq!((gate.last_native(), gate.last_failed()), (None, ""));

        assert_eq!(gate.pass(stat, || Err::<(), _>(no_entry())), Err(no_entry().into()));
        assert_eq!((gate.last_native(), gate.last_failed()), (Some(ENOENT), "descriptor.stat-at"));

        assert_eq!(gate.pass(Call::WallNow, || Ok::<_, Error>(1_u64)), Ok(1));
        assert_eq!((gate.last_native(), gate.last_failed()), (Some(ENOENT), "descriptor.stat-at"), "success leaves it");

        let refused = Call::SetSize { file: handle(3, &fixed), size: 0 };
        assert_eq!(gate.pass(refused, || Ok::<(), Error>(())), Err(Code::ReadOnly.into()));
        assert_eq!((gate.last_native(), gate.last_failed()), (None, "descriptor.set-size"), "no system is behind it");
    }
}

#[test]
fn every_call_counts_however_it_ends() {
    let fixed = mount(true);
    for gate in gates() {
        gate.pass(Call::WallNow, || Ok::<_, Error>(1_u64)).unwrap();
        gate.pass(Call::Exit { ok: true }, || Err::<(), _>(no_entry())).unwrap_err();
        gate.pass(Call::SetSize { file: handle(3, &fixed), size: 0 }, || Ok::<(), Error>(())).unwrap_err();
        assert_eq!(gate.calls(), 3);
    }
}

/// The act of a call may pass other calls.
#[test]
fn calls_may_nest() {
    for gate in gates() {
        let inner = || gate.pass(Call::WallNow, || Err::<u64, _>(no_entry())).or(Ok::<_, Error>(7));
        assert_eq!(gate.pass(Call::MonotonicNow, inner), Ok(7));
        assert_eq!((gate.calls(), gate.last_failed()), (2, "wall-clock.now"));
    }
}
