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
