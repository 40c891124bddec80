//! Program files that are none, and programs that break the rules: one line or one trap, and never a panic of the host.

use std::fs;
use std::path::Path;

use callgate_tests::{callgate, each, places};

use crate::places::{Place, write};

/// The same line from every command that reads a program.
fn is_no_program(path: &Path, words: &[&str]) {
    each(|host| {
        host.program(path).run().refused(words);
    });
    let out = Place::new();
    let compiled = out.data.join("out.cwasm");
    callgate(&["compile"]).option(path).with("-o", compiled.as_os_str()).run().refused(words);
    assert!(!compiled.exists(), "{} was compiled all the same", path.display());
    callgate(&["inspect"]).option(path).run().refused(words);
}

#[test]
fn files_that_are_no_programs() {
    let place =
        Place::new().file("empty.wasm", "").file("text.wasm", "This is prose.\n").file("broken.wat", "(component\n");
    let place =
        place.file("empty.wat", "").file("empty.cwasm", "").file("text.cwasm", "no code\n").file("name", "#!\n");
    write(&place.data.join("magic.wasm"), b"\0asm");
    write(&place.data.join("version.wasm"), b"\0asm\xff\xff\xff\xff");
    write(&place.data.join("bytes.wasm"), (0..=255_u8).cycle().take(10_000).collect::<Vec<_>>());
    is_no_program(&place.data.join("missing.wasm"), &["missing.wasm", "no such file"]);
    is_no_program(&place.data, &["data", "directory"]);
    let names =
        ["empty.wasm", "text.wasm", "broken.wat", "empty.wat", "magic.wasm", "version.wasm", "bytes.wasm", "name"];
    for name in names {
        is_no_program(&place.data.join(name), &[name]);
    }
    for name in ["empty.cwasm", "text.cwasm"] {
        each(|host| {
            host.program(&place.data.join(name)).run().refused(&[name]);
        });
    }
}

#[test]
fn a_truncated_component() {
    let place = Place::new();
    let whole = fs::read(places::guest("hello")).expect("a guest can be read");
    for tenths in [1, 5, 9] {
        let name = format!("cut at {tenths} tenths.wasm");
        let path = place.data.join(&name);
        write(&path, &whole[..whole.len() * tenths / 10]);
        is_no_program(&path, &[&name]);
    }
}

#[test]
fn a_truncated_compiled_program() {
    let place = Place::new();
    let compiled = place.data.join("whole.cwasm");
    callgate(&["compile"]).option(places::guest("hello")).with("-o", compiled.as_os_str()).run().success();
    let whole = fs::read(&compiled).expect("the compiled program can be read");
    for tenths in [1, 5, 9] {
        let path = place.data.join("cut.cwasm");
        write(&path, &whole[..whole.len() * tenths / 10]);
        each(|host| {
            host.program(&path).run().refused(&["cut.cwasm"]);
        });
    }
}

#[test]
fn programs_that_cannot_run_here() {
    each(|host| {
        host.program(&places::fixture("no_command.wat")).run().refused(&["no_command.wat", "wasi:cli/run"]);
        let unknown = host.program(&places::fixture("unknown_import.wat")).run();
        unknown.refused(&["unknown_import.wat", "acme:rocket/engine@1.0.0"]);
    });
}

/// Components in `hostile/`, and what the trap says of each: written against the interface's binary rules, which no
/// compiler would break.
const HOSTILE: &[(&str, &str)] = &[
    ("closed_handle", "unknown handle index"),
    ("double_close", "unknown handle index"),
    ("no_handle", "unknown handle index"),
    ("path_2gib", "out of bounds"),
    ("path_not_utf8", "utf-8"),
    ("poll_2gib", "out of bounds"),
    ("random_2gib", "get-random-bytes"),
    ("realloc_out_of_bounds", "beyond end of memory"),
    ("realloc_traps", "unreachable"),
    ("result_out_of_bounds", "out of bounds"),
    ("result_unaligned", "not aligned"),
    ("socket_closed", "unknown handle index"),
    ("socket_no_family", "unexpected discriminant"),
    ("socket_wrong_kind", "wrong type"),
    ("write_2gib", "out of bounds"),
    ("write_out_of_bounds", "out of bounds"),
    ("wrong_kind", "wrong type"),
];

#[test]
fn hostile_components_trap() {
    let found = places::hostile();
    let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
    let listed: Vec<&str> = HOSTILE.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, listed, "files in tests/hostile and the table of their traps");
    each(|host| {
        let place = Place::new();
        for ((_, path), (_, trap)) in found.iter().zip(HOSTILE) {
            host.program(path).dir(&place.data, "/data").run().trapped().prints("").complains(trap);
        }
        let made = fs::read_dir(&place.data).expect("the mount can be listed").count();
        assert_eq!(made, 0, "what hostile components made in the mount");
    });
}
