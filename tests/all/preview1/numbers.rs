//! The numbers of descriptors.

use super::*;

/// Renumbering onto itself, beyond all numbers, onto an open one (GHSA-fm79-3f68-h2fc, GHSA-3p27-qvp9-27qf).
#[test]
fn renumbering() {
    each(|host| {
        let place = Place::new().file("one", "1").file("two", "22");
        let (one, two) = (FIRST, FIRST + 1);
        let mut calls = Calls::new()
            .open("one", 0, READ, 0)
            .opened(one)
            .open("two", 0, READ, 0)
            .opened(two)
            .call("fd_renumber", &[one, one], 0)
            .call("fd_renumber", &[one, -1], BADF)
            .call("fd_renumber", &[-1, one], BADF)
            .call("fd_renumber", &[two + 1, one], BADF)
            // A number that nobody has: it stays where it is.
            .call("fd_renumber", &[one, two + 1], BADF)
            .call("fd_renumber", &[one, i64::from(i32::MAX)], BADF)
            .call("fd_filestat_get", &[one, OUT], 0)
            .holds(OUT as u32 + 32, 1)
            .call("fd_renumber", &[two, one], 0)
            .call("fd_filestat_get", &[one, OUT], 0)
            .holds(OUT as u32 + 32, 2)
            .call("fd_filestat_get", &[two, OUT], BADF)
            .call("fd_renumber", &[two, one], BADF)
            // Nor one that nobody has any more.
            .call("fd_renumber", &[one, two], BADF)
            // The lowest free number comes first, whatever was moved.
            .open("one", 0, READ, 0)
            .opened(two)
            .call("fd_close", &[two], 0)
            .call("fd_close", &[two], BADF);
        // Nothing of what was replaced is kept: otherwise the limit would be met.
        for _ in 0..20 {
            calls = calls.open("two", 0, READ, 0).opened(two).call("fd_renumber", &[two, one], 0);
        }
        let limited = start(host, &place, &calls).dir(&place.data, "/data").with("--max-handles", "7").run();
        all_as_listed(&limited, &calls);
    });
}

#[test]
fn the_limit_of_handles() {
    each(|host| {
        let place = Place::new().file("file", "");
        let calls = Calls::new()
            .open("file", 0, READ, 0)
            .open("file", 0, READ, 0)
            .open("file", 0, READ, NOMEM)
            .call("fd_close", &[FIRST], 0)
            .open("file", 0, READ, 0)
            .opened(FIRST);
        let limited = start(host, &place, &calls).dir(&place.data, "/data").with("--max-handles", "6").run();
        all_as_listed(&limited, &calls);
    });
}
