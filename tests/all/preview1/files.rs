//! Paths and files: where they may lead, what may be done, and with which rights.

use std::fs;

use callgate_tests::needs;
use callgate_tests::needs::Symlinks;

use super::*;
use crate::platform::symlink;

/// Every call that takes a path refuses one that leads out of the mount.
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
