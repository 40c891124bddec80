//! The binding of a component's calls to the host: directly, or through the engine. Only `inspect` shows which it is.

use std::fs;
use std::path::{Path, PathBuf};

use callgate_tests::needs::Package;
use callgate_tests::{Host, Run, callgate, everywhere, needs, places};

use crate::places::Place;

const BIND: &str = "CALLGATE_BIND";

/// A change of the shape that compilers make would cost speed, and nothing else would show it.
#[test]
fn what_rustc_makes_is_bound_directly() {
    for guest in ["hello", "files", "tcp_states", "udp", "quota"] {
        callgate(&["inspect"]).option(places::guest(guest)).run().well().says("bound: directly\n");
    }
}

#[test]
fn published_programs_are_bound_directly() {
    needs!(Package("ripgrep"));
    callgate(&["inspect"]).option(places::program("rg")).run().well().says("bound: directly\n");
}

#[test]
fn other_shapes_are_bound_by_the_engine_which_says_why() {
    let inspect = |program| callgate(&["inspect"]).option(program).run();
    inspect(places::fixture("fails.wat")).well().says("bound: by the engine, because it ");
    inspect(places::module("hello")).well().says("bound: as a module of WASI preview1\n");
    let asked = callgate(&["inspect"]).host_env(BIND, "engine").option(places::guest("hello")).run();
    asked.well().says("bound: by the engine, because it was asked for (CALLGATE_BIND");
}

#[test]
fn the_engine_can_be_asked_for() {
    callgate(&["run"]).host_env(BIND, "sideways").option(places::guest("hello")).run().refused(&[BIND, "engine"]);
    everywhere(|host| {
        host.guest("hello").host_env(BIND, "engine").run().well().prints("hello, world\n");
        host.guest("hello").host_env(BIND, "direct").run().well().prints("hello, world\n");
    });
}

/// The same calls, in the same order, with the same numbers of handles.
#[test]
fn both_ways_make_the_same_calls() {
    let calls = |run: Run| {
        let place = Place::new();
        let run = run.dir(&place.data, "/data").option("--trace").arg("/data").run();
        let line = |line: &str| {
            let (call, _) = line.rsplit_once(" <").unwrap_or((line, ""));
            call.split_once(' ').map_or(call, |(_, call)| call).to_owned()
        };
        run.err().lines().map(line).filter(|line| !line.contains("random")).collect::<Vec<_>>()
    };
    for guest in ["hello", "files"] {
        let run = |bind| Host::Native.guest(guest).host_env(BIND, bind);
        let (directly, by_the_engine) = (calls(run("direct")), calls(run("engine")));
        let names = |calls: &[String]| {
            calls.iter().map(|call| call.split('(').next().unwrap_or("").to_owned()).collect::<Vec<_>>()
        };
        assert!(!directly.is_empty());
        assert_eq!(names(&directly), names(&by_the_engine), "{guest}");
    }
}

#[test]
fn compiled_code_is_bound_as_it_was_compiled() {
    let place = Place::new();
    let compiled = |bind: &str| {
        let file = place.data.join(format!("{bind}.cwasm"));
        let compile = callgate(&["compile"]).host_env(BIND, bind).option(places::guest("hello"));
        compile.with("-o", file.as_os_str()).run().success();
        file
    };
    let run = |bind: &str, as_asked| {
        let run = callgate(&["run", "--allow-precompiled"]).host_env(BIND, as_asked);
        run.option(place.data.join(format!("{bind}.cwasm"))).run()
    };
    compiled("direct");
    compiled("engine");
    run("direct", "direct").well().prints("hello, world\n");
    run("engine", "engine").well().prints("hello, world\n");
    run("engine", "direct").well().prints("hello, world\n");
    run("direct", "engine").refused(&["direct.cwasm", "bound directly", "CALLGATE_BIND=engine"]);
}

/// The names of the program's functions stand in its backtrace, and its time is over, whichever way.
#[test]
fn limits_and_backtraces_are_the_same_in_both_ways() {
    for bind in ["direct", "engine"] {
        let trap = Host::Native.guest("trap").host_env(BIND, bind).arg("unreachable").run();
        trap.trapped().complains("wasm backtrace").complains("trap::main");
        let spin = Host::Native.guest("spin").host_env(BIND, bind).with("--timeout", "200ms").run();
        spin.trapped().complains("timed out after 200ms");
        Host::Native.guest("memory").host_env(BIND, bind).with("--max-memory", "64MiB").arg("blindly").run().trapped();
    }
}

fn shapes() -> PathBuf {
    places::repository().join("tests/fixtures/shapes")
}

/// Components that look ordinary, each with something in it that would be lost, or done otherwise, by linking its main module alone; and
/// ordinary ones that abuse the canonical ABI. They end alike, whichever way they are bound.
#[test]
fn odd_shapes_and_abuse_end_alike_in_both_ways() {
    let run = |file: &Path, bind| {
        let run = Host::Native.program(file).host_env(BIND, bind).with("--env", "A=B").run();
        (run.exit_code(), run.out())
    };
    let mut compared = 0;
    for entry in fs::read_dir(shapes()).expect("a folder of fixtures") {
        let file = entry.expect("it can be listed").path();
        assert_eq!(run(&file, "direct"), run(&file, "engine"), "{}", file.display());
        compared += 1;
    }
    assert!(compared > 20, "{compared}");
}

/// A component of several modules loses behaviour if one of them is linked alone. It keeps all of it if they are made one module, as
/// far as that is possible.
#[test]
fn other_shapes_are_bound_directly_as_far_as_modules_can_be_made_one() {
    let bound = |name: &str| callgate(&["inspect"]).option(shapes().join(format!("{name}.wat"))).run();
    for name in [
        "adapter_start_that_calls_out",
        "adapter_with_a_second_allocator",
        "adapter_with_exchanged_allocators",
        "adapter_with_its_own_allocator",
        "fix_up_of_the_mains_table",
        "items_of_every_kind",
        "starts_in_their_order",
        "two_allocators",
    ] {
        bound(name).says("bound: directly\n");
    }
    for (name, why) in [
        ("nested_component_that_exits", "starts otherwise"),
        ("run_that_returns_a_number", "starts by a function of another type"),
        ("two_run_interfaces", "starts otherwise"),
        ("module_instantiated_twice", "instantiates a module twice"),
        ("data_after_a_start", "after a start function"),
        ("two_memories", "has 2 memories"),
    ] {
        bound(name).says("bound: by the engine, because it ").says(why);
    }
}
