//! A guest, or whoever reads of it, tries to outlive `--timeout`: the process must be gone all the same. Those who read here never
//! do, and never close their end either.

#[cfg(unix)]
#[path = "time_limit_unix.rs"]
mod unix;

use callgate_tests::{Host, Run, everywhere};

use crate::places::{Place, write};

/// Writes to descriptor `TO`, for ever, what `LEN` says.
const FLOOD: &str = r#"(module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 4)
  (data (i32.const 8) "\00\00\01\00\00\10\00\00")
  (func (export "_start") (loop $again (drop (call $fd_write (i32.const TO) (i32.const 8) (i32.const 1) (i32.const 0))) (br $again))))"#;

/// Asks for the time, for ever.
const CALLS: &str = r#"(module
  (import "wasi_snapshot_preview1" "clock_time_get" (func $now (param i32 i64 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "_start") (loop $again (drop (call $now (i32.const 1) (i64.const 0) (i32.const 64))) (br $again))))"#;

/// Fills the pipe of descriptor `TO` without waiting, and then ends in the way that `END` says.
const FILL: &str = r#"(module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_fdstat_set_flags" (func $flags (param i32 i32) (result i32)))
  (memory (export "memory") 4)
  (data (i32.const 8) "\00\00\01\00\00\10\00\00")
  (func (export "_start")
    (drop (call $flags (i32.const TO) (i32.const 4)))
    (loop $again
      (br_if $again (i32.eqz (call $fd_write (i32.const TO) (i32.const 8) (i32.const 1) (i32.const 0)))))
    END))"#;

/// Writes as much as fits into a pipe, and returns a result, which then doesn't.
const ONCE: &str = r#"(module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 4)
  (data (i32.const 8) "\00\00\01\00\00\00\01\00")
  (func (export "once") (result i32)
    (drop (call $fd_write (i32.const TO) (i32.const 8) (i32.const 1) (i32.const 0)))
    (i32.const 7)))"#;

/// `callgate run --timeout 500ms … MODULE`
pub(super) fn limited(host: Host, place: &Place, module: &str) -> Run {
    let path = place.outside.join("attack.wat");
    write(&path, module);
    host.program(&path).with("--timeout", "500ms")
}

#[test]
fn a_flood_onto_streams_that_nobody_reads() {
    everywhere(|host| {
        let place = Place::new();
        limited(host, &place, &FLOOD.replace("TO", "2")).unread_errors().run().code(134);
        limited(host, &place, &FLOOD.replace("TO", "1")).unread().unread_errors().run().code(134);
    });
}

/// Standard error is full when callgate itself has something to say.
#[test]
fn the_last_message_has_no_reader() {
    everywhere(|host| {
        let place = Place::new();
        let fill = FILL.replace("TO", "2");
        limited(host, &place, &fill.replace("END", "unreachable")).unread_errors().run().code(134);
        limited(host, &place, &fill.replace("END", "(loop (br 0))")).unread_errors().run().code(134);
        let once = ONCE.replace("TO", "1");
        limited(host, &place, &once).with("--invoke", "once").unread().run().code(134);
    });
}

#[test]
fn a_trace_onto_a_standard_error_that_nobody_reads() {
    everywhere(|host| {
        let place = Place::new();
        limited(host, &place, CALLS).option("--trace").unread_errors().run().code(134);
    });
}
