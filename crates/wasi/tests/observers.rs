//! Observers and deciders of a run, as an embedder gives them.

use std::fmt::Display;
use std::io;
use std::sync::{Arc, Mutex};

use callgate_portable::Portable;
use callgate_wasi::{
    Call, Code, Decider, Event, Exit, Observer, Reason, Resolved, Runtime, RuntimeOptions, Sandbox, Verdict,
};

/// Writes three times nothing to standard output, the last time without the right to. Its exit code is the last error number.
const PROGRAM: &str = r#"(module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_fdstat_set_rights" (func $set_rights (param i32 i64 i64) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (func $write (result i32) (call $fd_write (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 64)))
  (func (export "_start")
    (drop (call $write))
    (drop (call $write))
    (drop (call $set_rights (i32.const 1) (i64.const 0) (i64.const 0)))
    (call $exit (call $write))))"#;

/// preview1's `badf`.
const BADF: u8 = 8;

/// The notes of an observer: the number and the function of each call, the reason if it was refused, and the end of the run.
#[derive(Default)]
struct Notes {
    calls: Mutex<Vec<(u64, &'static str, Option<Reason>)>>,
    end: Mutex<Vec<String>>,
    fails_at: Option<u64>,
}

impl Observer for Notes {
    fn observe(&self, event: &Event<'_>) -> io::Result<()> {
        let reason = event.outcome.refusal.as_ref().map(|refusal| refusal.reason);
        self.calls.lock().unwrap().push((event.sequence, event.call.function(), reason));
        if self.fails_at == Some(event.sequence) { Err(io::Error::other("the disk is full")) } else { Ok(()) }
    }

    fn finish(&self, how: &dyn Display) -> io::Result<()> {
        self.end.lock().unwrap().push(how.to_string());
        Ok(())
    }
}

/// Runs the program.
fn run(prepare: impl FnOnce(&mut Sandbox)) -> Exit {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("program.wat");
    std::fs::write(&path, PROGRAM).expect("written");
    let runtime = Runtime::new(&RuntimeOptions::default()).expect("an engine");
    let mut guest = Sandbox::new(Arc::new(Portable::new()));
    prepare(&mut guest);
    guest.run(&runtime.load(&path).expect("it compiles")).expect("it starts")
}

const WRITE: &str = "output-stream.blocking-write-and-flush";

#[test]
fn several_observers_see_the_same_refused_calls_too() {
    let observers = [Arc::new(Notes::default()), Arc::new(Notes::default())];
    let exit = run(|guest| {
        for notes in &observers {
            guest.observer(notes.clone());
        }
    });
    assert_eq!(exit, Exit::Code(BADF));
    for notes in observers {
        let expected = [
            (1, WRITE, None),
            (2, WRITE, None),
            (3, "fd_fdstat_set_rights", None),
            (4, WRITE, Some(Reason::MissingRight)),
            (5, "exit.exit-with-code", None),
        ];
        assert_eq!(*notes.calls.lock().unwrap(), expected);
        assert_eq!(*notes.end.lock().unwrap(), ["exited with code 8"]);
    }
}

#[test]
fn an_observer_that_fails_ends_the_run_and_all_are_told() {
    let failing = Arc::new(Notes { fails_at: Some(2), ..Notes::default() });
    let other = Arc::new(Notes::default());
    let exit = run(|guest| {
        guest.observer(failing.clone()).observer(other.clone());
    });
    assert_eq!(exit, Exit::Unrecorded("the disk is full".to_owned()));
    for notes in [failing, other] {
        assert_eq!(*notes.calls.lock().unwrap(), [(1, WRITE, None), (2, WRITE, None)]);
        assert_eq!(notes.end.lock().unwrap().len(), 1, "each is told how the run ended");
    }
}

#[test]
fn a_decider_refuses_with_its_own_error() {
    struct NoOutput;
    impl Decider for NoOutput {
        fn decide(&self, call: &Call<'_>, resolved: Option<&Resolved<'_>>) -> Verdict {
            assert_eq!(resolved, None, "nobody asks about paths");
            match call {
                Call::StreamBlockingWriteAndFlush { .. } => {
                    Verdict::Deny { code: Code::Access, reason: Reason::Rule(3) }
                }
                _ => Verdict::Allow,
            }
        }
    }

    let notes = Arc::new(Notes::default());
    let exit = run(|guest| {
        guest.decider(Arc::new(NoOutput)).observer(notes.clone());
    });
    assert_eq!(exit, Exit::Code(BADF), "what the guest gave away itself comes first");
    let reasons: Vec<_> = notes.calls.lock().unwrap().iter().map(|(.., reason)| *reason).collect();
    let (denied, by_right) = (Some(Reason::Rule(3)), Some(Reason::MissingRight));
    assert_eq!(reasons, [denied, denied, None, by_right, None]);
}
