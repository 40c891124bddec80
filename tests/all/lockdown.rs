//! `--lockdown`: programs run behind the second wall as they do without, and what would get out of one is stopped.

use std::fs;
use std::io::Write as _;
use std::net::TcpListener;
use std::path::Path;

use callgate_tests::needs::{Lockdown, Package, StandIn};
use callgate_tests::{Host, Run, callgate, each, everywhere, needs, places};

use crate::network::peers::{echo, echo_datagrams, serve, server, there_and_back};
use crate::places::{Place, write};

/// Behind the whole wall.
fn locked(run: Run) -> Run {
    run.option("--lockdown=require")
}

#[test]
fn what_gets_out_is_stopped() {
    needs!(Lockdown, StandIn);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    each(|host| {
        let place = Place::new();
        let run = || {
            let run = host.guest("hello").dir(&place.data, "/data").host_env("CALLGATE_TRY_TO_GET_OUT", &address);
            run.host_env("TMPDIR", &place.outside.to_string_lossy())
        };
        let ways = ["open", "create", "connect", "udp", "fork", "ptrace", "signal", "core", "exec"];
        let out = run().run();
        // Some systems let no process look into its parent, whoever asks.
        let guarded = Path::new("/proc/sys/kernel/yama/ptrace_scope").exists();
        for way in ways.iter().filter(|way| !guarded || **way != "ptrace") {
            out.says(&format!("{way}: done"));
        }
        assert!(place.outside.join("callgate-got-out").exists());
        fs::remove_file(place.outside.join("callgate-got-out")).unwrap();

        let refused: String = ways.iter().map(|way| format!("{way}: refused\n")).collect();
        let hello = host.guest("hello").run();
        locked(run()).run().success().prints(&format!("{refused}{}", hello.out()));
        assert!(!place.outside.join("callgate-got-out").exists());
    });
}

#[test]
fn files_behind_it() {
    needs!(Lockdown);
    each(|host| {
        let place = Place::new().file("a", "hello").directory("ro").file("ro/b", "there");
        let other = Place::new().file("b", "there");
        let asked = "read /d/a\nwrite /d/new\nrename /d/new /d/newer\nlink /d/newer /d/twin\nremove /d/a\nlist /d\n\
                     rename /d/newer /d/ro/newer\nread /d/ro/newer\nread /ro/b\nwrite /ro/b\nremove /ro/b\n\
                     write /tmp/x\nread /tmp/x\nread /etc/passwd\n";
        let run = || {
            let run = host.guest("asks").dir(&place.data, "/d").read_only(&other.data, "/ro").with("--tmpfs", "/tmp");
            run.stdin(asked)
        };
        let answers = "read /d/a: hello\nwrite /d/new: ok\nrename /d/new /d/newer: ok\nlink /d/newer /d/twin: ok\n\
                       remove /d/a: ok\nlist /d: 3\nrename /d/newer /d/ro/newer: ok\nread /d/ro/newer: written\n\
                       read /ro/b: there\nwrite /ro/b: read-only filesystem or storage medium\n\
                       remove /ro/b: read-only filesystem or storage medium\nwrite /tmp/x: ok\nread /tmp/x: written\n";
        locked(run()).run().success().says(answers).says("read /etc/passwd: entity not found");
    });
}

#[test]
fn the_usual_guests_behind_it() {
    needs!(Lockdown);
    everywhere(|host| {
        for guest in ["hello", "clocks", "random", "poll", "streams"] {
            let place = Place::new();
            let run = || host.guest(guest).dir(&place.data, "/data");
            let open = run().run();
            // Some of them want other grants, and say so with and without a wall.
            locked(run()).run().code(open.exit_code().unwrap());
        }
    });
}

#[test]
fn the_network_behind_it() {
    needs!(Lockdown);
    each(|host| {
        let peer = serve("127.0.0.1:0", echo).to_string();
        let client = host.guest("tcp_client").with("--net", format!("connect={peer}")).args(&[&peer, "65537"]);
        locked(client).run().well().prints("tcp_client: 65537 bytes there and back\n");

        let listening = host.guest("tcp_server").with("--net", "listen=127.0.0.1:0").args(&["127.0.0.1:0", "1"]);
        let (guest, at) = server(locked(listening));
        assert_eq!(there_and_back(at, b"bytes"), b"bytes");
        guest.end().success();

        let asked = locked(host.guest("net_rules").with("--net", "resolve=localhost").arg("resolve=localhost"));
        asked.run().success().prints("resolve=localhost: ok\n");
        locked(host.guest("lookup").with("--net", "all")).run().well().prints("lookup: all well\n");
        let peer = echo_datagrams("127.0.0.1:0").to_string();
        let datagrams = host.guest("udp").with("--net", "udp=127.0.0.1").arg(&peer);
        locked(datagrams).run().well().prints("udp: all well\n");
    });
}

#[test]
fn observers_and_limits_behind_it() {
    needs!(Lockdown);
    everywhere(|host| {
        let place = Place::new();
        let (trace, summary) = (place.outside.join("trace"), place.outside.join("summary"));
        let run = || {
            let run = host.guest("hello").option(format!("--trace={}", trace.display()));
            run.option(format!("--trace-summary={}", summary.display())).with("--timeout", "60s")
        };
        locked(run()).run().success().quiet();
        let text = fs::read_to_string(&trace).unwrap();
        assert!(text.contains("output-stream.") && text.trim_end().ends_with("+++"), "{text}");
        assert!(fs::read_to_string(&summary).unwrap().contains("output-stream."));

        locked(host.guest("spin").with("--timeout", "200ms")).run().complains(" timed out after 200ms");
    });
}

#[test]
fn a_signal_behind_it() {
    needs!(Lockdown);
    let place = Place::new();
    let trace = place.outside.join("trace");
    let run = Host::Native.guest("asks").dir(&place.data, "/d").option(format!("--trace={}", trace.display()));
    let mut run = locked(run).open_stdin().start();
    run.send("list /d");
    assert_eq!(run.line(), "list /d: 0");
    run.terminate();
    let ended = run.end();
    ended.claim("the signal ended it", ended.exit_code().is_none());
    assert!(fs::read_to_string(&trace).unwrap().contains("ended by SIGTERM"));
}

#[test]
fn a_policy_is_read_again_behind_it() {
    needs!(Lockdown);
    each(|host| {
        let place = Place::new().file("a", "hello");
        let file = place.outside.join("p.toml");
        write(&file, "version = 1\n");
        let run = host.guest("asks").with("--policy", &file).dir(&place.data, "/src").open_stdin();
        let mut run = locked(run).start();
        run.send("read /src/a");
        assert_eq!(run.line(), "read /src/a: permission denied");
        run.error_line();
        // As editors do it: another file in its place.
        let next = place.outside.join("p.toml.new");
        write(&next, "version = 1\n[[allow]]\npath = \"/src/**\"\n");
        fs::rename(&next, &file).unwrap();
        assert_eq!(run.error_line(), format!("callgate: {} was read again, and holds now", file.display()));
        run.send("read /src/a");
        assert_eq!(run.line(), "read /src/a: hello");
        run.end_input();
        run.end().success();
    });
}

#[test]
fn the_tree_in_memory_is_written_behind_it() {
    needs!(Lockdown);
    let place = Place::new();
    let mut empty = fs::File::create(place.outside.join("in.tar")).unwrap();
    empty.write_all(&[0; 1024]).unwrap();
    let out = place.outside.join("out.tar");
    let run = callgate(&["run", "--backend", "memory", "--dir", "/::/d"]).with("--memory-out", &out);
    let run = locked(run.with("--memory-image", place.outside.join("in.tar")));
    run.option(places::guest("asks")).stdin("write /d/a\n").run().success().prints("write /d/a: ok\n");
    assert!(fs::metadata(&out).unwrap().len() > 1024);
}

#[test]
fn ripgrep_behind_it() {
    needs!(Lockdown, Package("ripgrep"));
    each(|host| {
        let place = Place::new().file("one", "words\n").file("two", "no\n");
        let run = host.program(&places::program("rg")).read_only(&place.data, "/src");
        let run = run.args(&["-j1", "--sort", "path", "words", "/src"]);
        locked(run).run().success().prints("/src/one:words\n");
    });
}

#[test]
fn a_program_that_is_compiled_first() {
    needs!(Lockdown);
    // The compiler's threads would not be held.
    let run = Host::Native.guest("hello").option("--no-cache");
    locked(run).run().success();
}

#[test]
fn what_the_machine_offers() {
    let run = callgate(&["backends"]).run();
    run.success().says("  lockdown: ");
    if places::on_linux() {
        run.says("protection keys");
    } else {
        let refused = locked(Host::Native.guest("hello")).run();
        refused.code(2).complains("callgate: --lockdown=require: it is there on Linux alone");
        Host::Native.guest("hello").option("--lockdown").run().success().complains("it is there on Linux alone");
    }
}
