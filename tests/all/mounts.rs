//! What each mount is good for.

use callgate_tests::needs::Symlinks;
use callgate_tests::{everywhere, needs};

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

fn within_quota(kind: &str) {
    everywhere(|host| {
        let place = Place::new().file("old", &"o".repeat(100_000));
        let run = host.guest("quota").with("--quota", "64KiB,20");
        let run = run.dir(&place.data, "/data").dir(&place.data, "/again").read_only(&place.data, "/fixed");
        run.args(&["/data", "/again", "/fixed", kind]).run().well().prints("quota: kept\n");
    });
}
