//! The system in memory: the same in every run, filled from a tar file and saved to one, and mounted beside another system.

use std::fs;

use callgate_tests::{Host, callgate, each, everywhere, places};

use crate::places::Place;

/// Time, random bytes, files and the trace of it all.
#[test]
fn two_runs_with_one_seed_are_the_same() {
    let place = Place::new();
    let image = place.data.join("image.tar");
    let run = |guest: &str, seed: &str, name: &str| {
        let (trace, out) = (place.outside.join(format!("{name}.trace")), place.outside.join(format!("{name}.tar")));
        let run = callgate(&["run", "--backend", "memory"]).with("--seed", seed).with("--dir", "/::/data");
        let run = run.option(format!("--trace={}", trace.display())).with("--memory-out", out.as_os_str());
        let run = if image.exists() { run.with("--memory-image", image.as_os_str()) } else { run };
        let run = run.option(places::guest(guest)).arg("/data").run();
        run.success();
        (run.out(), fs::read(trace).expect("a trace"), fs::read(out).expect("a tree"))
    };
    for guest in ["clocks", "files", "dirs", "streams", "random", "poll"] {
        let first = run(guest, "7", "first");
        assert!(!first.1.is_empty(), "{guest} calls something");
        assert!(first == run(guest, "7", "second"), "{guest} does the same again");
    }
    assert_ne!(run("random", "7", "first").0, run("random", "8", "second").0, "another seed, other random bytes");

    // The files that one run leaves are those that the next one finds.
    run("files", "7", "first");
    fs::rename(place.outside.join("first.tar"), &image).expect("an image");
    let first = run("hello", "7", "first");
    assert!(
        first.2 == fs::read(&image).expect("an image"),
        "a program that changes nothing leaves the image as it was"
    );
}

/// A sleep takes no time; the limit of a run is in the system's time.
#[test]
fn sleeps_pass_at_once() {
    let run = Host::Memory.guest("sleep_long").with("--timeout", "3h").arg("sleep").run();
    run.code(1).complains("the wait is over");
    Host::Memory.guest("sleep_long").with("--timeout", "30m").arg("sleep").run().trapped().complains("timed out");
}

/// Everybody waits, and nothing can come any more.
#[test]
fn a_wait_without_end_is_told() {
    let run = Host::Memory.guest("tcp_server").with("--net", "all").args(&["127.0.0.1:0", "1"]).run();
    run.trapped().complains("deadlock");
}

#[test]
fn images_that_cannot_be_used() {
    let place = Place::new().file("no.tar", "this is no tar file, and long enough to be one that is none at all");
    let run = |option: &str, value: &std::path::Path| {
        let run = callgate(&["run", "--backend", "memory"]).with(option, value.as_os_str());
        run.option(places::guest("hello")).run()
    };
    run("--memory-image", &place.data.join("none.tar")).refused(&["--memory-image", "none.tar"]);
    run("--memory-image", &place.data.join("no.tar")).refused(&["--memory-image", "no.tar"]);
    run("--memory-out", &place.data.join("none/out.tar")).refused(&["--memory-out", "none/out.tar"]);
    for option in ["--seed=1", "--memory-image=x.tar", "--memory-out=x.tar"] {
        let run = callgate(&["run", option]).option(places::guest("hello")).run();
        run.refused(&[option.split('=').next().unwrap_or_default(), "--backend memory"]);
    }
}

/// A tree in memory and a directory of the system, in one guest.
#[test]
pub(crate) fn mixed_mounts() {
    everywhere(|host| {
        let place = Place::new();
        let run = host.guest("mixed_mounts").with("--tmpfs", "/tmp").dir(&place.data, "/data");
        run.args(&["/tmp", "/data"]).run().well().prints("mixed_mounts: all well\n");
        let names = fs::read_dir(&place.data).expect("a directory").map(|entry| entry.expect("an entry").file_name());
        assert_eq!(names.collect::<Vec<_>>(), ["file"]);
        let run = host.guest("mixed_mounts").with("--tmpfs", "/a").with("--tmpfs", "/b").args(&["/a", "/b"]);
        run.run().well().prints("mixed_mounts: all well\n");
    });
}

#[test]
fn trees_in_memory() {
    each(|host| {
        host.guest("files").with("--tmpfs", "/tmp").arg("/tmp").run().well();
        host.guest("descriptors").with("--tmpfs", "/tmp").arg("/tmp").run().well();
        let run = host.guest("files").with("--tmpfs", "/tmp::1K").arg("/tmp").run();
        run.code(1).complains("failed: write");
    });
    let place = Place::new();
    let run = callgate(&["run", "--tmpfs", "/data"]).with("--dir", format!("{}::/data", place.data.display()));
    run.option(places::guest("hello")).run().refused(&["/data"]);
    callgate(&["run", "--tmpfs", "/data::much"]).option(places::guest("hello")).run().refused(&["--tmpfs", "much"]);
}
