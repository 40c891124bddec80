//! Listings of directories.

use std::fs;

use callgate_tests::needs;
use callgate_tests::needs::RawNames;

use super::*;
use crate::platform::odd_names;

/// The directory in pieces: a record that was cut off comes again whole, and what comes before a cookie doesn't.
#[test]
fn listing_in_pieces() {
    each(|host| {
        let place = Place::new().file("file", "content");
        let out = OUT as u32;
        let calls = Calls::new()
            .fill(out, 0xff, 512)
            // `.` fits, `..` is cut off in its header.
            .call("fd_readdir", &[DATA, OUT, 30, 0, LIST], 0)
            .holds(LIST as u32, 30)
            .holds_byte(out + 30, 0xff)
            .call("fd_readdir", &[DATA, OUT, 512, 1, LIST], 0)
            .holds(LIST as u32, 26 + 28)
            .holds(out, 2)
            .call("fd_readdir", &[DATA, OUT, 512, 2, LIST], 0)
            .holds(LIST as u32, 28)
            .call("fd_readdir", &[DATA, OUT, 512, 3, LIST], 0)
            .holds(LIST as u32, 0)
            .call("fd_readdir", &[DATA, OUT, 512, 1, LIST], 0)
            .holds(LIST as u32, 26 + 28)
            .call("fd_readdir", &[DATA, OUT, 512, -1, LIST], 0)
            .holds(LIST as u32, 0)
            .call("fd_readdir", &[DATA, OUT, 0, 0, LIST], 0)
            .holds(LIST as u32, 0)
            .call("fd_readdir", &[1, OUT, 512, 0, LIST], NOTDIR)
            .call("fd_readdir", &[99, OUT, 512, 0, LIST], BADF);
        goes_as_listed(host, &place, &calls);
    });
}

/// So many that not all are kept for a second look: what is no more is listed anew.
#[test]
fn listing_many_in_pieces() {
    each(|host| {
        let names = (100..700).map(|number| format!("n{number}"));
        let place = names.fold(Place::new(), |place, name| place.file(&name, ""));
        let (dots, one) = (25 + 26, 24 + 4);
        let all = dots + 600 * one;
        let last = OUT as u32 + all - one;
        let calls = Calls::new()
            .call("fd_readdir", &[DATA, OUT, 40_000, 0, LIST], 0)
            .holds(LIST as u32, all)
            .holds(last, 602)
            .call("fd_readdir", &[DATA, OUT, 40_000, 601, LIST], 0)
            .holds(LIST as u32, one)
            .holds(OUT as u32, 602)
            .call("fd_readdir", &[DATA, OUT, 40_000, 5, LIST], 0)
            .holds(LIST as u32, all - dots - 3 * one)
            .holds(OUT as u32, 6)
            .call("fd_readdir", &[DATA, OUT, 40_000, 602, LIST], 0)
            .holds(LIST as u32, 0);
        goes_as_listed(host, &place, &calls);
    });
}

/// A name that is not UTF-8 is left out, and the rest is there (wasmtime #7006).
#[test]
fn listing_names_that_are_no_text() {
    needs!(RawNames);
    each(|host| {
        let place = Place::new().file("file", "");
        let odd = odd_names();
        let made = odd.iter().filter(|name| fs::write(place.data.join(name), "").is_ok()).count();
        assert!(made > 0 || odd.is_empty(), "no file of an odd name could be made");
        let calls = Calls::new()
            .call("fd_readdir", &[DATA, OUT, 4096, 0, LIST], 0)
            .holds(LIST as u32, 3 * 24 + 1 + 2 + 4)
            .data(PATH as u32, b"\xff")
            .call("path_filestat_get", &[DATA, 0, PATH, 1, OUT], ILSEQ)
            .call("path_open", &[DATA, 0, PATH, 1, 0, READ, 0, 0, OUT], ILSEQ)
            .call("path_unlink_file", &[DATA, PATH, 1], ILSEQ);
        goes_as_listed(host, &place, &calls);
    });
}
