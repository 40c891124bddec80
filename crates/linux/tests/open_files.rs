//! The limit of open files is the whole process's: this is a program of its own, with one test.

#![cfg(target_os = "linux")]

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

#[test]
fn the_soft_limit_becomes_the_hard_one() {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: Some(64), ..limit }).unwrap();
    callgate_linux::raise_open_files();
    assert_eq!(getrlimit(Resource::Nofile), Rlimit { current: limit.maximum, ..limit });
    callgate_linux::raise_open_files();
    assert_eq!(getrlimit(Resource::Nofile).current, limit.maximum);
}
