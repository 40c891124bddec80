//! What each mount is good for.

use callgate_tests::everywhere;

use crate::places::Place;

#[test]
pub(crate) fn quota() {
    everywhere(|host| {
        let place = Place::new().file("old", &"o".repeat(100_000));
        let run = host.guest("quota").with("--quota", "64KiB,20");
        let run = run.dir(&place.data, "/data").dir(&place.data, "/again").read_only(&place.data, "/fixed");
        run.args(&["/data", "/again", "/fixed"]).run().well().prints("quota: kept\n");
    });
}
