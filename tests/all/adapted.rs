//! Modules of preview1 made components by `wit-component` and the adapter that is published with wasmtime, as `wasm-tools component new
//! --adapt` makes them: two modules that call each other, of which the second has the allocator. They behave alike in both bindings.

use std::fs;
use std::path::PathBuf;

use callgate_tests::needs::Package;
use callgate_tests::{Host, callgate, needs, places};
use wasi_preview1_component_adapter_provider::{
    WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME as NAME, WASI_SNAPSHOT_PREVIEW1_COMMAND_ADAPTER as ADAPTER,
};
use wit_component::ComponentEncoder;

use crate::places::Place;

const BIND: &str = "CALLGATE_BIND";
const WAYS: [&str; 2] = ["direct", "engine"];

/// A component of the module in `module`, with the adapter.
fn component(place: &Place, module: PathBuf) -> PathBuf {
    let bytes = fs::read(&module).expect("a module");
    let encoder = ComponentEncoder::default().module(&bytes).expect("a module to be adapted");
    let component = encoder.adapter(NAME, ADAPTER).expect("an adapter").validate(true).encode().expect("a component");
    let file = place.outside.join(module.file_name().expect("a name"));
    fs::write(&file, component).expect("it can be written");
    file
}

fn adapted(place: &Place, guest: &str) -> PathBuf {
    component(place, places::module(guest))
}

#[test]
fn it_is_bound_directly() {
    let place = Place::new();
    for guest in ["hello", "files", "poll", "clocks", "dirs"] {
        let inspected = callgate(&["inspect"]).option(adapted(&place, guest)).run();
        inspected.well().says("wasi:").says("bound: directly\n").says("runs here: yes\n");
    }
}

/// A program made with clang and wasi-libc, as a component.
#[test]
fn a_c_program_is_bound_directly() {
    needs!(Package("c-programs"));
    let place = Place::new();
    let program = component(&place, places::c_program("files"));
    callgate(&["inspect"]).option(&program).run().well().says("bound: directly\n");
    for bind in WAYS {
        let mount = Place::new();
        let run = Host::Native.program(&program).host_env(BIND, bind).dir(&mount.data, "/data").arg("/data").run();
        run.success();
    }
}

/// The system in memory is the same in every run, so the same calls leave the same trace to the last digit.
#[test]
fn both_ways_do_the_same() {
    let place = Place::new();
    for guest in ["hello", "files", "dirs", "streams", "clocks", "random", "poll"] {
        let program = adapted(&place, guest);
        let run = |bind: &str| {
            let (trace, tree) = (place.outside.join("trace"), place.outside.join("tree"));
            let run = callgate(&["run", "--backend", "memory", "--seed", "7"]).host_env(BIND, bind);
            let run = run.option(format!("--trace={}", trace.display())).with("--memory-out", tree.as_os_str());
            let run = run.with("--dir", "/::/data").option(&program).arg("/data").run();
            let files = [trace, tree].map(|file| fs::read(file).expect("a trace and a tree"));
            (run.exit_code(), run.out(), run.err(), files)
        };
        let [directly, by_the_engine] = WAYS.map(run);
        assert!(!directly.3[0].is_empty(), "{guest} calls something");
        assert!(directly == by_the_engine, "{guest}");
    }
}

#[test]
fn limits_and_backtraces_are_the_same() {
    let place = Place::new();
    for bind in WAYS {
        let run = |guest| Host::Native.program(&adapted(&place, guest)).host_env(BIND, bind);
        let trap = run("trap").arg("unreachable").run();
        trap.trapped().complains("wasm backtrace").complains("trap::main").complains("!_start");
        run("spin").with("--timeout", "200ms").run().trapped().complains("timed out after 200ms");
        run("memory").with("--max-memory", "64MiB").arg("blindly").run().trapped();
        run("exit_code").arg("error").run().code(1);
    }
}

/// The second run takes the code from the cache, where the ways don't meet.
#[test]
fn its_code_is_kept() {
    let place = Place::new();
    let (program, cache) = (adapted(&place, "hello"), place.outside.join("cache"));
    for bind in WAYS.into_iter().chain(WAYS) {
        let run = Host::Native.program(&program).cache(&cache).host_env(BIND, bind).run();
        run.well().prints("hello, world\n");
    }
}

#[test]
fn compiled_code_is_bound_as_it_was_compiled() {
    let place = Place::new();
    let program = adapted(&place, "hello");
    let compiled = WAYS.map(|bind| {
        let file = place.data.join(format!("{bind}.cwasm"));
        callgate(&["compile"]).host_env(BIND, bind).option(&program).with("-o", file.as_os_str()).run().success();
        file
    });
    let run =
        |file: &PathBuf, bind: &str| callgate(&["run", "--allow-precompiled"]).host_env(BIND, bind).option(file).run();
    run(&compiled[0], "direct").well().prints("hello, world\n");
    run(&compiled[1], "direct").well().prints("hello, world\n");
    run(&compiled[1], "engine").well().prints("hello, world\n");
    run(&compiled[0], "engine").refused(&["direct.cwasm", "bound directly", "CALLGATE_BIND=engine"]);
}

/// Lines are told by places in the code, which change where modules become one.
#[test]
fn lines_are_shown_by_way_of_the_engine() {
    let place = Place::new();
    let inspect = callgate(&["inspect"]).host_env("WASMTIME_BACKTRACE_DETAILS", "1");
    let inspect = inspect.option(adapted(&place, "hello")).run();
    inspect.well().says("bound: by the engine, because it is of several modules").says("WASMTIME_BACKTRACE_DETAILS");
}
