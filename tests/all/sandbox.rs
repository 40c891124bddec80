//! Guests that try to get at what they were not given. Each way out was open somewhere once.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use callgate_tests::needs::{RawNames, Symlinks};
use callgate_tests::{Host, each, everywhere, needs};

use crate::places::{Place, write};
use crate::platform::{odd_names as names_that_are_not_utf8, symlink};

/// The working directory and the rest of the machine are closed without `--dir`.
#[test]
pub(crate) fn no_mounts() {
    everywhere(|host| {
        let place = Place::new();
        let run = host.guest("no_mounts").inside(&place.data).run();
        run.well().prints("no_mounts: nothing there\n");
        run.claim("nothing was made", !place.data.join("made").exists());
    });
}

#[test]
pub(crate) fn mounts() {
    each(|host| {
        host.guest("mounts").run().well().prints("");
        let place = Place::new().directory("sub");
        let run = host.guest("mounts").inside(&place.data).dir(&place.data, "/z").read_only(&place.outside, "/a");
        let run = run.with("--dir", "sub").with("--dir", ".::/").run();
        run.well().prints("/z may be changed\n/a may not be changed\nsub may be changed\n/ may be changed\n");
    });
}

/// A table of paths by `std::fs`.
#[test]
pub(crate) fn paths() {
    everywhere(|host| {
        let place = Place::new().file("file", "file").directory("sub").file("sub/inner", "inner");
        host.guest("paths").dir(&place.data, "/data").args(&["/data", "plain"]).run().well();
    });
}

#[test]
fn paths_with_links() {
    needs!(Symlinks);
    everywhere(|host| {
        let place = Place::new().file("file", "file").directory("sub").file("sub/inner", "inner");
        let outside = place.outside.clone();
        let place = place.link("rel", "sub/inner").link("out", "../outside").link("abs", outside);
        let place = place.link("dangling", "nowhere").link("loop", "loop").link("dir-link", "sub");
        host.guest("paths").dir(&place.data, "/data").args(&["/data", "links"]).run().well();
    });
}

fn escapes_none(host: Host, place: &Place, how: &str) {
    let before = place.state_outside();
    let run = host.guest("escapes").dir(&place.data, "/data").args(&["/data", how]).run();
    run.claim("what is outside stays as it is", place.state_outside() == before);
    run.well().prints("escapes: none\n");
    run.claim("nothing was stolen", !place.data.join("stolen").exists());
}

/// By `..`, through every call that takes a path.
#[test]
pub(crate) fn escapes() {
    everywhere(|host| escapes_none(host, &Place::new().directory("a").file("own", "own"), "plain"));
}

/// By links to the outside, with trailing slashes and without.
#[test]
fn escapes_by_links() {
    needs!(Symlinks);
    everywhere(|host| {
        let place = Place::new().directory("a").file("own", "own").link("a/evil", "../../outside");
        let place = place.link("a/link", "evil/").link("a/direct", "../../outside/secret");
        let place = place.link("a/new", "../../outside/new").link("abs", "/");
        escapes_none(host, &place, "links");
    });
}

/// A link that is swapped between the check and the use.
#[test]
pub(crate) fn swapped_link() {
    needs!(Symlinks);
    each(|host| {
        let place = Place::new().directory("inside").file("inside/file", "inside").link("swap", "inside");
        write(&place.outside.join("file"), "secret");
        let done = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                let next = place.data.join("next");
                while !done.load(Ordering::Relaxed) {
                    for target in ["inside", "../outside"] {
                        symlink(target, &next).expect("a link can be made");
                        fs::rename(&next, place.data.join("swap")).expect("a link can be renamed");
                    }
                }
            });
            let run = host.guest("swapped_link").dir(&place.data, "/data").args(&["/data", "5000"]).run();
            done.store(true, Ordering::Relaxed);
            run.well();
        });
    });
}

#[test]
pub(crate) fn read_only() {
    everywhere(|host| {
        let place = Place::new().file("file", "content").directory("sub");
        let run = host.guest("read_only").read_only(&place.data, "/data").args(&["/data", "plain"]).run();
        run.well().prints("read_only: nothing changed\n");
        let content = fs::read_to_string(place.data.join("file")).unwrap_or_default();
        run.claim("the host finds the file as it was", content == "content");
        run.claim("and no other", !place.data.join("new").exists() && !place.data.join("sub/x").exists());
    });
}

#[test]
fn read_only_with_a_link() {
    needs!(Symlinks);
    everywhere(|host| {
        let place = Place::new().file("file", "content").directory("sub").link("link", "file");
        let run = host.guest("read_only").read_only(&place.data, "/data").args(&["/data", "links"]).run();
        run.well().prints("read_only: nothing changed\n");
    });
}

/// Neither a link nor a rename carries a file from a read-only mount to a writable one, where it could be changed.
#[test]
pub(crate) fn cross_mount() {
    everywhere(|host| {
        let (fixed, free) = (Place::new().file("file", "fixed"), Place::new().file("file", "free"));
        let run = host.guest("cross_mount").read_only(&fixed.data, "/fixed").dir(&free.data, "/free");
        run.args(&["/fixed", "/free"]).run().well().prints("cross_mount: nothing crossed\n");
        let content = |place: &Place| fs::read_to_string(place.data.join("file")).unwrap_or_default();
        assert_eq!((content(&fixed), content(&free)), ("fixed".to_owned(), "free".to_owned()));
    });
}

/// A directory in it that is mounted writable makes a read-only mount no less read-only.
#[test]
fn read_only_around_writable() {
    everywhere(|host| {
        let place = Place::new().file("file", "content").directory("sub");
        let run = host.guest("read_only").read_only(&place.data, "/fixed").dir(&place.data.join("sub"), "/free");
        run.args(&["/fixed", "plain"]).run().well().prints("read_only: nothing changed\n");
    });
}

#[test]
pub(crate) fn same_mounts() {
    everywhere(|host| {
        let (from, to) = (Place::new().file("file", "content"), Place::new());
        let run = host.guest("same_mounts").dir(&from.data, "/from").dir(&to.data, "/to").args(&["/from", "/to"]).run();
        run.well().prints("same_mounts: whole or not at all\n");
    });
}

/// A file system takes names that are not UTF-8; the interface does not.
#[test]
pub(crate) fn odd_names() {
    needs!(RawNames);
    everywhere(|host| {
        let place = Place::new();
        for index in 0..200 {
            write(&place.data.join(format!("plain {index}")), "x");
        }
        for name in names_that_are_not_utf8() {
            // A file system may refuse them; then there is nothing to list.
            fs::write(place.data.join(name), "x").ok();
        }
        let run = host.guest("odd_names").dir(&place.data, "/data").args(&["/data", "200"]).run();
        run.well().says("odd_names: 200 plain, ");
    });
}
