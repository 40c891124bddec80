//! Loading and compiling within limits of their own (row 24).

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use callgate_tests::{Host, callgate, places};

use crate::places::{Place, write};

/// Loops in loops, with many variables that change in the innermost: a fifth of a megabyte that the compiler works on for minutes.
fn nested(place: &Place) -> PathBuf {
    const LOOPS: usize = 1500;
    const VARIABLES: usize = 3000;
    let mut text = format!(
        "(module (memory (export \"memory\") 1) (func (export \"_start\") (local {})",
        "i32 ".repeat(VARIABLES)
    );
    text += &"(loop (br_if 0 (local.get 0)) ".repeat(LOOPS);
    for variable in 0..VARIABLES {
        let _ = write!(text, "(local.set {variable} (i32.add (local.get {variable}) (i32.const 1)))");
    }
    text += &")".repeat(LOOPS + 2);
    let path = place.data.join("nested.wat");
    write(&path, text);
    path
}

#[test]
fn compiling_has_a_limit_of_time() {
    let place = Place::new();
    let program = nested(&place);
    let words = &["nested.wat", "longer than 1s", "--compile-timeout"];
    let compiled = place.data.join("nested.cwasm");
    let began = Instant::now();
    Host::Native.program(&program).with("--compile-timeout", "1s").run().refused(words);
    // The limits of the run are no limits of compiling, nor the other way round.
    Host::Native.program(&program).with("--compile-timeout", "1s").with("--timeout", "1h").run().refused(words);
    callgate(&["inspect"]).with("--compile-timeout", "1s").option(&program).run().refused(words);
    let compile = callgate(&["compile"]).with("--compile-timeout", "1s").option(&program);
    compile.with("-o", compiled.as_os_str()).run().refused(words);
    assert!(!compiled.exists(), "nothing half done");
    // Without a limit each takes minutes.
    assert!(began.elapsed() < Duration::from_secs(120), "{:?}", began.elapsed());
}

#[test]
fn compiling_has_a_limit_of_memory() {
    let place = Place::new();
    let words = &["hello.wasm", "more than 4MiB of memory", "--compile-memory"];
    let limited = |command: &str| callgate(&[command, "--compile-memory", "4MiB"]);
    limited("run").option("--no-cache").option(places::guest("hello")).run().refused(words);
    limited("run")
        .option("--no-cache")
        .with("--max-memory", "1GiB")
        .option(places::guest("hello"))
        .run()
        .refused(words);
    limited("inspect").option("--no-cache").option(places::guest("hello")).run().refused(words);
    let compiled = place.data.join("hello.cwasm");
    limited("compile").option(places::guest("hello")).with("-o", compiled.as_os_str()).run().refused(words);
    assert!(!compiled.exists(), "nothing half done");
}

#[test]
fn a_program_longer_than_the_memory_is_not_read() {
    let place = Place::new();
    // A file of holes takes no room, but its content would.
    let path = place.data.join("long.wasm");
    write(&path, b"\0asm\x01\0\0\0");
    let file = std::fs::OpenOptions::new().write(true).open(&path).expect("it can be opened");
    file.set_len(3 << 30).expect("it can be made longer");
    callgate(&["run", "--no-cache"]).option(&path).run().refused(&["long.wasm", "more than 2GiB", "--compile-memory"]);
}

/// Many functions, which take a moment to compile, and a program that says that it ran.
fn wide(place: &Place, functions: usize) -> PathBuf {
    let mut text = String::from(
        "(module
          (import \"wasi_snapshot_preview1\" \"fd_write\" (func $write (param i32 i32 i32 i32) (result i32)))
          (memory (export \"memory\") 1)
          (data (i32.const 0) \"\\08\\00\\00\\00\\04\\00\\00\\00ran\\n\")
          (func (export \"_start\") (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 100))))",
    );
    for number in 0..functions {
        let _ = write!(
            text,
            "(func (export \"{number}\") (param i32) (result i32) (i32.add (local.get 0) (i32.const {number})))"
        );
    }
    let path = place.data.join("wide.wat");
    write(&path, text + ")");
    path
}

#[test]
fn a_program_runs_or_takes_too_long_to_load_and_never_both() {
    let place = Place::new();
    let program = wide(&place, 2_000);
    for milliseconds in (5..200).step_by(15) {
        // Nobody takes the last words, so they take their time, in which the program could begin.
        let run =
            Host::Native.program(&program).option("--no-cache").behind("head -c 65536 /dev/zero >&2").unread_errors();
        let output = run.with("--compile-timeout", format!("{milliseconds}ms")).run();
        let ended = (output.exit_code(), output.out());
        let ran = ended == (Some(0), "ran\n".to_owned());
        output.claim("it ran, or it was ended", ran || ended == (Some(2), String::new()));
    }
}

/// A short file is looked up without a watch; what takes longer than the looking is not short.
#[test]
fn what_is_long_in_the_cache_is_watched() {
    let place = Place::new();
    let (cache, program) = (place.data.join("cache"), wide(&place, 20_000));
    let run = || Host::Native.program(&program).cache(&cache);
    run().run().well().prints("ran\n");
    run().run().well().prints("ran\n");
    run().with("--compile-timeout", "1ns").run().refused(&["longer than 1ns"]);
    run().with("--compile-memory", "1KiB").run().refused(&["more than 1KiB"]);
    let hello = || Host::Native.guest("hello").cache(&cache);
    hello().run().well();
    hello().with("--compile-timeout", "1ns").run().well();
}

#[test]
fn long_machine_code_is_not_copied_outside_of_the_limit() {
    let place = Place::new();
    let compiled = place.data.join("hello.cwasm");
    callgate(&["compile"]).option(places::guest("hello")).with("-o", compiled.as_os_str()).run().well();
    let file = std::fs::OpenOptions::new().write(true).open(&compiled).expect("it can be opened");
    file.set_len(1 << 30).expect("it can be made longer");
    let run = Host::Native.program(&compiled).option("--allow-precompiled").with("--compile-memory", "16MiB");
    run.run().refused(&["more than 16MiB"]);
}

#[test]
fn what_is_cached_is_permitted_what_is_not() {
    // A run's own limits are as they are, whether or not its program has to be compiled.
    let place = Place::new();
    let cache = place.data.join("cache");
    for _ in 0..2 {
        let run = Host::Native.guest("hello").cache(&cache).with("--max-memory", "2MiB").with("--timeout", "5m").run();
        run.well().prints("hello, world\n");
    }
}
