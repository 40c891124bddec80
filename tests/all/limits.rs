//! Guests without measure: each is ended, or refused, and the host stays well.

use callgate_tests::needs::OwnHandles;
use callgate_tests::{Host, callgate, everywhere, needs, places};

use crate::places::Place;

#[test]
pub(crate) fn handles() {
    everywhere(|host| {
        let place = Place::new();
        let run = |limit: &str, most: &str| {
            let run = host.guest("handles").dir(&place.data, "/data").with("--max-handles", limit);
            run.args(&["/data", most]).run().well().out()
        };
        for limit in [10_u32, 100] {
            let out = run(&limit.to_string(), &(limit + 1).to_string());
            let held = out.split("refused after ").nth(1).and_then(|rest| rest.split(':').next());
            let held: u32 = held.and_then(|number| number.parse().ok()).unwrap_or(0);
            assert!((limit / 2..=limit).contains(&held), "of {limit} handles the guest had {held}");
        }
    });
}

/// The default is a limit too: of callgate's own, or the system's.
#[test]
fn handles_by_default() {
    needs!(OwnHandles);
    everywhere(|host| {
        let place = Place::new();
        host.guest("handles").dir(&place.data, "/data").args(&["/data", "2000000"]).run().well().says("refused after ");
    });
}

#[test]
pub(crate) fn memory() {
    everywhere(|host| {
        let gently = host.guest("memory").with("--max-memory", "64MiB").arg("gently").run();
        gently.well().says("refused after ");
        let had: u32 = gently.out().split_whitespace().nth(2).and_then(|it| it.parse().ok()).unwrap_or(0);
        gently.claim("it had most of its 64 MiB", (48..64).contains(&had));
        host.guest("memory").with("--max-memory", "64MiB").arg("blindly").run().trapped();
        host.guest("hello").with("--max-memory", "64KiB").run().claim("a guest that does not fit is told so", true);
    });
}

#[test]
pub(crate) fn recurse() {
    everywhere(|host| {
        let run = host.guest("recurse").run();
        run.trapped().prints("going down\n");
        run.claim("the backtrace is bounded", run.err().lines().count() < 200);
    });
}

fn times_out(host: Host, guest: &str, arguments: &[&str]) {
    let run = host.guest(guest).with("--timeout", "500ms").args(arguments).open_stdin().run();
    run.trapped().complains("timed out after 500ms");
}

#[test]
pub(crate) fn spin() {
    everywhere(|host| times_out(host, "spin", &[]));
}

/// A program compiled ahead of time ends in time as well, though its code may not ask for the time.
#[test]
fn a_compiled_program_times_out() {
    everywhere(|host| {
        let place = Place::new();
        for (guest, arguments) in [("spin", &[][..]), ("sleep_long", &["sleep"])] {
            let compiled = place.data.join(guest).with_extension("cwasm");
            let compile = callgate(&["compile"]).option(places::guest(guest)).with("-o", compiled.as_os_str());
            compile.run().success();
            let run =
                host.program(&compiled).option("--allow-precompiled").with("--timeout", "500ms").args(arguments).run();
            run.trapped().complains("timed out after 500ms");
        }
    });
}

#[test]
pub(crate) fn sleep_long() {
    everywhere(|host| {
        for wait in ["sleep", "block", "poll", "stdin"] {
            times_out(host, "sleep_long", &[wait]);
        }
    });
}

/// A wait for a reader of stdout who never comes.
#[test]
fn a_full_pipe_times_out() {
    everywhere(|host| {
        let run = host.guest("stdout_big").with("--timeout", "500ms").arg("100000000").unread().run();
        run.trapped().complains("timed out after 500ms");
    });
}

/// A time limit that is not reached changes nothing.
#[test]
fn a_timeout_that_is_not_reached() {
    everywhere(|host| {
        host.guest("hello").with("--timeout", "5m").run().well().prints("hello, world\n");
        host.guest("clocks").with("--timeout", "300s").run().well();
    });
}

#[test]
pub(crate) fn trap() {
    everywhere(|host| {
        for how in ["panic", "abort", "unreachable"] {
            let run = host.guest("trap").arg(how).run();
            run.trapped().prints("about to trap\n").complains("unreachable");
            run.claim("the backtrace names the guest's function", run.err().contains("trap"));
        }
        host.guest("trap").arg("panic").run().complains("as asked");
    });
}

#[test]
pub(crate) fn random_huge() {
    everywhere(|host| {
        for which in ["secure", "insecure"] {
            host.guest("random_huge").arg(which).run().trapped().prints("");
        }
    });
}

#[test]
pub(crate) fn poll_empty() {
    everywhere(|host| {
        host.guest("poll_empty").run().trapped().prints("polling nothing\n");
    });
}

#[test]
pub(crate) fn drop_order() {
    everywhere(|host| {
        let place = Place::new();
        for what in ["stream", "file", "directory"] {
            let run = host.guest("drop_order").dir(&place.data, "/data").args(&["/data", what]).run();
            let code = run.exit_code();
            run.claim("the child lives on, or a trap says why not", code == Some(0) || code == Some(134));
        }
    });
}
