//! The same with FIFOs, which only a Unix has, and with signals.

use std::fs::{File, OpenOptions};
use std::path::PathBuf;
use std::process::Command;

use callgate_tests::needs::{Signals, SpecialFiles, Tool};
use callgate_tests::{each, needs};

use super::{CALLS, limited};
use crate::places::{Place, write};

fn fifo(place: &Place) -> PathBuf {
    let path = place.outside.join("fifo");
    let made = Command::new("mkfifo").arg(&path).status().expect("mkfifo can be started");
    assert!(made.success(), "{} can't be made", path.display());
    path
}

/// Opens a FIFO and never reads; with both ends, so as not to wait for the other.
fn asleep(path: &PathBuf) -> File {
    OpenOptions::new().read(true).write(true).open(path).expect("a FIFO can be opened")
}

#[test]
fn a_trace_that_nobody_reads() {
    needs!(Tool("mkfifo"), SpecialFiles);
    each(|host| {
        let place = Place::new();
        let path = fifo(&place);
        let trace = format!("--trace={}", path.display());
        let run = limited(host, &place, CALLS).option(&trace).run();
        run.code(134).complains("timed out after 500ms");
        let _reader = asleep(&path);
        for options in [&["--trace-format=text"][..], &["--trace-format=jsonl"], &["--trace-lossy"]] {
            let run =
                options.iter().fold(limited(host, &place, CALLS).option(&trace), |run, option| run.option(*option));
            run.run().code(134).complains("timed out after 500ms");
        }
        limited(host, &place, CALLS).option(&trace).unread_errors().run().code(134);
    });
}

/// A signal ends it also while its trace hangs.
#[test]
fn a_signal_ends_a_run_whose_trace_nobody_reads() {
    needs!(Tool("mkfifo"), Signals);
    each(|host| {
        let place = Place::new();
        let path = fifo(&place);
        let _reader = asleep(&path);
        let module = place.outside.join("attack.wat");
        write(
            &module,
            CALLS.replace("(loop", "(call $hello) (loop").replacen(
                "(memory",
                "(import \"wasi_snapshot_preview1\" \"fd_write\" (func $fd_write (param i32 i32 i32 i32) (result i32)))
             (data (i32.const 8) \"\\10\\00\\00\\00\\06\\00\\00\\00hello\\n\")
             (func $hello (drop (call $fd_write (i32.const 1) (i32.const 8) (i32.const 1) (i32.const 0))))
             (memory",
                1,
            ),
        );
        let mut run = host.program(&module).option(format!("--trace={}", path.display())).start();
        assert_eq!(run.line(), "hello");
        run.terminate();
        let run = run.end();
        run.claim("it was the signal that ended it", run.exit_code().is_none());
    });
}
