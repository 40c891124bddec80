//! Calls that must fail, on every system alike: what a guest sees, and what stands in the trace behind it.

use std::fs;

use callgate_tests::{Host, each, places};

use crate::places::Place;

/// The call, its portable code, and the native error that the trace shows on Linux and on NT; none where the host refuses by
/// itself, without asking the system.
type Row = (&'static str, &'static str, &'static str, &'static str);

const CALLS: &[Row] = &[
    ("open what is missing", "no-entry", "ENOENT", "OBJECT_NAME_NOT_FOUND"),
    ("open below what is missing", "no-entry", "ENOENT", "OBJECT_NAME_NOT_FOUND"),
    ("open below a file", "not-directory", "ENOTDIR", ""),
    ("open a file by a slash", "not-directory", "ENOTDIR", "NOT_A_DIRECTORY"),
    ("open outside", "not-permitted", "EXDEV", ""),
    ("open an absolute path", "not-permitted", "", ""),
    ("open nothing", "no-entry", "", ""),
    ("open a name of 256 bytes", "name-too-long", "", ""),
    ("open a name with NUL", "invalid", "", ""),
    ("open a file as a directory", "not-directory", "ENOTDIR", "NOT_A_DIRECTORY"),
    ("open a directory to write", "is-directory", "EISDIR", "FILE_IS_A_DIRECTORY"),
    ("truncate a directory", "is-directory", "EISDIR", "FILE_IS_A_DIRECTORY"),
    ("create over a directory", "is-directory", "EISDIR", "FILE_IS_A_DIRECTORY"),
    ("create anew over a file", "exist", "EEXIST", "OBJECT_NAME_COLLISION"),
    ("create in what is missing", "no-entry", "ENOENT", "OBJECT_NAME_NOT_FOUND"),
    ("create a directory by open", "invalid", "", ""),
    ("stat what is missing", "no-entry", "ENOENT", "OBJECT_NAME_NOT_FOUND"),
    ("stat below a file", "not-directory", "ENOTDIR", ""),
    ("hash what is missing", "no-entry", "ENOENT", "OBJECT_NAME_NOT_FOUND"),
    ("make a directory over a file", "exist", "EEXIST", "OBJECT_NAME_COLLISION"),
    ("make a directory over a directory", "exist", "EEXIST", "OBJECT_NAME_COLLISION"),
    ("make a directory in what is missing", "no-entry", "ENOENT", "OBJECT_NAME_NOT_FOUND"),
    ("make a directory outside", "not-permitted", "EXDEV", ""),
    ("remove a full directory", "not-empty", "ENOTEMPTY", "DIRECTORY_NOT_EMPTY"),
    ("remove a file as a directory", "not-directory", "ENOTDIR", "NOT_A_DIRECTORY"),
    ("remove a missing directory", "no-entry", "ENOENT", "OBJECT_NAME_NOT_FOUND"),
    ("remove a directory by a dot", "invalid", "", ""),
    ("unlink a directory", "is-directory", "EISDIR", "FILE_IS_A_DIRECTORY"),
    ("unlink what is missing", "no-entry", "ENOENT", "OBJECT_NAME_NOT_FOUND"),
    ("unlink a file by a slash", "not-directory", "ENOTDIR", "NOT_A_DIRECTORY"),
    ("read a file as a link", "invalid", "EINVAL", "NOT_A_REPARSE_POINT"),
    ("read a missing link", "no-entry", "ENOENT", "OBJECT_NAME_NOT_FOUND"),
    ("link to an absolute path", "not-permitted", "", ""),
    ("link over a file", "exist", "EEXIST", "OBJECT_NAME_COLLISION"),
    ("set times of what is missing", "no-entry", "ENOENT", "OBJECT_NAME_NOT_FOUND"),
    ("rename what is missing", "no-entry", "ENOENT", "OBJECT_NAME_NOT_FOUND"),
    ("rename into what is missing", "no-entry", "ENOENT", "OBJECT_NAME_NOT_FOUND"),
    ("rename into itself", "invalid", "EINVAL", ""),
    ("rename outside", "not-permitted", "EXDEV", ""),
    ("rename a file over a directory", "is-directory", "EISDIR", "FILE_IS_A_DIRECTORY"),
    ("rename a directory over a file", "not-directory", "ENOTDIR", "NOT_A_DIRECTORY"),
    ("rename a directory over a full one", "not-empty", "ENOTEMPTY", "DIRECTORY_NOT_EMPTY"),
    ("hard link of what is missing", "no-entry", "ENOENT", "OBJECT_NAME_NOT_FOUND"),
    ("hard link over a file", "exist", "EEXIST", "OBJECT_NAME_COLLISION"),
    ("hard link of a directory", "not-permitted", "EPERM", "FILE_IS_A_DIRECTORY"),
    ("hard link outside", "not-permitted", "EXDEV", ""),
    ("read what is open to write", "bad-descriptor", "", ""),
    ("write what is open to read", "bad-descriptor", "", ""),
    ("cut what is open to read", "invalid", "", ""),
    ("cut to more than a file can be", "invalid", "", ""),
    ("write behind where a file can end", "invalid", "", ""),
    ("read a directory's bytes", "is-directory", "", ""),
    ("list a file", "not-directory", "", ""),
    ("open below a file's handle", "not-directory", "", ""),
];

/// Codes that differ by the nature of a system: system, call, code, and why.
const DIFFER: &[(&str, &str, &str, &str)] = &[];

fn code_on(system: &str, (call, code, ..): &Row) -> &'static str {
    let other = DIFFER.iter().find(|(on, name, ..)| (*on, name) == (system, call));
    other.map_or(code, |(_, _, code, _)| code)
}

/// The portable code and the native error of every call that failed, from a trace.
fn failures(trace: &str) -> Vec<(&str, &str)> {
    let failure = |line| {
        let (_, result) = str::rsplit_once(line, " = ")?;
        let (result, _duration) = result.rsplit_once(" <")?;
        let (code, native) = result.split_once(' ').unwrap_or((result, ""));
        let is_code =
            CALLS.iter().any(|(_, known, ..)| *known == code) || DIFFER.iter().any(|(.., known, _)| *known == code);
        is_code.then_some((code, native.trim_matches(['(', ')'])))
    };
    trace.lines().filter_map(failure).collect()
}

#[test]
pub(crate) fn wrong_calls() {
    each(|host| {
        let place = Place::new();
        let trace = place.outside.join("trace");
        let run = host.guest("wrong_calls").dir(&place.data, "/data").arg("/data");
        let run = run.option(format!("--trace={}", trace.display())).run();
        let system = places::backend();
        let wanted: String = CALLS.iter().map(|row| format!("{}: {}\n", row.0, code_on(system, row))).collect();
        run.well().prints(&wanted);

        let trace = fs::read_to_string(&trace).expect("the trace can be read");
        let failures = failures(&trace);
        assert_eq!(failures.len(), CALLS.len(), "a line for each call that fails:\n{trace}");
        for (row, (code, native)) in CALLS.iter().zip(failures) {
            assert_eq!(code, code_on(system, row), "in the trace of {:?}:\n{trace}", row.0);
            match (system, host) {
                ("nt", Host::Native) => assert_eq!(native, row.3, "behind {:?}", row.0),
                // The others ask the kernel other things, or none.
                (_, Host::Native) => assert_eq!(native, row.2, "behind {:?}", row.0),
                (_, Host::Walker | Host::Portable | Host::Memory) => {}
            }
        }
    });
}
