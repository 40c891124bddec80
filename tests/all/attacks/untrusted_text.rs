//! Text of a guest's, of its file's or of its peers' that would be a line of callgate's own, drive the terminal, hide what stands
//! beside it, or cost the host memory by its length.

use std::fs;

use callgate_tests::calls::Calls;
use callgate_tests::needs::RawNames;
use callgate_tests::{Host, Output, callgate, everywhere, needs, places};

use crate::places::{Place, write};

/// A line end and a line, an escape sequence, and the characters that turn text round or hide it.
const EVIL: &str = r"x\0acallgate: all is well\0a\1b[2J\1b]0;owned\07\e2\80\ae\e2\80\8b\f3\a0\81\81y";

/// True if `text` has nothing in it that is not seen.
fn is_harmless(text: &str) -> bool {
    let unseen = |c: char| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{e0000}'..='\u{e007f}')
    };
    !text.contains(unseen)
}

#[track_caller]
fn harmless(run: &Output) {
    run.claim("nothing unseen on stdout", is_harmless(&run.out()));
    run.claim("nothing unseen on stderr", is_harmless(&run.err()));
    let forged = |text: &str| text.lines().any(|line| line.starts_with("callgate: all is well"));
    run.claim("no line is forged", !forged(&run.out()) && !forged(&run.err()));
}

#[test]
fn names_of_functions_in_a_backtrace() {
    everywhere(|host| {
        let place = Place::new();
        let path = place.outside.join("attack.wat");
        let text = format!(
            r#"(module $m (@name "{EVIL}") (func $f (@name "{EVIL}") unreachable)
               (func $g (@name "{}") (call $f)) (func (export "_start") (call $g)))"#,
            "long".repeat(100_000)
        );
        write(&path, text);
        let run = host.program(&path).run();
        run.trapped().complains(r"x\ncallgate: all is well");
        harmless(&run);
        run.claim("names are bounded", run.err().len() < 10_000);
    });
}

#[test]
fn names_of_imports_and_exports() {
    let place = Place::new();
    let path = place.outside.join("attack.wat");
    write(&path, format!(r#"(module (import "{EVIL}" "{EVIL}" (func)) (func (export "{EVIL}")))"#));
    let inspected = callgate(&["inspect"]).option(&path).run();
    inspected.success().says(r"  x\ncallgate: all is well");
    harmless(&inspected);
    for run in [
        Host::Native.program(&path).run(),
        Host::Native.program(&path).with("--invoke", "y").run(),
        callgate(&["compile"]).option(&path).with("-o", place.outside.join("out").as_os_str()).run(),
    ] {
        run.refused(&[]);
        harmless(&run);
    }
    write(&path, format!(r#"(module (func (export "{EVIL}")))"#));
    let run = Host::Native.program(&path).with("--invoke", "y").run();
    run.refused(&["it exports no function"]);
    harmless(&run);
}

/// The parser quotes the text that it doesn't understand.
#[test]
fn a_text_that_is_none() {
    let place = Place::new();
    let path = place.outside.join("attack.wat");
    write(&path, "(module\n  (fun\u{202e}\u{200b}c \u{1b}[2J callgate: all is well\n");
    let run = Host::Native.program(&path).run();
    run.refused(&[]);
    harmless(&run);
}

#[test]
fn results() {
    let evil = "x\ncallgate: all is well\n\u{1b}[2J\u{202e}\u{200b}\u{e0041}y";
    let run = callgate(&["run"]).with("--invoke", "greet").option(places::fixture("invoke.wat")).arg(evil).run();
    run.well().prints("x\\ncallgate: all is well\\n\\u{1b}[2J\\u{202e}\\u{200b}\\u{e0041}y\n");
    harmless(&run);
}

/// The name is `invalid` before any rule is asked or printed, whatever the rules are.
#[test]
fn names_that_are_looked_up() {
    everywhere(|host| {
        for rule in [None, Some("all")] {
            let run = host.program(&places::fixture("resolves.wat")).option("--trace");
            let run = rule.into_iter().fold(run, |run, rule| run.with("--net", rule)).run();
            harmless(&run);
            run.success().complains(r#""nobody\ncallgate: a use of the network was refused"#);
            run.claim("nobody is told to add a rule", !run.err().lines().any(|line| line.starts_with("callgate: ")));
            let trace = run.err();
            let lookups: Vec<_> = trace.lines().filter(|line| line.contains("resolve-addresses(")).collect();
            run.claim("both are invalid", lookups.len() == 2 && lookups.iter().all(|line| line.contains(" = invalid")));
        }
    });
}

/// Names in the trace, by the calls that take and give them.
#[test]
fn paths() {
    everywhere(|host| {
        let place = Place::new().file("plain", "");
        let module = place.outside.join("attack.wat");
        // Windows has no name with a quote or a bracket in it.
        let marks = if places::backend() == "nt" { "" } else { "\">" };
        let evil = format!("p\u{202e}\u{200b}{marks}\u{e0041}");
        let (len, file) = (evil.len() as i64, module.clone());
        let calls = Calls::new().data(1024, evil.as_str()).data(2048, "plain");
        let calls = calls.call("path_create_directory", &[3, 1024, len], 0);
        let calls = calls.call("path_open", &[3, 0, 1024, len, 0, 0, 0, 0, 64], 0);
        write(&file, calls.call("fd_readdir", &[4, 4096, 4096, 0, 64], 0).text());
        let trace = place.outside.join("trace");
        let run = host.program(&module).dir(&place.data, "/data").option(format!("--trace={}", trace.display())).run();
        run.well();
        let trace = fs::read_to_string(&trace).expect("the trace can be read");
        run.claim("nothing unseen in the trace", is_harmless(&trace));
        let (quoted, bracketed) = if marks.is_empty() { ("", "") } else { (r#"\">"#, r#""\u{3e}"#) };
        let is_there = |text: String| trace.contains(&text);
        run.claim("quotes stay quotes", is_there(format!(r#""p\u{{202e}}\u{{200b}}{quoted}\u{{e0041}}""#)));
        run.claim("brackets stay brackets", is_there(format!(r"</data/p\u{{202e}}\u{{200b}}{bracketed}\u{{e0041}}>")));
    });
}

/// A name of 64 MiB took 400 MiB of the host's memory to be shown; now it takes none.
#[test]
fn the_length_of_a_path() {
    const PAGES: u32 = 1025;
    const LENGTH: u32 = 64 << 20;
    everywhere(|host| {
        let place = Place::new();
        let module = place.outside.join("attack.wat");
        let calls = Calls::new().pages(PAGES).data(64, "hello\n").fill(65_536, b'a', LENGTH);
        let calls = calls.data(8, [64, 0, 0, 0, 6, 0, 0, 0, 128, 0, 0, 0, 1, 0, 0, 0]);
        let calls = calls.call("path_create_directory", &[3, 65_536, LENGTH.into()], 37);
        // It waits for us, so that its memory can be looked at.
        let calls = calls.call("fd_write", &[1, 8, 1, 32], 0).call("fd_read", &[0, 16, 1, 32], 0);
        write(&module, calls.text());
        let peak = |option: Option<&str>| {
            let run = host.program(&module).dir(&place.data, "/data").open_stdin();
            let mut run = option.into_iter().fold(run, callgate_tests::Run::option).start();
            assert_eq!(run.line(), "hello");
            run.peak_memory()
        };
        if let (Some(without), Some(with)) = (peak(None), peak(Some("--trace"))) {
            assert!(with < without + (48 << 20), "{} MiB, and traced {} MiB", without >> 20, with >> 20);
        }
    });
}

/// The user's own file may be somebody else's download.
#[test]
fn the_name_of_the_program() {
    needs!(RawNames);
    let place = Place::new();
    let path = place.outside.join("x\ncallgate: all is well\u{1b}[2J\u{202e}.wat");
    let spin = "(module (memory (export \"memory\") 1) (func (export \"_start\") (loop (br 0))))";
    let trap = "(module (memory (export \"memory\") 1) (func (export \"_start\") unreachable))";
    let run = || Host::Native.program(&path);
    for (text, run) in
        [(spin, run().with("--timeout", "100ms")), (trap, run()), (spin, run().with("--compile-memory", "1KiB"))]
    {
        write(&path, text);
        let run = run.run();
        run.complains(r"x\ncallgate: all is well\u{1b}[2J\u{202e}.wat");
        harmless(&run);
    }
}
