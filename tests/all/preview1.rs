//! What hostile modules of WASI preview1 try, and the answers of its functions, one by one. Numbers are those of its `errno`.

mod answers;

use std::fs::{self, File};
use std::time::{Duration, SystemTime};

use callgate_tests::calls::{Calls, FUNCTIONS};
use callgate_tests::needs::{RawNames, Symlinks};
use callgate_tests::{Host, Output, Run, each, needs};

use crate::places::{Place, write};
use crate::platform::{odd_names, symlink};

const BADF: u32 = 8;
const FAULT: u32 = 21;
const ILSEQ: u32 = 25;
const INVAL: u32 = 28;
const ISDIR: u32 = 31;
const NAMETOOLONG: u32 = 37;
const NOENT: u32 = 44;
const NOMEM: u32 = 48;
const NOTDIR: u32 = 54;
const NOTSOCK: u32 = 57;
const NOTSUP: u32 = 58;
const PERM: u32 = 63;
const ROFS: u32 = 69;
const SPIPE: u32 = 70;
const NOTCAPABLE: u32 = 76;

/// The mount, and the first number that is free behind it.
const DATA: i64 = 3;
const FIRST: i64 = 4;

/// Rights to read and to write.
const READ: i64 = 2;
const WRITE: i64 = 64;
const ALL: i64 = (1 << 30) - 1;

/// Where the tests put what calls are given, and where they want answers.
const PATH: i64 = 16;
const LIST: i64 = 512;
const OUT: i64 = 1024;

/// Flags of `path_open`.
const CREATE: i64 = 1;
const DIRECTORY: i64 = 2;
const TRUNCATE: i64 = 8;

fn start(host: Host, place: &Place, calls: &Calls) -> Run {
    let module = place.outside.join("module.wat");
    write(&module, calls.text());
    host.program(&module)
}

/// Runs a module with the mount at `/data`; every step is as listed.
fn goes_as_listed(host: Host, place: &Place, calls: &Calls) -> Output {
    let output = start(host, place, calls).dir(&place.data, "/data").run();
    all_as_listed(&output, calls);
    output
}

fn all_as_listed(output: &Output, calls: &Calls) {
    let step = calls.step(output.exit_code().unwrap_or(0));
    output.claim(&format!("all steps are as listed, and not wrong at {step}"), output.exit_code() == Some(0));
}

trait Steps {
    /// `path_open` of the path at [`PATH`], of this length.
    fn open(self, path: &str, flags: i64, rights: i64, errno: u32) -> Self;
    /// The number that `path_open` gave.
    fn opened(self, fd: i64) -> Self;
}

impl Steps for Calls {
    fn open(self, path: &str, flags: i64, rights: i64, errno: u32) -> Self {
        let calls = path.bytes().zip(PATH..).fold(self, |calls, (byte, at)| calls.fill(at as u32, byte, 1));
        calls.call("path_open", &[DATA, 1, PATH, path.len() as i64, flags, rights, ALL, 0, OUT], errno)
    }

    fn opened(self, fd: i64) -> Self {
        self.holds(OUT as u32, fd as u32)
    }
}

/// What the other tests rest on: an answer that is not as listed ends the module with its step.
#[test]
fn a_wrong_answer_is_seen() {
    let place = Place::new();
    let calls = Calls::new().call("sched_yield", &[], 0).call("fd_close", &[99], 0);
    let run = start(Host::Native, &place, &calls).run();
    run.code(2).claim("the answer is shown", run.stdout == BADF.to_le_bytes());
    assert!(calls.step(2).starts_with("fd_close[99]"), "{}", calls.step(2));
}

/// Whatever a guest gives, it gets an error number, and the host stays.
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

/// Thousands of subscriptions are one wait, which the time limit ends (GHSA-j366-h8gg-77pm).
#[test]
fn polling_for_thousands() {
    const MANY: u32 = 20_000;
    let polled = |kind: u8, clock: u8, count: u32, errno: u32| {
        let (list, events) = (1 << 16, 3 << 20);
        Calls::new()
            .pages(96)
            .fill(list + 8, kind, 1)
            // The clock's number, or the descriptor's, and, as a timeout, some hours or, of kind 0 and clock 0, nothing.
            .fill(list + 16, clock, 1)
            .fill(list + 29, clock, 1)
            .repeat(list, 48, count)
            .call("poll_oneoff", &[list.into(), events, count.into(), 1024], errno)
    };
    each(|host| {
        let place = Place::new();
        // All due: all told at once.
        let due = polled(0, 0, MANY, 0).holds(1024, MANY);
        all_as_listed(&start(host, &place, &due).run(), &due);
        // None of them for hours: the time limit ends it.
        for (kind, number) in [(0, 1), (1, 0)] {
            let never = polled(kind, number, MANY, 0);
            let run = start(host, &place, &never).with("--timeout", "500ms").open_stdin().run();
            run.trapped().complains("timed out after 500ms");
        }
        // More than anybody waits for.
        let too_many = polled(0, 0, (1 << 16) + 1, INVAL);
        all_as_listed(&start(host, &place, &too_many).run(), &too_many);
    });
}

#[test]
fn polling_for_what_is_not_there() {
    each(|host| {
        let place = Place::new().file("file", "content");
        let (list, out) = (LIST as u32, OUT as u32);
        let calls = Calls::new()
            .call("poll_oneoff", &[LIST, OUT, 0, 8], INVAL)
            // No such descriptor: the event says so.
            .fill(list + 8, 1, 1)
            .fill(list + 16, 99, 1)
            .call("poll_oneoff", &[LIST, OUT, 1, 8], 0)
            .holds(8, 1)
            .holds_byte(out + 8, BADF as u8)
            .holds_byte(out + 10, 1)
            // A file is always ready, with what is left of it.
            .open("file", 0, READ, 0)
            .fill(list + 16, FIRST as u8, 1)
            .call("poll_oneoff", &[LIST, OUT, 1, 8], 0)
            .holds_byte(out + 8, 0)
            .holds(out + 16, 7)
            // No such kind, and no such clock.
            .fill(list + 8, 3, 1)
            .call("poll_oneoff", &[LIST, OUT, 1, 8], INVAL)
            .fill(list + 8, 0, 1)
            .fill(list + 16, 9, 1)
            .call("poll_oneoff", &[LIST, OUT, 1, 8], 0)
            .holds_byte(out + 8, INVAL as u8);
        goes_as_listed(host, &place, &calls);
    });
}

/// What leads out of the mount is refused by every call that takes a path.
#[test]
fn paths_that_lead_out() {
    needs!(Symlinks);
    each(|host| {
        let place = Place::new().directory("a");
        symlink("../../outside", place.data.join("a/link")).expect("a link");
        symlink(&place.outside, place.data.join("abs")).expect("a link");
        let before = |place: &Place| fs::read_to_string(place.outside.join("secret")).unwrap_or_default();
        for path in ["../outside/secret", "/etc/passwd", "a/../../outside/secret", "a/link/secret", "abs/secret"] {
            let (len, at) = (path.len() as i64, PATH);
            let calls = Calls::new()
                .open(path, 0, READ, PERM)
                .open(path, CREATE | TRUNCATE, WRITE, PERM)
                .call("path_filestat_get", &[DATA, 1, at, len, OUT], PERM)
                .call("path_filestat_set_times", &[DATA, 1, at, len, 0, 0, 0b1010], PERM)
                .call("path_unlink_file", &[DATA, at, len], PERM)
                .call("path_create_directory", &[DATA, at, len], PERM)
                .call("path_remove_directory", &[DATA, at, len], PERM)
                .call("path_readlink", &[DATA, at, len, OUT, 100, 8], PERM)
                .call("path_rename", &[DATA, at, len, DATA, at, len], PERM)
                .call("path_link", &[DATA, 0, at, len, DATA, at, len], PERM)
                .call("path_symlink", &[at, 1, DATA, at, len], PERM);
            goes_as_listed(host, &place, &calls);
        }
        assert_eq!(before(&place), "secret");
    });
}

#[test]
fn a_read_only_mount() {
    each(|host| {
        let place = Place::new().file("file", "content").directory("sub");
        let calls = Calls::new()
            .open("file", TRUNCATE, WRITE, ROFS)
            .open("file", TRUNCATE, READ, ROFS)
            .open("file", TRUNCATE, 0, ROFS)
            .open("file", 0, READ | WRITE, ROFS)
            .open("new", CREATE, READ, ROFS)
            .open("file", 0, READ, 0)
            .call("fd_filestat_set_size", &[FIRST, 0], INVAL)
            .call("fd_filestat_set_times", &[FIRST, 0, 0, 0b1010], ROFS)
            .call("fd_write", &[FIRST, LIST, 0, OUT], BADF)
            .call("path_unlink_file", &[DATA, PATH, 4], ROFS)
            .call("path_create_directory", &[DATA, PATH, 3], ROFS)
            .call("path_rename", &[DATA, PATH, 4, DATA, PATH, 3], ROFS)
            .call("path_link", &[DATA, 0, PATH, 4, DATA, PATH, 3], ROFS)
            .call("path_symlink", &[PATH, 1, DATA, PATH, 3], ROFS)
            .call("path_filestat_set_times", &[DATA, 0, PATH, 4, 0, 0, 0b1010], ROFS);
        let run = start(host, &place, &calls).read_only(&place.data, "/data").run();
        all_as_listed(&run, &calls);
        assert_eq!(fs::read_to_string(place.data.join("file")).unwrap_or_default(), "content");
    });
}

/// Positions, and buffers of all kinds.
#[test]
fn reading_and_writing() {
    each(|host| {
        let place = Place::new();
        let (list, out) = (LIST as u32, OUT as u32);
        let calls = Calls::new()
            // Three buffers: "abc" at 100, nothing, "defgh" at 200.
            .data(100, "abc")
            .data(200, "defgh")
            .data(list, [100_u32, 3, 0, 0, 200, 5].map(u32::to_le_bytes).concat())
            // The same, to read into.
            .data(list + 100, [3000_u32, 2, 3100, 0, 3200, 100].map(u32::to_le_bytes).concat())
            .open("file", CREATE, READ | WRITE, 0)
            .call("fd_write", &[FIRST, LIST, 3, OUT], 0)
            .holds(out, 8)
            .call("fd_tell", &[FIRST, OUT], 0)
            .holds(out, 8)
            .call("fd_seek", &[FIRST, -7, 2, OUT], 0)
            .holds(out, 1)
            .call("fd_read", &[FIRST, LIST + 100, 3, OUT], 0)
            .holds(out, 7)
            .holds_byte(3000, b'b')
            .holds_byte(3001, b'c')
            .holds_byte(3200, b'd')
            .holds_byte(3204, b'h')
            .call("fd_read", &[FIRST, LIST + 100, 3, OUT], 0)
            .holds(out, 0)
            .call("fd_pwrite", &[FIRST, LIST, 1, 20, OUT], 0)
            .call("fd_pread", &[FIRST, LIST + 100, 1, 21, OUT], 0)
            .holds_byte(3000, b'b')
            .call("fd_seek", &[FIRST, -1, 0, OUT], INVAL)
            .call("fd_seek", &[FIRST, i64::MAX, 2, OUT], INVAL)
            .call("fd_seek", &[FIRST, 0, 3, OUT], INVAL)
            .call("fd_seek", &[1, 0, 1, OUT], SPIPE)
            .call("fd_read", &[1, LIST, 1, OUT], BADF)
            .call("fd_write", &[0, LIST, 1, OUT], BADF)
            .call("fd_pwrite", &[FIRST, LIST, 1, -1, OUT], INVAL)
            .call("fd_write", &[FIRST, LIST, 1025, OUT], INVAL)
            .call("fd_write", &[FIRST, 65_530, 1, OUT], FAULT)
            .call("fd_filestat_set_size", &[FIRST, 4], 0)
            // At the end, wherever the position is.
            .call("fd_seek", &[FIRST, 0, 0, OUT], 0)
            .call("fd_fdstat_set_flags", &[FIRST, 1], 0)
            .call("fd_write", &[FIRST, LIST, 1, OUT], 0)
            .call("fd_tell", &[FIRST, OUT], 0)
            .holds(out, 7)
            .call("fd_fdstat_set_flags", &[FIRST, 0b1_0000], NOTSUP)
            .call("fd_fdstat_set_flags", &[FIRST, 0b10_0000], INVAL)
            .call("fd_allocate", &[FIRST, 0, 100], NOTSUP)
            .call("fd_advise", &[FIRST, 0, 0, 3], 0)
            .call("fd_advise", &[FIRST, 0, 0, 6], INVAL)
            .call("fd_advise", &[FIRST, -1, 0, 0], INVAL)
            .call("fd_sync", &[FIRST], 0)
            .call("fd_datasync", &[FIRST], 0)
            .call("fd_sync", &[1], INVAL);
        goes_as_listed(host, &place, &calls);
        assert_eq!(fs::read(place.data.join("file")).unwrap_or_default(), b"abcdabc");
    });
}

#[test]
fn names_and_directories() {
    needs!(Symlinks);
    each(|host| {
        let place = Place::new().file("file", "content");
        let calls = Calls::new()
            .data(2000, "target")
            .open("file", DIRECTORY, READ, NOTDIR)
            .open("missing", 0, READ, NOENT)
            .open("file", DIRECTORY, READ | WRITE, NOTDIR)
            // No directory is written to, whatever other rights come along.
            .open(".", DIRECTORY, ALL, ISDIR)
            .open(".", DIRECTORY, WRITE, ISDIR)
            .open(".", 0, WRITE, ISDIR)
            .open(".", DIRECTORY, ALL & !WRITE, 0)
            .open("file", CREATE | DIRECTORY, READ, INVAL)
            .open("file", 16, READ, INVAL)
            .call("path_open", &[DATA, 2, PATH, 4, 0, READ, 0, 0, OUT], INVAL)
            .call("path_open", &[DATA, 0, PATH, 4, 0, READ, 0, 32, OUT], INVAL)
            .call("path_open", &[1, 0, PATH, 4, 0, READ, 0, 0, OUT], NOTDIR)
            .call("path_open", &[99, 0, PATH, 4, 0, READ, 0, 0, OUT], BADF)
            .call("path_symlink", &[2000, 6, DATA, 2000, 4], 0)
            .call("path_readlink", &[DATA, 2000, 4, OUT, 3, 8], 0)
            .holds(8, 3)
            .holds_byte(OUT as u32 + 2, b'r')
            .holds_byte(OUT as u32 + 3, 0)
            .call("path_readlink", &[DATA, PATH, 4, OUT, 3, 8], INVAL)
            .call("fd_prestat_dir_name", &[DATA, OUT, 4], NAMETOOLONG)
            .call("fd_prestat_dir_name", &[DATA, OUT, 5], 0)
            .holds_byte(OUT as u32 + 1, b'd')
            .call("fd_prestat_get", &[FIRST, OUT], BADF)
            .call("sock_accept", &[DATA, 0, OUT], NOTSOCK)
            .call("sock_recv", &[0, LIST, 0, 0, OUT, 8], NOTSOCK)
            .call("sock_send", &[1, LIST, 0, 0, OUT], NOTSOCK)
            .call("sock_shutdown", &[DATA, 1], NOTSOCK)
            .call("sock_shutdown", &[DATA, 0], INVAL);
        goes_as_listed(host, &place, &calls);
    });
}

/// Rights can be given away, and are gone then, also for what is opened below.
#[test]
fn rights_that_were_given_away() {
    each(|host| {
        let place = Place::new().file("file", "content");
        let calls = Calls::new()
            .open("file", 0, READ | WRITE, 0)
            .call("fd_fdstat_set_rights", &[FIRST, READ, 0], 0)
            .call("fd_write", &[FIRST, LIST, 0, OUT], BADF)
            .call("fd_seek", &[FIRST, 1, 0, OUT], NOTCAPABLE)
            .call("fd_filestat_get", &[FIRST, OUT], NOTCAPABLE)
            .call("fd_read", &[FIRST, LIST, 0, OUT], 0)
            .call("fd_fdstat_set_rights", &[FIRST, READ | WRITE, 0], NOTCAPABLE)
            // Of the directory: to open, and below it to read.
            .call("fd_fdstat_set_rights", &[DATA, 1 << 13, READ], 0)
            .open("file", 0, READ | WRITE, 0)
            .call("fd_write", &[FIRST + 1, LIST, 0, OUT], BADF)
            .call("fd_read", &[FIRST + 1, LIST, 0, OUT], 0)
            .open("new", CREATE, WRITE, NOTCAPABLE)
            .call("path_unlink_file", &[DATA, PATH, 4], NOTCAPABLE)
            .call("fd_readdir", &[DATA, OUT, 100, 0, 8], NOTCAPABLE);
        goes_as_listed(host, &place, &calls);
        assert!(!place.data.join("new").exists());
    });
}

#[test]
fn clocks_and_the_end() {
    each(|host| {
        let place = Place::new();
        let calls = Calls::new()
            .call("clock_time_get", &[0, 0, OUT], 0)
            .call("clock_time_get", &[1, 0, OUT], 0)
            .call("clock_time_get", &[2, 0, OUT], INVAL)
            .call("clock_time_get", &[-1, 0, OUT], INVAL)
            .call("clock_res_get", &[1, OUT], 0)
            .call("clock_res_get", &[3, OUT], INVAL)
            .call("sched_yield", &[], 0)
            .call("proc_raise", &[0], 0)
            .call("proc_raise", &[31], INVAL)
            .call("fd_close", &[0], 0)
            .call("fd_close", &[0], BADF);
        goes_as_listed(host, &place, &calls);
        for (calls, code) in [
            (Calls::new().whatever("proc_exit", &[7]), 7),
            (Calls::new().whatever("proc_exit", &[-1]), 255),
            (Calls::new().whatever("proc_exit", &[256]), 0),
            (Calls::new().whatever("proc_raise", &[6]), 134),
        ] {
            start(host, &place, &calls).run().code(code).quiet();
        }
    });
}

/// The interface before: other numbers of `whence`, shorter attributes, longer subscriptions.
#[test]
fn preview0() {
    each(|host| {
        let place = Place::new().file("file", "content");
        let (list, out) = (LIST as u32, OUT as u32);
        let calls = Calls::of("wasi_unstable")
            .open("file", 0, READ, 0)
            .fill(out, 0xff, 64)
            .call("fd_filestat_get", &[FIRST, OUT], 0)
            .holds(out + 16, 4)
            .holds(out + 20, 1)
            .holds(out + 24, 7)
            .holds_byte(out + 56, 0xff)
            // From the end, from the start, from here.
            .call("fd_seek", &[FIRST, -2, 1, OUT], 0)
            .holds(out, 5)
            .call("fd_seek", &[FIRST, 1, 2, OUT], 0)
            .holds(out, 1)
            .call("fd_seek", &[FIRST, 1, 0, OUT], 0)
            .holds(out, 2)
            // A clock behind its identifier, and a descriptor.
            .fill(list, 0, 112)
            .fill(list + 16, 0x77, 8)
            .fill(list + 24, 1, 1)
            .fill(list + 56 + 8, 1, 1)
            .fill(list + 56 + 16, FIRST as u8, 1)
            .call("poll_oneoff", &[LIST, OUT, 2, 8], 0)
            .holds(8, 2)
            .holds(out + 8, 0)
            .holds(out + 32 + 16, 5);
        goes_as_listed(host, &place, &calls);
        let none = Calls::of("wasi_unstable").whatever("sock_accept", &[0, 0, 0]);
        start(host, &place, &none).run().refused(&["wasi_unstable::sock_accept"]);
    });
}
