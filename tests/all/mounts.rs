//! The quota and the options of each mount.

use callgate_tests::needs::Symlinks;
use callgate_tests::{Host, each, everywhere, needs};

use crate::places::Place;

#[test]
pub(crate) fn quota() {
    within_quota("plain");
}

/// Wine's hard links are not enough for it: a file that was unlinked while open counts a name there that nobody sees.
#[test]
fn quota_with_links() {
    needs!(Symlinks);
    within_quota("links");
}

/// Writable twice, and once more through the directory above it, which is read-only.
fn within_quota(kind: &str) {
    everywhere(|host| {
        let place = Place::new().file("old", &"o".repeat(100_000));
        let run = host.guest("quota").with("--quota", "64KiB,20").dir(&place.data, "/data").dir(&place.data, "/again");
        // In memory, where the first directory is `/0`, that of the others isn't theirs.
        let (run, below) = match host {
            Host::Memory => (run.with("--dir", "/::/fixed::ro"), "0"),
            _ => (run.read_only(place.data.parent().expect("it is in one"), "/fixed"), "data"),
        };
        run.args(&["/data", "/again", "/fixed", below, kind]).run().well().prints("quota: kept\n");
    });
}

/// A mount's own quota, instead of that of all.
#[test]
fn quota_of_a_mount() {
    each(|host| {
        let place = Place::new().file("old", &"o".repeat(100_000));
        let limited = |guest: &str| {
            let mut value = place.data.clone().into_os_string();
            value.push(format!("::{guest}::quota=64KiB/20"));
            value
        };
        let above = place.data.parent().expect("it is in one");
        let run = host.guest("quota").with("--dir", limited("/data")).with("--dir", limited("/again"));
        let run = run.read_only(above, "/fixed").with("--quota", "1KiB");
        run.args(&["/data", "/again", "/fixed", "data", "plain"]).run().well().prints("quota: kept\n");
    });
}

#[test]
fn options_of_a_mount() {
    let place = Place::new();
    let mounted = |options: &str| {
        let mut value = place.data.clone().into_os_string();
        value.push(format!("::/data::{options}"));
        Host::Native.guest("hello").with("--dir", value).run()
    };
    for fine in ["ro", "quota=1MiB", "quota=1MiB/7"] {
        mounted(fine).success();
    }
    for (wrong, why) in [
        ("", "only `ro` and `quota=SIZE[/NAMES]` can stand there"),
        ("rw", "only `ro` and `quota=SIZE[/NAMES]` can stand there"),
        ("ro,", "only `ro` and `quota=SIZE[/NAMES]` can stand there"),
        ("quota", "only `ro` and `quota=SIZE[/NAMES]` can stand there"),
        ("quota=", "such as 512KiB"),
        ("quota=1MiB/x", "such as 64MiB/1000"),
        ("ro,quota=1MiB", "nothing can be added to a read-only mount"),
        ("quota=1MiB,ro", "nothing can be added to a read-only mount"),
        ("quota=1MiB,quota=2MiB", "two quotas"),
    ] {
        mounted(wrong).refused(&[why]);
    }
}
