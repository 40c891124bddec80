//! Arguments and answers out of all bounds, and what the gaps of structures hold.

use std::fs::File;
use std::time::{Duration, SystemTime};

use callgate_tests::calls::FUNCTIONS;

use super::*;

/// A guest gets an error number for any arguments, and the host stays.
#[test]
fn arguments_out_of_all_bounds() {
    each(|host| {
        let place = Place::new().file("file", "content");
        for value in [-1, i64::from(i32::MAX), 65_535, 65_530, 0, 1, 3, 4] {
            for fd in [value, 0, 1, DATA, FIRST] {
                let mut calls = Calls::new().open("file", 0, READ | WRITE, 0);
                for (name, parameters) in FUNCTIONS {
                    let ends = ["proc_exit", "proc_raise", "fd_close", "fd_renumber"].contains(&name);
                    // A read of standard input or a poll of it may rightly wait.
                    let waits = name.contains("poll") && value < 65_000;
                    if !ends && !waits {
                        let mut arguments = vec![value; parameters.len()];
                        if let Some(first) = arguments.first_mut().filter(|_| parameters.len() > 1) {
                            *first = fd;
                        }
                        calls = calls.whatever(name, &arguments);
                    }
                }
                let run = start(host, &place, &calls).dir(&place.data, "/data").run();
                run.success();
            }
        }
    });
}

/// No answer can be put there, so nothing is done.
#[test]
fn answers_beyond_the_memory() {
    each(|host| {
        let place = Place::new().file("file", "content");
        let end = 65_533;
        let calls = Calls::new()
            .data(PATH as u32, "made")
            .call("path_open", &[DATA, 0, PATH, 4, CREATE, WRITE, 0, 0, end], FAULT)
            .call("clock_time_get", &[1, 0, end], FAULT)
            .call("args_sizes_get", &[end, OUT], FAULT)
            .call("random_get", &[end, 8], FAULT)
            .call("random_get", &[0, -1], FAULT)
            .call("fd_filestat_get", &[DATA, 65_500], FAULT)
            .call("fd_fdstat_get", &[DATA, 65_520], FAULT)
            .call("fd_readdir", &[DATA, OUT, 100, 0, end], FAULT)
            .call("fd_readdir", &[DATA, 65_000, 1000, 0, OUT], FAULT)
            .call("poll_oneoff", &[LIST, 65_530, 1, OUT], FAULT)
            .call("fd_prestat_dir_name", &[DATA, 65_534, 5], FAULT)
            .call("path_filestat_get", &[DATA, 0, 65_534, 9, OUT], FAULT);
        goes_as_listed(host, &place, &calls);
        assert!(!place.data.join("made").exists(), "a file was made although its number could not be told");
    });
}

/// A record's padding tells nothing of the host (GHSA-96f6-r43r-8c24), nor does that of any other structure.
#[test]
fn gaps_are_zeros() {
    each(|host| {
        let place = Place::new().file("file", "content");
        let out = OUT as u32;
        let mut calls = Calls::new().fill(out, 0xff, 4096).call("fd_readdir", &[DATA, OUT, 4096, 0, LIST], 0);
        // `.`, `..` and `file`: 24 bytes and a name each.
        calls = calls.holds(LIST as u32, 3 * 24 + 1 + 2 + 4).holds(out, 1).holds(out + 16, 1).holds_byte(out + 20, 3);
        for record in [0, 25, 51] {
            calls = (21..24).fold(calls, |calls, gap| calls.holds_byte(out + record + gap, 0));
        }
        calls =
            calls.holds(out + 51, 3).holds(out + 51 + 16, 4).holds_byte(out + 51 + 20, 4).holds_byte(out + 75, b'f');

        calls = calls.fill(out, 0xff, 64).call("fd_filestat_get", &[DATA, OUT], 0).holds_byte(out + 16, 3);
        calls = (17..24).fold(calls, |calls, gap| calls.holds_byte(out + gap, 0));
        calls = calls.fill(out, 0xff, 64).call("fd_fdstat_get", &[DATA, OUT], 0).holds(out, 3).holds(out + 4, 0);
        calls = calls.fill(out, 0xff, 64).call("fd_prestat_get", &[DATA, OUT], 0).holds(out, 0).holds(out + 4, 5);
        // A clock that is due at once.
        calls = calls.fill(LIST as u32, 0, 48).fill(LIST as u32, 0x5a, 8).fill(LIST as u32 + 16, 1, 1);
        calls =
            calls.fill(out, 0xff, 64).call("poll_oneoff", &[LIST, OUT, 1, LIST + 100], 0).holds(LIST as u32 + 100, 1);
        calls = calls.holds(out, 0x5a5a_5a5a);
        calls = [8, 12, 16, 20, 24, 28].into_iter().fold(calls, |calls, gap| calls.holds(out + gap, 0));
        goes_as_listed(host, &place, &calls);
    });
}

/// Times beyond all calendars, both ways (GHSA-j2g9-4prp-pf6h, GHSA-mr2v-56j5-cmfc).
#[test]
fn extreme_times() {
    each(|host| {
        let place = Place::new().file("file", "").file("old", "").file("far", "");
        let set = |name: &str, time| {
            let file = File::options().write(true).open(place.data.join(name)).expect("the file");
            // A file system that can't hold it is as good.
            file.set_modified(time).ok();
        };
        set("old", SystemTime::UNIX_EPOCH - Duration::from_secs(1_000_000_000));
        set("far", SystemTime::UNIX_EPOCH + Duration::from_secs(20_000_000_000));
        let mut calls = Calls::new().open("file", 0, READ | WRITE, 0);
        let (now, both) = (0b1010, 0b0011);
        for time in [-1, i64::MAX, i64::MIN, 0, 999_999_999] {
            calls = calls.whatever("fd_filestat_set_times", &[FIRST, time, time, 0b0101]);
            calls = calls.whatever("path_filestat_set_times", &[DATA, 0, PATH, 4, time, time, 0b0101]);
            calls = calls.call("fd_filestat_get", &[FIRST, OUT], 0);
        }
        calls = calls
            .call("fd_filestat_set_times", &[FIRST, 0, 0, now], 0)
            .call("fd_filestat_set_times", &[FIRST, 0, 0, both], INVAL)
            .call("fd_filestat_set_times", &[FIRST, 0, 0, 0b1100], INVAL)
            .call("fd_filestat_set_times", &[FIRST, 0, 0, 0b1_0000], INVAL)
            .call("path_filestat_set_times", &[DATA, 0, PATH, 4, 0, 0, both], INVAL)
            .open("old", 0, READ, 0)
            // Before 1970 there is nothing that the interface could say.
            .call("fd_filestat_get", &[FIRST + 1, OUT], 0)
            .holds(OUT as u32 + 48, 0)
            .holds(OUT as u32 + 52, 0)
            .open("far", 0, READ, 0)
            .call("fd_filestat_get", &[FIRST + 2, OUT], 0);
        goes_as_listed(host, &place, &calls);
    });
}
