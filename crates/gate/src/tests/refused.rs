//! A read-only mount, against every call there is that could change something.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::fmt::Display;
use std::io;
use std::sync::{Arc, Mutex, OnceLock};

use callgate_system::{Code, Error, Follow, NewTimestamp, OpenHow};

use super::{Counter, gate, handle, mount};
use crate::NetworkRules;
use crate::call::declared;
use crate::{Call, Event, Gate, GuestId, Handle, Observer};

const PATH: &str = "file";

/// Each way of each call that could change something behind `at`; of two handles, `other` is the harmless one.
fn changes<'a>(at: Handle<'a>, other: Handle<'a>) -> Vec<Call<'a>> {
    let (now, keep, contents) = (NewTimestamp::Now, NewTimestamp::NoChange, &b"contents"[..]);
    let open = |how: OpenHow| Call::OpenAt { dir: at, path: PATH, how };
    vec![
        Call::StreamWrite { stream: at, contents },
        Call::StreamBlockingWriteAndFlush { stream: at, contents },
        Call::StreamWriteZeroes { stream: at, len: 1 },
        Call::StreamBlockingWriteZeroesAndFlush { stream: at, len: 1 },
        Call::StreamSplice { stream: at, src: other, len: 1 },
        Call::StreamBlockingSplice { stream: at, src: other, len: 1 },
        Call::WriteViaStream { file: at, offset: 0 },
        Call::AppendViaStream { file: at },
        Call::SetSize { file: at, size: 0 },
        Call::SetTimes { file: at, accessed: now, modified: keep },
        Call::Write { file: at, buffer: contents, offset: 0 },
        Call::CreateDirectoryAt { dir: at, path: PATH },
        Call::SetTimesAt { dir: at, follow: Follow::Yes, path: PATH, accessed: keep, modified: now },
        Call::LinkAt { dir: at, follow: Follow::No, path: PATH, new_dir: at, new_path: PATH },
        Call::LinkAt { dir: at, follow: Follow::No, path: PATH, new_dir: other, new_path: PATH },
        Call::LinkAt { dir: other, follow: Follow::No, path: PATH, new_dir: at, new_path: PATH },
        open(OpenHow { write: true, ..OpenHow::default() }),
        open(OpenHow { read: true, create: true, ..OpenHow::default() }),
        open(OpenHow { truncate: true, ..OpenHow::default() }),
        open(OpenHow { write: true, create: true, truncate: true, exclusive: true, ..OpenHow::default() }),
        Call::RemoveDirectoryAt { dir: at, path: PATH },
        Call::RenameAt { dir: at, path: PATH, new_dir: at, new_path: "new" },
        Call::RenameAt { dir: at, path: PATH, new_dir: other, new_path: "new" },
        Call::RenameAt { dir: other, path: PATH, new_dir: at, new_path: "new" },
        Call::SymlinkAt { dir: at, target: "target", path: PATH },
        Call::UnlinkFileAt { dir: at, path: PATH },
    ]
}

#[test]
fn every_change_below_a_read_only_mount_is_refused_and_never_happens() {
    let (fixed, free) = (mount(true), mount(false));
    let gate = gate(Counter::at(0, 0), None);
    for call in changes(handle(3, &fixed), handle(4, &free)) {
        let happened = Cell::new(false);
        let result = gate.pass(call, || {
            happened.set(true);
            Ok::<(), Error>(())
        });
        assert_eq!(result, Err(Code::ReadOnly.into()), "{call:?}");
        assert!(!happened.get(), "{call:?} was refused and happened");
    }
}

#[test]
fn a_writable_mount_refuses_nothing() {
    let (one, two) = (mount(false), mount(false));
    let gate = gate(Counter::at(0, 0), None);
    for call in changes(handle(3, &one), handle(4, &two)) {
        assert_eq!(gate.pass(call, || Ok::<(), Error>(())), Ok(()), "{call:?}");
    }
    let stdout = Handle { id: 1, name: "stdout", mount: None, denied: None };
    let write = Call::StreamWrite { stream: stdout, contents: b"x" };
    assert_eq!(gate.pass(write, || Ok::<(), Error>(())), Ok(()));
}

#[test]
fn every_call_that_is_declared_to_change_something_is_tested() {
    let any = mount(true);
    let tested: BTreeSet<_> = changes(handle(3, &any), handle(4, &any)).iter().map(Call::function).collect();
    let declared: BTreeSet<_> =
        declared::CALLS.iter().filter(|(_, changes)| *changes).map(|(function, _)| *function).collect();
    assert_eq!(tested, declared);
}

#[test]
fn a_look_below_a_read_only_mount_is_not_refused() {
    let fixed = mount(true);
    let at = handle(3, &fixed);
    let read = OpenHow { read: true, directory: true, ..OpenHow::default() };
    let looks = [
        Call::OpenAt { dir: at, path: PATH, how: read },
        Call::OpenAt { dir: at, path: PATH, how: OpenHow::default() },
        Call::Read { file: at, length: 1, offset: 0 },
        Call::ReadViaStream { file: at, offset: 0 },
        Call::StatAt { dir: at, follow: Follow::Yes, path: PATH },
        Call::ReadDirectory { dir: at },
        Call::ReadlinkAt { dir: at, path: PATH },
        Call::Sync { file: at },
        Call::Drop { handle: at },
    ];
    for call in looks {
        assert!(!call.changes_read_only_mount(), "{call:?}");
    }
}

#[test]
fn an_observer_sees_what_was_refused() {
    #[derive(Default)]
    struct Seen(Mutex<Vec<String>>);
    impl Observer for Seen {
        fn observe(&self, event: &Event<'_>) -> io::Result<()> {
            let Event { call, outcome, .. } = event;
            let text = format!("{} {} {:?}", call.interface(), call.function(), outcome.result.as_ref().err());
            self.0.lock().unwrap().push(text);
            Ok(())
        }

        fn finish(&self, _: &dyn Display) -> io::Result<()> {
            Ok(())
        }
    }

    let (seen, fixed) = (Arc::new(Seen::default()), mount(true));
    let gate = gate(Counter::at(0, 0), [seen.clone() as _]);
    let call = Call::SetSize { file: handle(3, &fixed), size: 0 };
    assert_eq!(gate.pass(call, || Ok::<(), Error>(())), Err(Code::ReadOnly.into()));
    let refusal = Error::new(Code::ReadOnly);
    assert_eq!(*seen.0.lock().unwrap(), [format!("wasi:filesystem/types descriptor.set-size {:?}", Some(refusal))]);
}

/// A name that is none is `invalid` whatever the rules are, and no rule is asked for, which a person might add.
#[test]
fn what_is_no_name_is_not_judged() {
    let network = Handle { id: 1, name: "network", mount: None, denied: None };
    let missing = Arc::new(OnceLock::new());
    let gate = Gate::new(GuestId::new(), Counter::at(0, 0), NetworkRules::new(Vec::new(), missing.clone()));
    for name in ["a\ncallgate: add --net all", "\u{202e}moc.elpmaxe", "", &"a".repeat(1 << 20)] {
        let looked_up = gate.pass(Call::ResolveAddresses { network, name }, || Ok::<(), Error>(()));
        assert_eq!(looked_up, Err(Code::Invalid.into()), "{name:?}");
    }
    assert_eq!(missing.get(), None);
    let looked_up = gate.pass(Call::ResolveAddresses { network, name: "example.com" }, || Ok::<(), Error>(()));
    assert_eq!(looked_up, Err(Code::AccessDenied.into()));
    assert_eq!(missing.get().map(|missing| missing.rule.as_str()), Some("resolve=example.com"));
}
