//! Mounts that contradict each other (row 31).

use std::fs;
use std::path::Path;

use callgate_tests::needs::{PrivateMounts, Procfs, Symlinks};
use callgate_tests::{Host, Run, each, needs};

use crate::places::Place;
use crate::platform::symlink;

/// The words of the line about a read-only mount that can be changed through another one.
const CONTRADICTION: &[&str] = &["what is read-only at /fixed can be changed at /free", "make the other read-only too"];

fn place() -> Place {
    Place::new().file("file", "content").directory("sub/inner").file("sub/file", "content").directory("sub2")
}

/// A read-only and a writable mount, in both orders.
fn both_orders(host: Host, fixed: &Path, free: &Path) -> [Run; 2] {
    let run = || host.guest("hello");
    [run().read_only(fixed, "/fixed").dir(free, "/free"), run().dir(free, "/free").read_only(fixed, "/fixed")]
}

#[test]
fn a_read_only_mount_that_another_one_opens() {
    each(|host| {
        let place = place();
        let sub = place.data.join("sub");
        let above = place.data.parent().expect("it is in one");
        for (fixed, free) in [
            (&*place.data, &*place.data),
            (&*sub, &*place.data),
            (&*sub, above),
            (&*sub.join("inner"), &*place.data),
            (&*place.data.join("sub2/../sub/."), &*place.data.join("sub2/..")),
        ] {
            for run in both_orders(host, fixed, free) {
                run.run().refused(CONTRADICTION);
            }
        }
    });
}

/// Nothing is said against the other way round, nor against neighbours.
#[test]
fn mounts_that_do_not_contradict() {
    each(|host| {
        let place = place();
        let (sub, sub2) = (place.data.join("sub"), place.data.join("sub2"));
        for (fixed, free) in [(&place.data, &sub), (&sub, &sub2), (&sub2, &sub), (&place.data, &place.outside)] {
            for run in both_orders(host, fixed, free) {
                run.run().well();
            }
        }
        host.guest("hello").read_only(&place.data, "/a").read_only(&sub, "/b").run().well();
        host.guest("hello").dir(&place.data, "/a").dir(&sub, "/b").run().well();
    });
}

#[test]
fn a_read_only_mount_that_is_named_by_a_link() {
    needs!(Symlinks);
    each(|host| {
        let place = place();
        let (to_fixed, to_free) = (place.outside.join("to-fixed"), place.outside.join("to-free"));
        symlink(place.data.join("sub"), &to_fixed).expect("a link can be made");
        symlink(&place.data, &to_free).expect("a link can be made");
        for (fixed, free) in
            [(&to_fixed, &place.data), (&place.data.join("sub"), &to_free), (&to_fixed, &to_free), (&to_free, &to_free)]
        {
            for run in both_orders(host, fixed, free) {
                run.run().refused(CONTRADICTION);
            }
        }
        // A link in the writable mount that leads to the read-only one is no way there.
        symlink("../data/sub", place.outside.join("l")).expect("a link can be made");
        for run in both_orders(host, &place.data.join("sub"), &place.outside) {
            run.run().well();
        }
    });
}

/// In memory, by the parents of directories; a tree of its own has none of another's.
#[test]
fn mounts_in_memory_that_contradict() {
    let place = place();
    let run = || Host::Memory.guest("hello").dir(&place.data, "/free");
    run().with("--dir", "/0::/fixed::ro").run().refused(CONTRADICTION);
    run().with("--dir", "/0/sub::/fixed::ro").run().refused(CONTRADICTION);
    run().with("--dir", "/::/fixed::ro").run().well();
    Host::Memory.guest("hello").with("--tmpfs", "/free").read_only(&place.data, "/fixed").run().well();
}

/// The same files at two places, by mounts that show one directory at another.
#[test]
fn a_read_only_mount_that_a_bind_mount_opens() {
    needs!(PrivateMounts, Procfs);
    each(|host| {
        let place = place();
        fs::create_dir(place.outside.join("at")).expect("a directory can be made");
        fs::create_dir(place.outside.join("other")).expect("a directory can be made");
        let (data, sub, at) = (&*place.data, &*place.data.join("sub"), &*place.outside.join("at"));
        let (outside, other) = (&*place.outside, &*place.outside.join("other"));
        let bind = |from: &Path, to: &Path| format!("mount --bind '{}' '{}'", from.display(), to.display());
        let inner = &*at.join("inner");
        for (fixed, free, commands, contradict) in [
            // The writable directory shows the read-only one, or one that holds it, further down.
            (sub, outside, bind(sub, at), true),
            (sub, outside, bind(data, at), true),
            (&*sub.join("inner"), outside, bind(sub, at), true),
            // The read-only one is named by the place where it is shown.
            (at, data, bind(sub, at), true),
            (inner, data, bind(sub, at), true),
            // The writable one is.
            (sub, at, bind(data, at), true),
            (data, at, bind(data, at), true),
            (&*sub.join("inner"), at, bind(sub, at), true),
            // Both are, at different places.
            (at, other, format!("{}; {}", bind(sub, at), bind(data, other)), true),
            // By a mount of a mount.
            (sub, other, format!("{}; {}", bind(data, at), bind(&at.join("sub"), other)), true),
            // It is there, and hidden by what is mounted over it; who mounted that may take it away.
            (sub, other, format!("{}; {}", bind(data, other), bind(&data.join("sub2"), &other.join("sub"))), true),
            // Something else is shown, be it over it, or the other way round.
            (sub, outside, bind(&data.join("sub2"), at), false),
            (outside, sub, bind(sub, at), false),
            (at, sub, bind(data, at), false),
            (sub, outside, format!("{}; {}", bind(sub, at), bind(&data.join("sub2"), at)), false),
        ] {
            for run in both_orders(host, fixed, free) {
                let run = run.with_mounts(&commands).run();
                if contradict {
                    run.refused(CONTRADICTION)
                } else {
                    run.well()
                };
            }
        }
    });
}

/// Where the kernel doesn't tell, the answer is no.
#[test]
fn mounts_of_which_nothing_is_told() {
    needs!(PrivateMounts, Procfs);
    each(|host| {
        let place = place();
        for run in both_orders(host, &place.outside, &place.data) {
            let words =
                ["whether what is read-only at /fixed can be changed at /free can't be told", "make both read-only"];
            run.with_mounts("umount --lazy /proc").run().refused(&words);
        }
        host.guest("hello").dir(&place.data, "/data").with_mounts("umount --lazy /proc").run().well();
    });
}
