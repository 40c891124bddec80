//! `--trace`: one line a call, with what the system said.

use std::fs;

use callgate_tests::needs::Signals;
use callgate_tests::{each, everywhere, needs, places};

use crate::places::Place;

/// `12:34:56.123456 descriptor.open-at(3</src>, "missing.txt") = no-entry (ENOENT) <0.000012>`
fn is_a_call(line: &str) -> bool {
    let Some((time, call)) = line.split_once(' ') else { return false };
    let shape: String = time.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    let Some((name, rest)) = call.split_once('(') else { return false };
    let duration = rest.rsplit_once(" <").and_then(|(_, duration)| duration.strip_suffix('>'));
    shape == "00:00:00.000000"
        && !name.is_empty()
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-./:[]".contains(c))
        && rest.contains(" = ")
        && duration.is_some_and(|it| it.parse::<f64>().is_ok_and(|seconds| seconds >= 0.0))
}

/// The first line that is no call, but for the last, which says how the run ended.
fn odd_line(trace: &str) -> Option<&str> {
    let (calls, end) = trace.trim_end().rsplit_once('\n')?;
    let is_end = end.starts_with("+++ ") && end.ends_with(" +++");
    calls.lines().find(|line| !is_a_call(line)).or((!is_end).then_some(end))
}

/// True if a line has all of `words`, in that order.
fn has(line: &str, words: &[&str]) -> bool {
    words.iter().try_fold(line, |rest, word| rest.split_once(word).map(|(_, rest)| rest)).is_some()
}

#[test]
fn into_a_file() {
    each(|host| {
        let place = Place::new();
        let file = place.outside.join("trace");
        let option = format!("--trace={}", file.display());
        let run = host.guest("native_error").dir(&place.data, "/data").option(option).arg("/data").run();
        run.well();
        let trace = fs::read_to_string(&file).expect("the trace can be read");
        let odd = odd_line(&trace);
        assert!(odd.is_none(), "{run}\nthis line of the trace is no call: {}", odd.unwrap_or_default());
        let calls: &[&[&str]] = &[
            &["create-directory-at(", "/data", "\"dir", " = ok"],
            &["open-at(", "/data", "\"missing\"", " = no-entry"],
            &["open-at(", "\"file/x\"", " = not-directory"],
            &["open-at(", "\"../x\"", " = not-permitted"],
            &["remove-directory-at(", "\"dir\"", " = not-empty"],
            &["rename-at(", "\"dir\"", "\"dir/sub/x\"", " = invalid"],
        ];
        for words in calls {
            let found = trace.lines().any(|line| has(line, words));
            assert!(found, "{run}\nno line of the trace has {words:?}:\n{trace}");
        }
        let native = match places::backend() {
            "nt" => ["no-entry (OBJECT_NAME_NOT_FOUND)", "not-empty (DIRECTORY_NOT_EMPTY)"],
            _ => ["no-entry (ENOENT)", "not-empty (ENOTEMPTY)"],
        };
        for words in [&["\"missing\"", native[0]], &["\"dir\"", native[1]]] {
            assert!(trace.lines().any(|line| has(line, words)), "{run}\n{words:?} is not in the trace:\n{trace}");
        }
    });
}

#[test]
fn onto_stderr() {
    everywhere(|host| {
        let run = host.guest("hello").option("--trace").run();
        run.success().prints("hello, world\n").complains("get-stdout(");
        let odd = odd_line(&run.err()).map(str::to_owned);
        run.claim(&format!("every line is a call, also {odd:?}"), odd.is_none());
    });
}

/// The calls traced before a trap are in the file.
#[test]
fn of_a_guest_that_traps() {
    everywhere(|host| {
        let place = Place::new();
        let file = place.outside.join("trace");
        let option = format!("--trace={}", file.display());
        host.guest("trap").option(option).arg("panic").run().trapped();
        let trace = fs::read_to_string(&file).expect("the trace can be read");
        assert!(trace.contains("get-arguments("), "the trace of a guest that traps:\n{trace}");
        assert_eq!(odd_line(&trace), None, "whole lines only:\n{trace}");
    });
}

/// The calls traced before a signal are in the file: a signal ends most runs of a server.
#[test]
fn of_a_guest_that_is_ended() {
    needs!(Signals);
    each(|host| {
        let place = Place::new();
        let file = place.outside.join("trace");
        let option = format!("--trace={}", file.display());
        let mut run = host.guest("sleep_long").option(option).arg("sleep").start();
        assert_eq!(run.line(), "waiting");
        run.terminate();
        let run = run.end();
        run.claim("it was the signal that ended it", run.exit_code().is_none());
        let trace = fs::read_to_string(&file).expect("the trace can be read");
        // The line of the call that wrote what we read may be yet to come.
        assert!(trace.contains("get-stdout("), "the trace of a guest that was ended:\n{trace}");
        assert_eq!(odd_line(&trace), None, "whole lines only:\n{trace}");
    });
}

/// A guest cannot forge lines by the names that it uses, nor send codes to the terminal.
#[test]
fn of_names_with_control_characters() {
    everywhere(|host| {
        let place = Place::new();
        let run = host.guest("files").dir(&place.data, "/data").option("--trace").arg("/data/no\n\x1b[31m\rred").run();
        run.code(1).claim("no escape code", !run.err().contains('\x1b'));
    });
}
