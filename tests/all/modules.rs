//! Our guests as modules of WASI preview1, and what the command does with modules.

use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};

use callgate_tests::calls::Calls;
use callgate_tests::needs::Symlinks;
use callgate_tests::{Host, Run, Running, callgate, each, needs, places};

use crate::places::{Place, write};

#[test]
fn a_module_runs_by_the_same_command() {
    each(|host| {
        host.module("hello").run().well().prints("hello, world\n");
        host.module("hello").with("--timeout", "5m").run().well().prints("hello, world\n");
        host.module("stderr_write").run().success().prints("to stdout\n").complains("to stderr\nto stderr again\n");
    });
}

#[test]
fn modules_work_on_files() {
    each(|host| {
        for name in ["files", "dirs"] {
            let place = Place::new();
            let before = place.state_outside();
            let output = host.module(name).dir(&place.data, "/data").arg("/data").run();
            output.well().says(&format!("{name}: all well\n"));
            output.claim("what is outside stays as it is", place.state_outside() == before);
        }
        let place = Place::new();
        host.module("files").inside(&place.data).with("--dir", ".").arg(".").run().well();
        let place = Place::new();
        host.module("redb-check").inside(&place.data).with("--dir", ".").arg("p1.redb").run().well();
    });
}

#[test]
fn modules_stay_within_their_mounts() {
    needs!(Symlinks);
    each(|host| {
        let place = Place::new().file("file", "file").directory("sub").file("sub/inner", "inner");
        let outside = place.outside.clone();
        let place = place.link("rel", "sub/inner").link("out", "../outside").link("abs", outside);
        let place = place.link("dangling", "nowhere").link("loop", "loop").link("dir-link", "sub");
        host.module("paths").dir(&place.data, "/data").args(&["/data", "links"]).run().well();
    });
}

#[test]
fn streams_of_modules() {
    each(|host| {
        let bytes: Vec<u8> = (0..1_000_000_u32).map(|index| (index.wrapping_mul(2_654_435_761) >> 23) as u8).collect();
        let echo = host.module("stdin_echo").stdin(bytes.clone()).run();
        echo.success().complains("1000000 bytes").claim("a megabyte comes back", echo.stdout == bytes);
        let whole = host.module("stdout_big").arg("10000000").run();
        whole.well().claim("ten megabytes arrive", whole.stdout.len() == 10_000_000);
        let cut = host.module("stdout_big").arg("1000000000").head(64).run();
        cut.code(141).quiet().claim("the reader had its line", cut.stdout.len() == 64);
    });
}

#[test]
fn modules_are_bounded() {
    each(|host| {
        host.module("spin").with("--timeout", "500ms").run().trapped().complains("timed out after 500ms");
        let waits = host.module("stdin_echo").with("--timeout", "500ms").open_stdin().run();
        waits.trapped().complains("timed out after 500ms");
        let full = host.module("stdout_big").with("--timeout", "500ms").arg("100000000").unread().run();
        full.trapped().complains("timed out after 500ms");
        host.module("memory").with("--max-memory", "64MiB").arg("gently").run().well().says("refused after ");
        host.module("recurse").run().trapped().prints("going down\n");
        host.module("trap").arg("panic").run().trapped().prints("about to trap\n").complains("as asked");
    });
}

#[test]
fn a_module_is_traced_under_the_names_of_0_2() {
    each(|host| {
        let place = Place::new();
        let file = place.outside.join("trace");
        let mut option = std::ffi::OsString::from("--trace=");
        option.push(&file);
        host.module("files").option(option).read_only(&place.data, "/data").arg("/data").run().code(1);
        let trace = fs::read_to_string(&file).unwrap_or_default();
        for part in ["environment.get-arguments() = ", "descriptor.open-at(3</data>, ", " = read-only <"] {
            assert!(trace.contains(part), "{part} in the trace:\n{trace}");
        }
    });
}

#[test]
fn a_module_is_compiled_ahead_of_time_and_kept() {
    let place = Place::new();
    let compiled = place.data.join("hello.cwasm");
    callgate(&["compile"]).option(places::module("hello")).with("-o", compiled.as_os_str()).run().well();
    callgate(&["run", "--allow-precompiled"]).option(&compiled).run().well().prints("hello, world\n");
    callgate(&["inspect"]).option(&compiled).run().well().says("  wasi_snapshot_preview1.fd_write\n");

    let cache = place.data.join("cache");
    for _ in 0..2 {
        callgate(&["run"]).cache(&cache).option(places::module("hello")).run().well();
    }
    let kept = fs::read_dir(place.data.join("cache/callgate")).expect("the cache's folder").count();
    assert_eq!(kept, 1, "entries of the cache");
}

#[test]
fn inspecting_a_module() {
    let run = callgate(&["inspect"]).option(places::module("hello")).run();
    run.well().says("  wasi_snapshot_preview1.fd_write\n").says("runs here: yes\n");
    run.says("environment: only what --env or --inherit-env hand on");
    let run = callgate(&["inspect"]).option(places::module("files")).run();
    run.well().says("  files: only those below a --dir\n");
}

#[test]
fn an_export_is_called_by_name() {
    let place = Place::new();
    let module = place.data.join("module.wat");
    write(
        &module,
        "(module\n  (global $ready (mut i32) (i32.const 0))\n  (func (export \"_initialize\") (global.set $ready (i32.const 1)))\n  (func (export \"ready\") (result i32) (global.get $ready))\n  (func (export \"add\") (param i32 i64 f32 f64) (result f64)\n    (f64.add (f64.add (f64.convert_i32_s (local.get 0)) (f64.convert_i64_s (local.get 1)))\n      (f64.add (f64.promote_f32 (local.get 2)) (local.get 3))))\n  (func (export \"two\") (result i64 i32) (i64.const -1) (i32.const 7))\n  (func (export \"trap\") unreachable))",
    );
    let invoke = |function: &str, arguments: &[&str]| {
        callgate(&["run"]).with("--invoke", function).option(&module).args(arguments).run()
    };
    invoke("ready", &[]).well().prints("1\n");
    invoke("add", &["-1", "18446744073709551615", "0.5", "1e3"]).well().prints("998.5\n");
    invoke("two", &[]).well().prints("-1\n7\n");
    invoke("two()", &[]).well().prints("-1\n7\n");
    invoke("add(-1, 18446744073709551615, 0.5, 1e3)", &[]).well().prints("998.5\n");
    invoke("add(1, 2)", &[]).refused(&["add takes", "2 arguments are given"]);
    invoke("two(", &[]).refused(&["two(", "is no call", "NAME()"]);
    invoke("two()", &["1"]).refused(&["in parentheses", "one place"]);
    invoke("trap", &[]).trapped().prints("").complains("unreachable");
    invoke("missing", &[]).refused(&["\"missing\"", "_initialize, ready, add, two, trap"]);
    invoke("two", &["1"]).refused(&["two takes ()", "1 arguments are given"]);
    invoke("add", &["x", "1", "1", "1"]).refused(&["\"x\" is no i32"]);
    invoke("add", &["1", "99999999999999999999", "1", "1"]).refused(&["is no i64"]);

    let component = places::fixture("invoke.wat");
    let invoke = |function: &str, arguments: &[&str]| {
        callgate(&["run"]).with("--invoke", function).option(&component).args(arguments).run()
    };
    invoke("greet", &["a\u{2603}b"]).well().prints("a\u{2603}b\n");
    invoke("greet(\"a, \\u{2603}b\")", &[]).well().prints("a, \u{2603}b\n");
    invoke("negate", &["true"]).well().prints("false\n");
    invoke("negate(true)", &[]).well().prints("false\n");
    invoke("example:numbers/sums#add(200, 55)", &[]).well().prints("255\n");
    invoke("add(200, 55)", &[]).well().prints("255\n");
    let hello = |function: &str| callgate(&["run"]).with("--invoke", function).option(places::guest("hello")).run();
    hello("run()").well().says("ok");
    hello("run").well().says("ok");
    invoke("example:numbers/sums#add", &["200", "55"]).well().prints("255\n");
    invoke("pair", &["7"]).well().prints("(7, some(\"seven\"))\n");
    invoke("example:numbers/sums#add", &["256", "0"]).refused(&["\"256\" is no u8"]);
    invoke("missing", &[]).refused(&["greet", "example:numbers/sums#add"]);
}

#[test]
fn what_is_no_program_says_so() {
    each(|host| {
        host.program(&places::fixture("core_module.wat")).run().refused(&["core_module.wat", "_start", "--invoke"]);
        let place = Place::new();
        let unknown = place.data.join("unknown.wat");
        write(&unknown, "(module (import \"env\" \"launch\" (func)) (func (export \"_start\")))");
        host.program(&unknown).run().refused(&["unknown.wat", "env::launch"]);
        let wrong = place.data.join("wrong.wat");
        write(
            &wrong,
            "(module (import \"wasi_snapshot_preview1\" \"fd_close\" (func (param i64))) (func (export \"_start\")))",
        );
        host.program(&wrong).run().refused(&["wrong.wat", "fd_close"]);
        let bare = place.data.join("bare.wat");
        write(
            &bare,
            "(module (import \"wasi_snapshot_preview1\" \"args_sizes_get\" (func $get (param i32 i32) (result i32)))\n  (func (export \"_start\") (drop (call $get (i32.const 0) (i32.const 0)))))",
        );
        host.program(&bare).run().trapped().complains("memory");
    });
}

/// A server that takes connections at a socket which it was handed, told of the port by a line on stderr.
fn server(host: Host, place: &Place, arguments: &[&str]) -> (Running, String) {
    listening(host.module("listener").dir(&place.data, "/data").args(arguments))
}

fn listening(run: Run) -> (Running, String) {
    let mut running = run.with("--listen", "127.0.0.1:0").with("--timeout", "5m").start();
    let line = running.error_line();
    let address = line.strip_prefix("callgate: listening at ").unwrap_or_else(|| panic!("no address in {line:?}"));
    (running, address.to_owned())
}

#[test]
fn a_module_serves_at_a_socket_that_it_was_handed() {
    each(|host| {
        for how in ["blocking", "polling"] {
            let place = Place::new();
            let (running, address) = server(host, &place, &[how, "2"]);
            for message in ["first", "second, which is longer"] {
                let mut stream = TcpStream::connect(&address).expect("the guest's address");
                stream.write_all(message.as_bytes()).expect("what the guest reads");
                stream.shutdown(Shutdown::Write).expect("the end of it");
                let mut answer = String::new();
                stream.read_to_string(&mut answer).expect("what the guest answers");
                assert_eq!(answer, message.to_uppercase(), "{how}");
            }
            running.end().success().prints("served 2\n");
            // The socket comes before the mounts, and hides none of them.
            assert_eq!(fs::read_to_string(place.data.join("log")).unwrap_or_default().lines().count(), 2);
        }
    });
}

/// It is gone even if the system still has bytes of it.
#[test]
fn what_came_before_receiving_ended_is_gone() {
    let (connection, list, out) = (4, 512, 1024);
    let receive = [connection, list, 1, 0, out, out + 8];
    let calls = Calls::new()
        .data(512, [100_u32, 1].map(u32::to_le_bytes).concat())
        .call("sock_accept", &[3, 0, out], 0)
        .holds(1024, 4)
        .call("sock_recv", &receive, 0)
        .holds(1024, 1)
        .call("sock_shutdown", &[connection, 1], 0)
        .call("sock_recv", &receive, 0)
        .holds(1024, 0)
        .call("fd_read", &receive[..3].iter().copied().chain([out]).collect::<Vec<_>>(), 0)
        .holds(1024, 0);
    each(|host| {
        let place = Place::new();
        let module = place.outside.join("module.wat");
        write(&module, calls.text());
        let (running, address) = listening(host.program(&module));
        let mut stream = TcpStream::connect(&address).expect("the guest's address");
        stream.write_all(b"ab").expect("what the guest reads half of");
        let run = running.end();
        run.claim(&format!("not wrong at {}", calls.step(run.exit_code().unwrap_or(0))), run.exit_code() == Some(0));
    });
}

#[test]
fn a_socket_that_cannot_be_handed_in() {
    each(|host| {
        let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = taken.local_addr().expect("its address").to_string();
        host.module("hello").with("--listen", address.as_str()).run().refused(&[&address, "address-in-use"]);
        host.guest("hello").with("--listen", "127.0.0.1:0").run().refused(&["component", "--net listen=127.0.0.1:0"]);
        host.module("hello").with("--listen", "localhost").run().refused(&["--listen", "localhost"]);
    });
}
