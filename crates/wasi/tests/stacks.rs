//! The guest's stack at its calls, for an observer that asks for each.

use std::fmt::Display;
use std::io;
use std::sync::{Arc, Mutex};

use callgate_wasi::{Event, Observer, Runtime, RuntimeOptions, Sandbox, Stack};

/// Keeps each call with its stack.
#[derive(Default)]
struct Stacks(Mutex<Vec<(&'static str, Option<Stack>)>>);

impl Observer for Stacks {
    fn observe(&self, event: &Event<'_>) -> io::Result<()> {
        self.0.lock().unwrap().push((event.call.function(), event.stack.cloned()));
        Ok(())
    }

    fn finish(&self, _: &dyn Display) -> io::Result<()> {
        Ok(())
    }

    fn next_stack(&self, from: u64) -> Option<u64> {
        Some(from)
    }
}

fn stacks_of(program: &str) -> Vec<(&'static str, Stack)> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("program.wat");
    std::fs::write(&path, program).unwrap();
    let stacks = Arc::new(Stacks::default());
    let mut guest = Sandbox::new(Arc::new(callgate_portable::Portable::new()));
    guest.observer(stacks.clone());
    let program = Runtime::new(&RuntimeOptions::default()).unwrap().load(&path).unwrap();
    guest.run(&program).unwrap();
    let told = std::mem::take(&mut *stacks.0.lock().unwrap());
    told.into_iter().map(|(call, stack)| (call, stack.unwrap_or_else(|| panic!("{call} has no stack")))).collect()
}

#[test]
fn each_call_has_the_functions_that_led_to_it() {
    let stacks = stacks_of(
        r#"(module
            (import "wasi_snapshot_preview1" "sched_yield" (func $yield (result i32)))
            (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
            (memory (export "memory") 1)
            (func $_ZN4demo5innerE (drop (call $random (i32.const 0) (i32.const 8))))
            (func $outer (drop (call $yield)) (call $_ZN4demo5innerE))
            (func $_start (export "_start") (call $outer) (call $exit (i32.const 0))))"#,
    );
    let seen: Vec<_> = stacks.iter().map(|(call, stack)| (*call, stack.functions.join(";"), stack.is_cut)).collect();
    let expected = [
        ("sched_yield", "_start;outer".to_owned(), false),
        ("random.get-random-bytes", "_start;outer;demo::inner".to_owned(), false),
        ("exit.exit-with-code", "_start".to_owned(), false),
    ];
    assert_eq!(seen, expected);
}

/// The innermost functions of a deep stack are seen, and a name is no longer than that of a trap's backtrace.
#[test]
fn a_stack_is_bounded() {
    let long = "x".repeat(50_000);
    let stacks = stacks_of(&format!(
        r#"(module
            (import "wasi_snapshot_preview1" "sched_yield" (func $yield (result i32)))
            (memory (export "memory") 1)
            (func ${long} (param i32)
                (if (local.get 0) (then (call ${long} (i32.sub (local.get 0) (i32.const 1)))) (else (drop (call $yield)))))
            (func (export "_start") (call ${long} (i32.const 5)) (call ${long} (i32.const 5000))))"#
    ));
    let [(_, short), (_, deep)] = &stacks[..] else { panic!("{}", stacks.len()) };
    assert_eq!((short.functions.len(), short.is_cut), (7, false));
    assert_eq!((deep.functions.len(), deep.is_cut), (128, true));
    assert!(deep.functions.iter().all(|name| name.len() < 600 && name.starts_with('x')));
}
