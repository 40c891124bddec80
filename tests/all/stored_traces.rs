//! `callgate trace …`: what is told of traces that were recorded before, or of files that claim to be one.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use callgate_tests::needs::{Signals, Tool};
use callgate_tests::{Output, callgate, everywhere, needs, places};
use serde_json::Value;

use crate::places::{Place, write};

fn fixture(name: &str) -> PathBuf {
    places::fixture(&format!("traces/{name}.jsonl"))
}

fn summary(file: &Path) -> Output {
    callgate(&["trace", "summary"]).option(file).run()
}

fn diff(first: &Path, second: &Path) -> Output {
    callgate(&["trace", "diff"]).option(first).option(second).run()
}

#[test]
fn a_summary() {
    let run = summary(&fixture("first"));
    run.well()
        .says("grep.wasm on linux: exited with code 1\n")
        .says("6 calls, 3 failed, 1 of them refused; 100 B moved\n");
    run.says("\n45.00%  9.00 µs  ").says("no-entry (ENOENT)        descriptor.open-at\n");
    run.says("access-denied (refused)  tcp-socket.start-connect\n").says("  /src/a\n").says("  tcp 10.0.0.5:443\n");
    let json = callgate(&["trace", "summary", "--json"]).option(fixture("first")).run();
    let read: Value = serde_json::from_str(&json.well().out()).expect("it is JSON");
    assert_eq!((&read["calls"], &read["errors"], &read["bytes"]), (&6.into(), &3.into(), &100.into()), "{read}");
    assert_eq!(read["time"]["run"], 20_000);
    assert_eq!(read["by_call"][0]["call"], "descriptor.open-at");
}

#[test]
fn a_summary_of_a_cut_trace() {
    let place = Place::new();
    let (file, whole) =
        (place.outside.join("trace"), fs::read_to_string(fixture("first")).expect("the fixture is there"));
    write(&file, &whole[..whole.len() - 70]);
    summary(&file).well().says("end unknown, as the trace is cut\n").says("5 calls, ");
}

/// One line says what is wrong, of which file, and what to do.
#[test]
fn files_that_are_no_traces() {
    let place = Place::new();
    let file = place.outside.join("trace");
    let whole = fs::read_to_string(fixture("first")).expect("the fixture is there");
    let header = whole.lines().next().expect("it has a header");
    let deep = format!("{header}\n{{\"seq\":1,\"x\":{}", "[".repeat(1 << 19));
    let cases: &[(&str, &str)] = &[
        ("", " is empty; record one with `callgate run --trace=FILE --trace-format jsonl`\n"),
        ("12:34:56.123456 poll([1]) = [1] <0.000001>\n", " is a trace in text, which can't be read back; record one"),
        ("\n\x12\x04", " is a trace for Perfetto, or no trace; record one"),
        ("{\"traceEvents\":[]}", " is no trace of callgate's; record one"),
        ("\x7fELF\0\0\0", " is no trace of callgate's; record one"),
        (
            &header.replace("\"version\":1", "\"version\":7"),
            " is a trace of version 7, and this callgate reads version 1; use",
        ),
        (&format!("{header}\n{{\"seq\":1}}\n"), " is damaged at line 2: no `at`; keep the lines before it, or record"),
        (&format!("{header}\n\x1b[31m\n"), " is damaged at line 2: expected value; "),
        (&format!("{deep}\n"), " is damaged at line 2: "),
        (&format!("{header}\n{}\n", "1".repeat(10 << 20)), " is damaged at line 2: it is longer than 1 MiB; "),
    ];
    for (content, what) in cases {
        write(&file, content);
        let shown = file.display().to_string();
        for run in [summary(&file), diff(&file, &fixture("first")), diff(&fixture("first"), &file)] {
            run.refused(&[&format!("{shown}{what}")]).claim("nothing acts on a terminal", !run.err().contains('\x1b'));
        }
    }
    summary(&place.outside.join("none")).refused(&["none can't be read: "]);
    summary(&place.outside).refused(&["outside"]);
}

/// A name that a guest chose is shown, and does nothing.
#[test]
fn hostile_names() {
    let place = Place::new();
    let (file, other) = (place.outside.join("trace"), place.outside.join("other"));
    let whole = fs::read_to_string(fixture("first")).expect("the fixture is there");
    let name = r"\u001b[31m<script>\n\u202e";
    let hostile = whole.replace("/src", name).replace("grep", name).replace("ENOENT", name).replace("no-entry", name);
    write(&file, &hostile);
    write(&other, hostile.replace("missing", name));
    for run in [summary(&file), diff(&file, &other)] {
        run.quiet().says(r"\u{1b}[31m<script>\n\u{202e}");
        run.claim("nothing acts on a terminal", !run.out().contains(['\x1b', '\u{202e}']));
    }
    let json = callgate(&["trace", "summary", "--json"]).option(&file).run();
    json.well().claim("printable ASCII", json.out().trim_end().bytes().all(|byte| (b' '..=b'~').contains(&byte)));
}

#[test]
fn two_runs_that_did_the_same() {
    diff(&fixture("first"), &fixture("again")).well().prints("the runs did the same: 6 calls\n");
}

#[test]
fn what_a_second_run_did_differently() {
    let run = diff(&fixture("first"), &fixture("second"));
    run.code(1).quiet().says("first.jsonl\n+++ ");
    run.says(concat!(
        "the first difference:\n",
        "- call 4: descriptor.open-at(dir=3</src>, path=\"missing\", how=read) = no-entry (ENOENT)\n",
        "+ call 4: descriptor.open-at(dir=3</src>, path=\"other\", how=read) = no-entry (ENOENT)\n",
    ));
    run.says("         2          3          +1  descriptor.open-at\n")
        .says("         6          7          +1  all\n");
    diff(&fixture("second"), &fixture("first")).code(1).says("          -1  descriptor.open-at\n");
}

/// The summary of a run that was recorded is the one that was made while it ran.
#[test]
fn a_stored_trace_says_what_the_live_summary_said() {
    everywhere(|host| {
        let place = Place::new();
        let (trace, live) = (place.outside.join("trace"), place.outside.join("live"));
        let run = host.guest("native_error").dir(&place.data, "/data").option(format!("--trace={}", trace.display()));
        let run = run.with("--trace-format", "jsonl").option(format!("--trace-summary={}", live.display()));
        run.with("--trace-summary-format", "json").arg("/data").run().well();
        let live: Value = serde_json::from_slice(&fs::read(&live).expect("it is there")).expect("it is JSON");
        let stored = callgate(&["trace", "summary", "--json"]).option(&trace).run();
        let stored: Value = serde_json::from_str(&stored.well().out()).expect("it is JSON");
        for member in ["program", "backend", "end", "calls", "errors", "refused", "bytes", "lost", "filtered"] {
            assert_eq!(live[member], stored[member], "{member}");
        }
        for (member, columns) in [
            ("by_call", &["interface", "call", "count", "errors", "bytes", "total", "p99", "max", "by_error"][..]),
            ("paths", &["name", "calls", "errors", "bytes", "time"]),
        ] {
            let rows = |summary: &Value| summary[member].as_array().expect("it has rows").clone();
            assert!(!rows(&live).is_empty());
            assert_eq!(rows(&live).len(), rows(&stored).len(), "{member}");
            for (one, other) in rows(&live).iter().zip(rows(&stored)) {
                columns.iter().for_each(|column| assert_eq!(one[column], other[column], "{one:#}\n{other:#}"));
            }
        }
    });
}

/// The second run of a program is like the first, and one with other files is not.
#[test]
fn two_runs_compared() {
    everywhere(|host| {
        let recorded = |name: &str, argument: &str| {
            let place = Place::new().file("known", "text");
            let trace = place.outside.join(name);
            let run = host.guest("files").dir(&place.data, "/data").option(format!("--trace={}", trace.display()));
            drop(run.with("--trace-format", "jsonl").arg(argument).run());
            (place, trace)
        };
        let ((_one, first), (_two, second)) = (recorded("first", "/data"), recorded("second", "/data"));
        diff(&first, &second).well().says("the runs did the same: ");
        let (_three, other) = recorded("other", "/data/other");
        diff(&first, &other).code(1).quiet().says("the first difference:\n- ");
    });
}

/// A trace is read line by line: one of more than 100 MB takes no more memory than a short one.
#[test]
fn a_trace_that_is_larger_than_the_memory() {
    needs!(Signals, Tool("sh"));
    let place = Place::new();
    let file = place.outside.join("trace");
    let whole = fs::read_to_string(fixture("first")).expect("the fixture is there");
    let lines: Vec<&str> = whole.split_inclusive('\n').collect();
    let mut out = File::create(&file).expect("a file can be made");
    out.write_all(lines[0].as_bytes()).expect("it takes a line");
    let many = lines[1..7].concat().repeat(1000);
    (0..80).for_each(|_| out.write_all(many.as_bytes()).expect("it takes lines"));
    drop(out);
    assert!(file.metadata().expect("it is there").len() > 100 << 20);
    let run = callgate(&["trace", "summary"]).option(&file).behind("ulimit -v 100000").run();
    run.well().says("480000 calls, ");
}
