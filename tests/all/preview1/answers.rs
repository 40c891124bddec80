//! Answers that published conformance programs expect, and that systems, or hosts, differ in.

use super::*;

/// Yosys puts its output aside, another file in its place, and its output back: numbers of standard streams can be had again.
#[test]
fn standard_streams_move_and_come_back() {
    each(|host| {
        let place = Place::new();
        let (log, aside) = (FIRST, FIRST + 1);
        let calls = Calls::new()
            .data(100, "aside")
            .data(200, "here\n")
            .data(LIST as u32, [100_u32, 5, 200, 5].map(u32::to_le_bytes).concat())
            .open("log", CREATE, WRITE, 0)
            .opened(log)
            .open("log", 0, READ, 0)
            .opened(aside)
            .call("fd_renumber", &[1, aside], 0)
            .call("fd_fdstat_get", &[1, OUT], BADF)
            .call("fd_renumber", &[log, 1], 0)
            .call("fd_fdstat_get", &[log, OUT], BADF)
            .call("fd_write", &[1, LIST, 1, OUT], 0)
            .call("fd_renumber", &[aside, 1], 0)
            .call("fd_write", &[1, LIST + 8, 1, OUT], 0)
            .call("fd_close", &[0], 0)
            .call("fd_renumber", &[1, 0], 0)
            .call("fd_renumber", &[0, 1], 0)
            .call("fd_renumber", &[2, 3], 0);
        goes_as_listed(host, &place, &calls).prints("here\n");
        assert_eq!(fs::read_to_string(place.data.join("log")).unwrap_or_default(), "aside");
    });
}

/// A directory's descriptor refuses the calls that are for files and streams alone, even if the system would let it do them.
#[test]
fn directories_are_no_files() {
    each(|host| {
        let place = Place::new().directory("sub");
        let calls = Calls::new().open("sub", DIRECTORY, READ, 0);
        let calls = [DATA, FIRST].into_iter().fold(calls, |calls, dir| {
            calls
                .call("fd_read", &[dir, LIST, 1, OUT], BADF)
                .call("fd_pread", &[dir, LIST, 1, 0, OUT], BADF)
                .call("fd_write", &[dir, LIST, 1, OUT], BADF)
                .call("fd_pwrite", &[dir, LIST, 1, 0, OUT], BADF)
                .call("fd_seek", &[dir, 0, 0, OUT], BADF)
                .call("fd_seek", &[dir, 0, 1, OUT], BADF)
                .call("fd_seek", &[dir, 0, 2, OUT], BADF)
                .call("fd_tell", &[dir, OUT], BADF)
                .call("fd_advise", &[dir, 0, 0, 4], BADF)
                .call("fd_allocate", &[dir, 0, 0], BADF)
                .call("fd_datasync", &[dir], BADF)
                .call("fd_sync", &[dir], BADF)
                .call("fd_fdstat_set_flags", &[dir, 4], BADF)
                .call("fd_filestat_set_size", &[dir, 0], BADF)
                // These it is for.
                .call("fd_fdstat_get", &[dir, OUT], 0)
                .call("fd_filestat_get", &[dir, OUT], 0)
                .call("fd_filestat_set_times", &[dir, 0, 0, 0b1010], 0)
                .call("fd_readdir", &[dir, OUT, 512, 0, LIST], 0)
        });
        goes_as_listed(host, &place, &calls);
    });
}

/// As `open(O_RDONLY | O_TRUNC)`: the file is cut, and the descriptor is still for reading only.
#[test]
fn truncating_without_writing() {
    const PATH_OPEN: i64 = 1 << 13;
    each(|host| {
        for rights in [READ, 0] {
            let place = Place::new().file("file", "content").directory("sub");
            let read = if rights == READ { 0 } else { BADF };
            let calls = Calls::new()
                .open("file", TRUNCATE, rights, 0)
                .call("fd_filestat_get", &[FIRST, OUT], 0)
                .holds(OUT as u32 + 32, 0)
                .call("fd_read", &[FIRST, LIST, 0, OUT], read)
                .call("fd_write", &[FIRST, LIST, 0, OUT], BADF)
                .call("fd_filestat_set_size", &[FIRST, 9], INVAL)
                .open("new", CREATE | TRUNCATE, rights, 0)
                .open("missing", TRUNCATE, rights, NOENT)
                .open("sub", TRUNCATE, rights, ISDIR)
                .open("file", 0, WRITE, 0)
                .call("fd_filestat_set_size", &[FIRST + 2, 9], 0)
                // A guest that gave the right away truncates nothing.
                .call("fd_fdstat_set_rights", &[DATA, PATH_OPEN, READ], 0)
                .open("file", TRUNCATE, rights, NOTCAPABLE);
            goes_as_listed(host, &place, &calls);
            assert_eq!(fs::read(place.data.join("file")).unwrap_or_default(), [0; 9]);
            assert!(place.data.join("new").exists());
        }
    });
}

/// On every system as on Linux: what appends does so wherever it is told to write, and stays where it is.
#[test]
fn writing_at_an_offset_of_what_appends() {
    const APPEND: i64 = 1;
    each(|host| {
        let place = Place::new().file("file", "content");
        let calls = Calls::new()
            .data(100, "ab")
            .data(LIST as u32, [100_u32, 2].map(u32::to_le_bytes).concat())
            .data(PATH as u32, "file")
            .call("path_open", &[DATA, 0, PATH, 4, 0, READ | WRITE, ALL, APPEND, OUT], 0)
            .call("fd_pwrite", &[FIRST, LIST, 1, 0, OUT], 0)
            .holds(OUT as u32, 2)
            .call("fd_tell", &[FIRST, OUT], 0)
            .holds(OUT as u32, 0)
            .call("fd_pwrite", &[FIRST, LIST, 1, 100, OUT], 0)
            .call("fd_fdstat_set_flags", &[FIRST, 0], 0)
            .call("fd_pwrite", &[FIRST, LIST, 1, 0, OUT], 0);
        goes_as_listed(host, &place, &calls);
        assert_eq!(fs::read_to_string(place.data.join("file")).unwrap_or_default(), "abntentabab");
    });
}
