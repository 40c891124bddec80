//! A trace that can't be written, or that is cut: nobody is to be told that it is all that happened.

use std::fs;
use std::path::Path;

use callgate_tests::needs::{FullDevice, PrivateMounts, Signals, SpecialFiles, Symlinks, Tool};
use callgate_tests::{Host, Run, each, everywhere, needs};

use crate::places::{Place, write};
use crate::platform;

/// The exit code of a run whose trace could not be written.
const UNRECORDED: i32 = 74;

/// Makes `COUNT` calls, says `done`, and reads a byte.
const MANY: &str = r#"(module
  (import "wasi_snapshot_preview1" "clock_time_get" (func $now (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 8) "\20\00\00\00\05\00\00\00" "\80\00\00\00\01\00\00\00")
  (data (i32.const 32) "done\n")
  (func (export "_start") (local $left i32)
    (local.set $left (i32.const COUNT))
    (loop $again
      (drop (call $now (i32.const 1) (i64.const 0) (i32.const 64)))
      (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
    (drop (call $fd_write (i32.const 1) (i32.const 8) (i32.const 1) (i32.const 0)))
    (drop (call $fd_read (i32.const 0) (i32.const 16) (i32.const 1) (i32.const 0)))))"#;

/// The formats of traces.
const FORMATS: [&str; 2] = ["text", "jsonl"];

/// A run of so many calls, with a trace in `file`.
fn traced(host: Host, place: &Place, calls: u32, file: &Path) -> Run {
    let path = place.outside.join("many.wat");
    write(&path, MANY.replace("COUNT", &calls.to_string()));
    host.program(&path).option(format!("--trace={}", file.display()))
}

/// True if the last line of a trace says how the run ended.
fn is_end(line: &str) -> bool {
    line.starts_with("+++ ") || line.starts_with("{\"end\":")
}

fn last_line(file: &Path) -> String {
    let trace = fs::read_to_string(file).expect("the trace can be read");
    trace.lines().last().unwrap_or_default().to_owned()
}

#[test]
fn a_disk_that_is_full() {
    needs!(FullDevice, SpecialFiles);
    let full = Path::new("/dev/full");
    everywhere(|host| {
        let place = Place::new();
        for format in FORMATS {
            let traced = |calls| traced(host, &place, calls, full).with("--trace-format", format);
            // A line that is held back finds no room when the run is over …
            let run = traced(1).run();
            run.code(UNRECORDED).complains("callgate: --trace: No space left on device").complains("gap");
            run.prints("done\n");
            run.claim("one line", run.err().lines().count() == 1);
            // … and one that isn't held back ends the run at once.
            traced(100_000).run().code(UNRECORDED).complains("No space left").prints("");
        }
    });
}

/// The signal that comes with it is not the host's death.
#[test]
fn a_trace_that_may_not_grow() {
    needs!(Signals, Tool("sh"));
    everywhere(|host| {
        let place = Place::new();
        let file = place.outside.join("trace");
        for format in FORMATS {
            let traced = || traced(host, &place, 100_000, &file).with("--trace-format", format).behind("ulimit -f 64");
            // In units of 512 or of 1024 bytes: of both shells' it is less than the trace.
            let run = traced().run();
            run.code(UNRECORDED).complains("callgate: --trace: File too large").prints("");
            assert!(!is_end(&last_line(&file)), "a cut trace says that it is whole");
            // Where that is permitted the run goes on, and its output says the same.
            let run = traced().option("--trace-lossy").run();
            run.code(UNRECORDED)
                .complains("callgate: --trace: File too large")
                .complains("lacks up to")
                .prints("done\n");
            assert!(!is_end(&last_line(&file)), "a cut trace says that it is whole");
        }
    });
}

/// A guest's own file that may not grow is an error of the guest's.
#[test]
fn a_file_that_may_not_grow() {
    needs!(Signals, Tool("sh"));
    each(|host| {
        let place = Place::new();
        let path = place.outside.join("attack.wat");
        let calls = callgate_tests::calls::Calls::new().data(1024, "file").pages(16);
        let calls = calls.data(8, [0, 0, 1, 0, 0, 0, 8, 0]);
        let calls = calls.call("path_open", &[3, 0, 1024, 4, 1, 0x40_0042, 0, 0, 64], 0);
        // Half a mebibyte, of which less is taken, and then nothing more.
        let calls = calls.call("fd_write", &[4, 8, 1, 32], 0).call("fd_write", &[4, 8, 1, 32], 22);
        let calls = calls.call("fd_filestat_set_size", &[4, 1 << 20], 22);
        write(&path, calls.text());
        host.program(&path).dir(&place.data, "/data").behind("ulimit -f 64").run().well();
    });
}

/// A reader of the trace that goes away: it is the guest that ends, and not by a signal.
#[test]
fn a_trace_whose_reader_goes_away() {
    everywhere(|host| {
        let place = Place::new();
        let path = place.outside.join("many.wat");
        write(&path, MANY.replace("COUNT", "100000"));
        for format in FORMATS {
            let run = || host.program(&path).option("--trace").with("--trace-format", format).head_of_errors(1000);
            run().run().code(UNRECORDED).prints("");
            run().option("--trace-lossy").run().code(UNRECORDED).prints("done\n");
        }
    });
}

#[test]
fn a_whole_trace_says_how_the_run_ended() {
    everywhere(|host| {
        let place = Place::new();
        let file = place.outside.join("trace");
        let option = format!("--trace={}", file.display());
        host.guest("hello").option(&option).run().well();
        assert_eq!(last_line(&file), "+++ exited with code 0 +++");
        host.guest("exit_code").option(&option).args(&["binding", "7"]).run().code(7);
        assert_eq!(last_line(&file), "+++ exited with code 7 +++");
        host.guest("trap").option(&option).arg("unreachable").run().trapped();
        assert!(last_line(&file).starts_with("+++ trapped: "), "{}", last_line(&file));
        host.guest("spin").option(&option).with("--timeout", "100ms").run().trapped();
        assert_eq!(last_line(&file), "+++ timed out +++");
        let jsonl = |run: Run| run.option(&option).with("--trace-format", "jsonl").with("--timeout", "1s");
        jsonl(host.guest("spin")).run().trapped();
        assert!(last_line(&file).starts_with("{\"end\":\"timed out\","), "{}", last_line(&file));
    });
}

#[test]
fn a_signal_leaves_a_whole_trace() {
    needs!(Signals);
    everywhere(|host| {
        let place = Place::new();
        let file = place.outside.join("trace");
        let mut run = traced(host, &place, 10, &file).open_stdin().start();
        assert_eq!(run.line(), "done");
        run.terminate();
        run.end().claim("it was the signal that ended it", true);
        assert_eq!(last_line(&file), "+++ ended by SIGTERM +++");

        let mut run = traced(host, &place, 10, &file).with("--trace-format", "jsonl").open_stdin().start();
        assert_eq!(run.line(), "done");
        run.terminate();
        drop(run.end());
        assert!(last_line(&file).starts_with("{\"end\":\"ended by SIGTERM\","), "{}", last_line(&file));
    });
}

/// Nobody is asked before SIGKILL: the end is missing, at most 64 KiB of it, and that it is shows.
#[test]
fn what_is_cut_can_be_told() {
    const CALLS: u32 = 20_000;
    everywhere(|host| {
        let place = Place::new();
        let file = place.outside.join("trace");
        let mut run = traced(host, &place, CALLS, &file).open_stdin().start();
        assert_eq!(run.line(), "done");
        run.kill();
        drop(run.end());
        assert!(!last_line(&file).starts_with("+++"), "a cut trace says that it is whole");
        let trace = fs::read_to_string(&file).expect("the trace can be read");
        let shortest = trace.lines().filter(|line| line.ends_with('>')).map(str::len).min().unwrap_or(0);
        let lost = (CALLS as usize).saturating_sub(trace.lines().count()) * (shortest + 1);
        assert!(shortest > 0 && lost <= 64 << 10, "{lost} bytes are lost");
    });
}

/// A guest that may write to its trace could put anything there, so that is refused. A file that exists keeps its content.
#[test]
fn a_trace_that_the_guest_could_write() {
    each(|host| {
        let place = Place::new().file("old", "as it was");
        let traced = |file: &Path| host.guest("hello").option(format!("--trace={}", file.display()));
        for name in ["new", "old", "none/below"] {
            let file = place.data.join(name);
            traced(&file).dir(&place.data, "/data").run().refused(&["--trace", name, "could change it"]);
        }
        assert_eq!(fs::read_to_string(place.data.join("old")).expect("it is there"), "as it was");
        assert!(!place.data.join("new").exists(), "nothing half done");
        traced(&place.data.join("new")).read_only(&place.data, "/data").run().well();
        traced(&place.outside.join("trace")).dir(&place.data, "/data").run().well();
    });
}

/// By a link that leads to nothing yet, and by standard error.
#[test]
fn a_trace_that_the_guest_could_write_by_another_name() {
    needs!(Symlinks, Signals, Tool("sh"));
    each(|host| {
        let place = Place::new();
        let link = place.outside.join("link");
        platform::symlink(place.data.join("new"), &link).expect("a link can be made");
        let traced = |option: &str| host.guest("hello").option(option).dir(&place.data, "/data");
        let run = traced(&format!("--trace={}", link.display())).run();
        run.refused(&["--trace", "could change it"]);
        assert!(!place.data.join("new").exists(), "nothing half done");
        let into = |folder: &Path| format!("exec 2>{}", folder.join("errors").display());
        traced("--trace").behind(&into(&place.data)).run().code(2);
        let errors = fs::read_to_string(place.data.join("errors")).expect("it was made by the shell");
        assert!(errors.contains("could change it"), "{errors}");
        traced("--trace").behind(&into(&place.outside)).run().code(0);
    });
}

/// By a mount of the file alone, as containers have it.
#[test]
fn a_trace_that_is_mounted_elsewhere() {
    needs!(PrivateMounts);
    let place = Place::new().file("trace", "");
    let file = place.outside.join("trace");
    write(&file, "");
    let mount = format!("mount --bind {} {}", place.data.join("trace").display(), file.display());
    let run = Host::Native.guest("hello").option(format!("--trace={}", file.display())).dir(&place.data, "/data");
    run.with_mounts(&mount).run().refused(&["could change it"]);
}

/// Wrong arguments of a function are told before anything is made.
#[test]
fn a_function_that_is_called_wrongly() {
    let place = Place::new();
    let file = place.outside.join("trace");
    let run = Host::Native.program(&callgate_tests::places::fixture("invoke.wat")).with("--invoke", "greet");
    run.option(format!("--trace={}", file.display())).args(&["a", "b", "c"]).run().refused(&["greet"]);
    assert!(!file.exists(), "nothing half done");
}
