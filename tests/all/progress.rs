//! `--progress`: an answer to who asks what the program is doing. The line on a terminal is tested in `terminal.rs`.

use callgate_tests::needs::{Signals, TriedHere};
use callgate_tests::{Host, each, everywhere, needs};

use crate::places::{Place, write};

/// Without a terminal there is no line, and nothing else either.
#[test]
fn nothing_is_told_unasked() {
    needs!(TriedHere);
    everywhere(|host| {
        let run = host.guest("hello").option("--progress").run();
        run.success().prints("hello, world\n");
        run.claim("nothing on stderr", run.err().is_empty());
    });
}

#[test]
fn a_guest_that_waits_is_asked() {
    needs!(TriedHere);
    needs!(Signals);
    each(|host| {
        for (wait, call) in
            [("poll", "poll"), ("block", "pollable.block <timer>"), ("stdin", "input-stream.blocking-read <stdin>")]
        {
            let mut run = host.guest("sleep_long").option("--progress").open_stdin().arg(wait).start();
            assert_eq!(run.line(), "waiting");
            // It may not have come to the wait yet.
            let seen = (0..1000).any(|_| {
                run.ask();
                run.error_line().contains(&format!(": in {call}"))
            });
            assert!(seen, "it is never in {call}");
            run.kill();
        }
    });
}

/// The functions that it computes in come with their lines, where it has them.
#[test]
fn a_guest_that_computes_is_asked() {
    needs!(TriedHere);
    needs!(Signals);
    each(|host| {
        let mut run = host.guest("spin").option("--progress").host_env("WASMTIME_BACKTRACE_DETAILS", "1").start();
        assert_eq!(run.line(), "spinning");
        run.ask();
        let told = run.error_line();
        assert!(told.starts_with("callgate: ") && told.contains("spin.wasm after "), "{told}");
        assert!(told.contains(": computing for ") && told.contains(", since "), "{told}");
        let at = run.error_line();
        assert!(at.ends_with("spin.wasm is at"), "{at}");
        assert_eq!(run.error_line(), "wasm backtrace:");
        let mut frames = vec![run.error_line()];
        while !frames[frames.len() - 1].ends_with(" _start") {
            frames.push(run.error_line());
        }
        let shown = frames.join("\n");
        // Of the guests of these tests, the standard library alone has lines.
        assert!(shown.contains("spin::main") && shown.contains(".rs:"), "{shown}");
        run.kill();
    });
}

/// What a guest has in its file does nothing to the terminal.
#[test]
fn names_of_a_guest_that_is_asked() {
    needs!(TriedHere);
    const SPINS: &str = r#"(module
      (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
      (memory (export "memory") 1)
      (data (i32.const 8) "\10\00\00\00\03\00\00\00on\n")
      (func $"a\n\1b[31mb" (loop $again (br $again)))
      (func (export "_start")
        (drop (call $fd_write (i32.const 1) (i32.const 8) (i32.const 1) (i32.const 0)))
        (call $"a\n\1b[31mb")))"#;
    needs!(Signals);
    let place = Place::new();
    let path = place.outside.join("spins.wat");
    write(&path, SPINS);
    let mut run = Host::Native.program(&path).option("--progress").start();
    assert_eq!(run.line(), "on");
    // It may not have come back from the call yet.
    let named = (0..1000).any(|_| {
        run.ask();
        run.error_line().contains(r"a\n\u{1b}[31mb")
    });
    assert!(named, "it is never in that function");
    run.kill();
}

/// A run that ends is no different for having been asked.
#[test]
fn whoever_is_asked_goes_on() {
    needs!(TriedHere);
    needs!(Signals);
    each(|host| {
        let mut run = host.guest("stdin_echo").option("--progress").open_stdin().start();
        for line in ["one", "two", "three"] {
            run.send(line);
            assert_eq!(run.line(), line);
            run.ask();
        }
        assert!(run.error_line().contains("stdin_echo.wasm after "));
        run.end_input();
        run.end().code(0).complains("14 bytes\n");
    });
}
