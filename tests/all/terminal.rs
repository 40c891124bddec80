//! Guests at a terminal, where a person would be.

use callgate_tests::needs::Signals;
use callgate_tests::{each, needs};

use crate::places::{Place, write};

/// Text that is written or typed arrives as it is, on every system: no other code page, and no carriage return in a line.
#[test]
fn a_person_at_a_terminal() {
    each(|host| {
        let mut terminal = host.guest("terminal").at_terminal();
        for stream in ["stdin", "stdout", "stderr"] {
            terminal.shows(&format!("{stream} is a terminal"));
        }
        terminal.shows("what is your name? ☃");
        terminal.types("Zoë ☃");
        terminal.shows(r#"your name is "Zoë ☃\n""#);
        assert_eq!(terminal.end(), Some(0));
    });
}

/// The line of `--progress` comes, and is gone before the program writes.
#[test]
fn a_line_that_tells_what_the_program_does() {
    needs!(Signals);
    each(|host| {
        let mut terminal = host.guest("stdin_echo").option("--progress").at_terminal();
        terminal.shows(" call");
        terminal.shows("/s), ");
        terminal.shows("; in input-stream.blocking-read <stdin> for ");
        terminal.types("over");
        terminal.shows(" \rover\r\n");
    });
}

/// What the program writes stands in lines of its own, and a question that waits for its answer is not drawn over.
#[test]
fn a_program_that_writes_beside_the_line() {
    const ASKS: &str = r#"(module
      (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
      (memory (export "memory") 1)
      (data (i32.const 8) "\10\00\00\00\05\00\00\00name?")
      (data (i32.const 32) "\30\00\00\00\10\00\00\00")
      (func (export "_start")
        (drop (call $fd_write (i32.const 1) (i32.const 8) (i32.const 1) (i32.const 0)))
        (drop (call $fd_read (i32.const 0) (i32.const 32) (i32.const 1) (i32.const 0)))
        (loop $again (br $again))))"#;
    needs!(Signals);
    each(|host| {
        let place = Place::new();
        let path = place.outside.join("asks.wat");
        write(&path, ASKS);
        let mut terminal = host.program(&path).option("--progress").with("--timeout", "3s").at_terminal();
        terminal.shows("name?");
        terminal.types("Zoë");
        terminal.shows("timed out after 3s");
        let screen = terminal.screen().to_owned();
        assert_eq!(terminal.end(), Some(134));
        let after = screen.split_once("name?").expect("it asks").1;
        assert!(!after.contains("computing"), "{screen:?}");
    });
}
