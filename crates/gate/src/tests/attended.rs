//! Deciders and observers of a guest's owner: who is asked and told what, in which order.

use std::fmt::Display;
use std::io;
use std::sync::{Arc, Mutex};

use callgate_system::{Code, Error, Follow};

use super::{Counter, ENOENT, decided_by, gate, handle, mount, no_entry};
use crate::{
    Call, CallError, Decider, Event, Gate, GuestId, Handle, NetworkRules, Observer, Reason, Resolved, RunEnd, Stack,
    Value, Verdict,
};

/// A call as an observer was told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Told {
    sequence: u64,
    function: &'static str,
    code: Option<Code>,
    reason: Option<Reason>,
    ended_run: Option<RunEnd>,
    bytes: u64,
}

/// Keeps what it is told, and fails at the call of a number.
#[derive(Default)]
struct Notes {
    told: Mutex<Vec<Told>>,
    fails_at: Option<u64>,
}

impl Notes {
    fn told(&self) -> Vec<Told> {
        self.told.lock().unwrap().clone()
    }

    fn sequences(&self) -> Vec<u64> {
        self.told().iter().map(|told| told.sequence).collect()
    }
}

impl Observer for Notes {
    fn observe(&self, event: &Event<'_>) -> io::Result<()> {
        self.told.lock().unwrap().push(Told {
            sequence: event.sequence,
            function: event.call.function(),
            code: event.outcome.result.as_ref().err().map(|error| error.code),
            reason: event.outcome.refusal.as_ref().map(|refusal| refusal.reason),
            ended_run: event.outcome.ended_run,
            bytes: event.bytes(),
        });
        if self.fails_at == Some(event.sequence) { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }

    fn finish(&self, _: &dyn Display) -> io::Result<()> {
        Ok(())
    }
}

/// Denies to remove names, as its rule 7.
struct KeepsNames;

impl Decider for KeepsNames {
    fn decide(&self, call: &Call<'_>, _: Option<&Resolved<'_>>) -> Verdict {
        match call {
            Call::UnlinkFileAt { .. } => Verdict::Deny { code: Code::NotPermitted, reason: Reason::Rule(7) },
            _ => Verdict::Allow,
        }
    }
}

fn now(gate: &Gate) -> Result<u64, CallError> {
    gate.pass(Call::MonotonicNow, || Ok::<_, Error>(1))
}

#[test]
fn every_observer_sees_every_call_in_order_and_without_a_gap() {
    let (one, other, fixed) = (Arc::new(Notes::default()), Arc::new(Notes::default()), mount(true));
    let gate = gate(Counter::at(0, 0), [one.clone() as _, other.clone() as _]);
    now(&gate).unwrap();
    gate.pass(Call::SetSize { file: handle(3, &fixed), size: 0 }, || Ok::<(), Error>(())).unwrap_err();
    gate.pass(Call::Exit { ok: true }, || Err::<(), CallError>(RunEnd::Exited(0).into())).unwrap_err();
    let stat = Call::StatAt { dir: handle(3, &fixed), follow: Follow::Yes, path: "x" };
    gate.pass(stat, || Err::<(), _>(no_entry())).unwrap_err();
    let told =
        |sequence, function, code, reason, ended_run| Told { sequence, function, code, reason, ended_run, bytes: 0 };
    let (read_only, exited) = (Some(Reason::ReadOnlyMount), Some(RunEnd::Exited(0)));
    let expected = [
        told(1, "monotonic-clock.now", None, None, None),
        told(2, "descriptor.set-size", Some(Code::ReadOnly), read_only, None),
        told(3, "exit.exit", Some(Code::Interrupted), None, exited),
        told(4, "descriptor.stat-at", Some(Code::NoEntry), None, None),
    ];
    assert_eq!(one.told(), expected);
    assert_eq!(other.told(), expected);
    assert_eq!(gate.calls(), 4);
}

#[test]
fn an_observer_that_fails_ends_the_run_and_leaves_no_gap_to_the_others() {
    let failing = Arc::new(Notes { fails_at: Some(2), ..Notes::default() });
    let (before, after) = (Arc::new(Notes::default()), Arc::new(Notes::default()));
    let gate = gate(Counter::at(0, 0), [before.clone() as _, failing.clone() as _, after.clone() as _]);
    assert_eq!(now(&gate), Ok(1));
    assert_eq!(now(&gate), Err(RunEnd::Unrecorded.into()));
    assert_eq!(gate.unrecorded().map(io::Error::kind), Some(io::ErrorKind::StorageFull));
    for observer in [before, failing, after] {
        assert_eq!(observer.sequences(), [1, 2]);
    }
}

#[test]
fn a_decider_denies_with_its_own_error_and_what_it_denies_never_happens() {
    let (notes, free) = (Arc::new(Notes::default()), mount(false));
    for observers in [vec![], vec![notes.clone() as Arc<dyn Observer>]] {
        let gate = decided_by(Arc::new(KeepsNames), observers);
        let mut happened = false;
        let unlink = Call::UnlinkFileAt { dir: handle(3, &free), path: "f" };
        let result = gate.pass(unlink, || {
            happened = true;
            Ok::<(), Error>(())
        });
        assert_eq!((result, happened), (Err(Code::NotPermitted.into()), false));
        assert_eq!(now(&gate), Ok(1), "it denies nothing else");
    }
    let reasons: Vec<_> = notes.told().iter().map(|told| told.reason).collect();
    assert_eq!(reasons, [Some(Reason::Rule(7)), None]);
}

/// The gate's own come first: no other decider can make of their error another one, or an act.
#[test]
fn the_gates_own_deciders_come_first() {
    let (notes, fixed) = (Arc::new(Notes::default()), mount(true));
    let gate = decided_by(Arc::new(KeepsNames), [notes.clone() as _]);
    let without_right = Handle { denied: Some(Code::NotCapable), ..handle(3, &fixed) };
    for (dir, code) in [(handle(3, &fixed), Code::ReadOnly), (without_right, Code::NotCapable)] {
        let result = gate.pass(Call::UnlinkFileAt { dir, path: "f" }, || Ok::<(), Error>(()));
        assert_eq!(result, Err(code.into()));
    }
    let reasons: Vec<_> = notes.told().iter().map(|told| told.reason).collect();
    assert_eq!(reasons, [Some(Reason::ReadOnlyMount), Some(Reason::MissingRight)]);
}

/// A right may be missing on any handle of a call.
#[test]
fn a_right_that_is_missing_on_the_second_handle_counts() {
    let free = mount(false);
    let gate = gate(Counter::at(0, 0), None);
    let new_dir = Handle { denied: Some(Code::NotCapable), ..handle(4, &free) };
    let rename = Call::RenameAt { dir: handle(3, &free), path: "a", new_dir, new_path: "b" };
    assert_eq!(gate.pass(rename, || Ok::<(), Error>(())), Err(Code::NotCapable.into()));
}

#[test]
fn what_is_missing_on_the_network_is_told() {
    struct Missing(Mutex<Vec<String>>);
    impl Observer for Missing {
        fn observe(&self, event: &Event<'_>) -> io::Result<()> {
            let refusal = event.outcome.refusal.as_ref().expect("it was refused");
            assert_eq!(refusal.reason, Reason::MissingRule);
            self.0.lock().unwrap().extend(refusal.missing.as_ref().map(|missing| missing.rule.clone()));
            Ok(())
        }

        fn finish(&self, _: &dyn Display) -> io::Result<()> {
            Ok(())
        }
    }

    let missing = Arc::new(Missing(Mutex::default()));
    let gate = gate(Counter::at(0, 0), [missing.clone() as _]);
    let socket = Handle { id: 3, name: "tcp", mount: None, denied: None };
    let connect = Call::TcpStartConnect { socket, remote_address: "10.0.0.5:443".parse().unwrap() };
    assert_eq!(gate.pass(connect, || Ok::<(), Error>(())), Err(Code::AccessDenied.into()));
    assert_eq!(*missing.0.lock().unwrap(), ["connect=10.0.0.5:443"]);
}

/// Arguments are values under the names of the interface, and what is derived from them is there.
#[test]
fn an_event_carries_values() {
    struct Checks;
    impl Observer for Checks {
        fn observe(&self, event: &Event<'_>) -> io::Result<()> {
            let free = mount(false);
            let at = handle(3, &free);
            match event.call {
                Call::Write { .. } => {
                    let arguments: Vec<_> = event.call.arguments().collect();
                    let buffer = Value::Bytes(b"hello");
                    let expected = [("file", Value::Handle(at)), ("buffer", buffer), ("offset", Value::Unsigned(9))];
                    assert_eq!(arguments, expected);
                    assert_eq!((event.bytes(), event.duration()), (3, Counter::STEP));
                    assert!(matches!(event.outcome.result, Ok(Value::Unsigned(3))));
                }
                Call::StatAt { .. } => {
                    let arguments: Vec<_> = event.call.arguments().collect();
                    let (follow, path) = (Value::Word("nofollow"), Value::Path("x"));
                    assert_eq!(arguments, [("dir", Value::Handle(at)), ("follow", follow), ("path", path)]);
                    assert_eq!((event.bytes(), event.native()), (0, Some(ENOENT)));
                }
                other => panic!("{other:?}"),
            }
            assert_eq!(event.handle(), Some(at));
            Ok(())
        }

        fn finish(&self, _: &dyn Display) -> io::Result<()> {
            Ok(())
        }
    }

    let (free, observers) = (mount(false), [Arc::new(Checks) as Arc<dyn Observer>]);
    let gate = gate(Counter::at(0, 0), observers);
    let file = handle(3, &free);
    gate.pass(Call::Write { file, buffer: b"hello", offset: 9 }, || Ok::<_, Error>(3_u64)).unwrap();
    let stat = Call::StatAt { dir: file, follow: Follow::No, path: "x" };
    gate.pass(stat, || Err::<(), _>(no_entry())).unwrap_err();
}

#[test]
fn guests_are_told_apart() {
    struct Ids(Mutex<Vec<GuestId>>);
    impl Observer for Ids {
        fn observe(&self, event: &Event<'_>) -> io::Result<()> {
            self.0.lock().unwrap().push(event.guest);
            Ok(())
        }

        fn finish(&self, _: &dyn Display) -> io::Result<()> {
            Ok(())
        }
    }

    let (ids, guests) = (Arc::new(Ids(Mutex::default())), [GuestId::new(), GuestId::new()]);
    for guest in guests {
        let gate = Gate::new(guest, Counter::at(0, 0), NetworkRules::default());
        now(&gate.attended_by(Vec::new(), vec![ids.clone()])).unwrap();
    }
    assert_eq!(*ids.0.lock().unwrap(), guests);
    assert_ne!(guests[0], guests[1]);
}

/// An observer sees the stacks that it asks for, and others see them with it.
#[test]
fn the_guests_stack_is_told_at_the_calls_that_an_observer_asks_for() {
    /// Asks for the stacks of some calls, and keeps which calls had one.
    #[derive(Default)]
    struct Samples {
        asked: Vec<u64>,
        told: Mutex<Vec<(u64, Stack)>>,
    }

    impl Observer for Samples {
        fn observe(&self, event: &Event<'_>) -> io::Result<()> {
            self.told.lock().unwrap().extend(event.stack.map(|stack| (event.sequence, stack.clone())));
            Ok(())
        }

        fn finish(&self, _: &dyn Display) -> io::Result<()> {
            Ok(())
        }

        fn next_stack(&self, from: u64) -> Option<u64> {
            self.asked.iter().copied().find(|asked| *asked >= from)
        }
    }

    let one = Arc::new(Samples { asked: vec![2, 3], ..Samples::default() });
    let other = Arc::new(Samples { asked: vec![5], ..Samples::default() });
    let silent = Arc::new(Samples::default());
    let gate = gate(Counter::at(0, 0), [one.clone() as _, other.clone() as _, silent.clone() as _]);
    let stack = |call: u64| Stack { functions: vec!["main".into(), format!("{call}").into()], is_cut: false };
    for call in 1..=7 {
        if gate.wants_stack() {
            gate.show_stack(stack(call));
        }
        now(&gate).unwrap();
    }
    for samples in [one, other, silent] {
        assert_eq!(*samples.told.lock().unwrap(), [2, 3, 5].map(|call| (call, stack(call))));
    }
}
