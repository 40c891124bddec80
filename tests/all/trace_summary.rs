//! `--trace-summary`: what a run's calls cost, told at its end, whatever that is.

use std::fs;
use std::path::Path;

use callgate_tests::needs::{FullDevice, Signals, SpecialFiles};
use callgate_tests::{Host, Run, each, everywhere, needs, places};
use serde_json::Value;

use crate::places::{Place, write};

/// The exit code of a run whose summary could not be written.
const UNRECORDED: i32 = 74;

fn with_summary(run: Run, file: &Path) -> Run {
    run.option(format!("--trace-summary={}", file.display())).with("--trace-summary-format", "json")
}

fn read(file: &Path) -> Value {
    let text = fs::read_to_string(file).expect("the summary can be read");
    assert!(text.ends_with('\n') && text.lines().count() == 1, "one line:\n{text}");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("it is JSON: {error}\n{text}"))
}

/// The rows of `member` whose `name` is that.
fn row<'a>(summary: &'a Value, member: &str, name: &str, value: &str) -> &'a Value {
    let rows = summary[member].as_array().expect("it has rows");
    rows.iter().find(|row| row[name] == value).unwrap_or_else(|| panic!("no row {value} in {summary:#}"))
}

fn sum(summary: &Value, member: &str) -> u64 {
    summary["by_call"].as_array().expect("it has rows").iter().filter_map(|row| row[member].as_u64()).sum()
}

#[test]
fn a_table_on_standard_error() {
    everywhere(|host| {
        let place = Place::new();
        let run = host.guest("native_error").dir(&place.data, "/data").option("--trace-summary").arg("/data").run();
        run.success()
            .says("native_error: all well\n")
            .complains(&format!(" on {}: exited with code 0\n", host.backend()));
        run.complains(" calls, ").complains("\nprocess  ").complains("slowest files\n");
        run.complains("  descriptor.open-at\n").complains("  /data/missing\n");
    });
}

/// The counts are those of the calls, one by one.
#[test]
fn counts_agree_with_the_trace() {
    each(|host| {
        let place = Place::new();
        let (trace, file) = (place.outside.join("trace"), place.outside.join("summary"));
        let run = host.guest("native_error").dir(&place.data, "/data").option(format!("--trace={}", trace.display()));
        let run = with_summary(run, &file).arg("/data").run();
        run.well();
        let trace = fs::read_to_string(&trace).expect("the trace can be read");
        let calls: Vec<&str> = trace.lines().filter(|line| line.ends_with('>')).collect();
        let summary = read(&file);
        assert_eq!((&summary["calls"], &summary["lost"]), (&calls.len().into(), &0.into()), "{trace}");
        let opened = row(&summary, "by_call", "call", "descriptor.open-at");
        let lines: Vec<_> = calls.iter().filter(|line| line.contains(" descriptor.open-at(")).collect();
        // An opening that succeeds yields a handle, whose number comes first.
        let is_error =
            |line: &str| line.rsplit(") = ").next().is_some_and(|end| !end.starts_with(|c: char| c.is_ascii_digit()));
        let failed = lines.iter().filter(|line| is_error(line)).count();
        assert_eq!((&opened["count"], &opened["errors"]), (&lines.len().into(), &failed.into()), "{trace}");
        let name = if places::backend() == "nt" { "OBJECT_NAME_NOT_FOUND" } else { "ENOENT" };
        let errors = opened["by_error"].as_array().expect("it has errors");
        assert!(errors.iter().any(|error| error["native"]["name"] == name && error["count"] == 1), "{opened:#}");
        let stdout = row(&summary, "paths", "name", "stdout");
        assert_eq!(stdout["bytes"], run.out().len(), "{summary:#}");
        assert_eq!(summary["bytes"], sum(&summary, "bytes"));
    });
}

#[test]
fn the_time_of_a_run_is_shared_out() {
    each(|host| {
        let place = Place::new();
        let file = place.outside.join("summary");
        with_summary(host.guest("hello"), &file).run().well();
        let summary = read(&file);
        let time = |member: &str| summary["time"][member].as_u64().expect("it is a number");
        assert_eq!(time("run"), time("calls") + time("rest"));
        assert_eq!(time("calls"), sum(&summary, "total"));
        assert!(time("waiting") <= time("calls") && time("run") > 0);
        assert!(summary["process"]["page_faults"].is_u64(), "{summary:#}");
        assert_eq!(summary["process"]["switches_voluntary"].is_u64(), places::backend() != "nt");
    });
}

/// However a run ends, its summary comes out.
#[test]
fn of_every_end() {
    everywhere(|host| {
        let place = Place::new();
        let file = place.outside.join("summary");
        with_summary(host.guest("exit_code"), &file).args(&["binding", "7"]).run().code(7);
        assert_eq!(read(&file)["end"], "exited with code 7");
        with_summary(host.guest("trap"), &file).arg("unreachable").run().trapped();
        let end = read(&file)["end"].to_string();
        assert!(end.starts_with("\"trapped: "), "{end}");
        with_summary(host.guest("spin"), &file).with("--timeout", "100ms").run().trapped();
        assert_eq!(read(&file)["end"], "timed out");
    });
}

#[test]
fn of_a_guest_that_is_ended() {
    needs!(Signals);
    each(|host| {
        let place = Place::new();
        let (file, trace) = (place.outside.join("summary"), place.outside.join("trace"));
        let run = host.guest("sleep_long").option(format!("--trace={}", trace.display()));
        let mut run = with_summary(run, &file).arg("sleep").start();
        assert_eq!(run.line(), "waiting");
        run.terminate();
        let run = run.end();
        run.claim("it was the signal that ended it", run.exit_code().is_none());
        assert_eq!(read(&file)["end"], "ended by SIGTERM");
        let trace = fs::read_to_string(&trace).expect("the trace can be read");
        assert!(trace.ends_with("+++ ended by SIGTERM +++\n"), "{trace}");
    });
}

/// A name that the guest chose does nothing to a terminal, nor to whoever reads the JSON.
#[test]
fn names_with_control_characters() {
    const NAME: &str = "/data/no\n\x1b[31m\rred\u{202e}";
    everywhere(|host| {
        let place = Place::new();
        let run = || host.guest("files").dir(&place.data, "/data").arg(NAME);
        let table = run().option("--trace-summary").run();
        table.code(1).complains(r"no\n\u{1b}[31m\rred\u{202e}").claim("no escape code", !table.err().contains('\x1b'));
        let json = run().option("--trace-summary").with("--trace-summary-format", "json").run();
        let line = json.err().lines().last().unwrap_or_default().to_owned();
        json.claim("printable ASCII", line.starts_with('{') && line.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
    });
}

#[test]
fn the_peers_of_connections() {
    use crate::network::peers::{echo, serve};
    let address = serve("127.0.0.1:0", echo).to_string();
    let place = Place::new();
    let file = place.outside.join("summary");
    let run = with_summary(Host::Native.guest("tcp_client"), &file).with("--net", format!("connect={address}"));
    run.args(&[&address, "65537"]).run().well();
    let summary = read(&file);
    let peer = row(&summary, "peers", "name", &format!("tcp {address}"));
    assert_eq!((&peer["bytes"], &peer["at_least"]), (&(2 * 65_537).into(), &false.into()), "{summary:#}");
}

/// A file that the program could write to would tell what the program likes.
#[test]
fn a_file_within_reach() {
    everywhere(|host| {
        let place = Place::new();
        let file = place.data.join("summary");
        let run = with_summary(host.guest("hello"), &file).dir(&place.data, "/data").run();
        if let Host::Memory = host {
            // The paths of the system in memory are none of this machine's.
            run.success();
        } else {
            run.refused(&["--trace-summary", "the program could change it there"]);
            assert!(!file.exists());
        }
    });
}

#[test]
fn a_file_for_both() {
    let place = Place::new();
    let file = place.outside.join("both");
    let run = with_summary(Host::Native.guest("hello"), &file).option(format!("--trace={}", file.display())).run();
    run.refused(&["--trace-summary", "that is the file of --trace"]);
    let unasked = Host::Native.guest("hello").with("--trace-summary-format", "json").run();
    unasked.refused(&["--trace-summary"]);
}

#[test]
fn a_disk_that_is_full() {
    needs!(FullDevice, SpecialFiles);
    everywhere(|host| {
        let place = Place::new();
        let run = with_summary(host.guest("hello"), Path::new("/dev/full")).run();
        run.code(UNRECORDED).prints("hello, world\n").complains("callgate: --trace-summary: No space left on device");
        run.claim("one line", run.err().lines().count() == 1);
        // The trace is told of on its own.
        let file = place.outside.join("summary");
        let run = with_summary(host.guest("hello"), &file).option("--trace=/dev/full").run();
        run.code(UNRECORDED).complains("callgate: --trace: No space left on device");
        run.claim("one line", run.err().lines().count() == 1);
        let end = read(&file)["end"].to_string();
        assert!(end.starts_with("\"exited with code 0"), "{end}");
    });
}

/// Nobody reads standard error, which is full when the summary comes.
#[test]
fn a_summary_that_nobody_reads() {
    const FLOOD: &str = r#"(module
      (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
      (memory (export "memory") 4)
      (data (i32.const 8) "\00\00\01\00\00\10\00\00")
      (func (export "_start") (loop $again
        (drop (call $fd_write (i32.const 2) (i32.const 8) (i32.const 1) (i32.const 0))) (br $again))))"#;
    everywhere(|host| {
        let place = Place::new();
        let path = place.outside.join("flood.wat");
        write(&path, FLOOD);
        let run = host.program(&path).with("--timeout", "500ms").option("--trace-summary");
        run.unread_errors().run().code(134);
    });
}
