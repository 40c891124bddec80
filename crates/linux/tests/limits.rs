//! Behaviour at the limits of the process. The limits are the whole process's, so this is a program of its own, with one test.

#![cfg(target_os = "linux")]

use callgate_linux::Linux;
use callgate_system::{Code, Follow, OpenHow, System};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

#[test]
fn no_handles_left_is_no_memory_left() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(dir.path().join("a/b")).unwrap();
    for openat2 in [true, false] {
        let root = Linux::with_openat2(openat2).open_root(dir.path().as_os_str()).unwrap();
        let limit = getrlimit(Resource::Nofile);
        setrlimit(Resource::Nofile, Rlimit { current: Some(0), ..limit }).unwrap();
        let results = [
            ("open", root.open("a", OpenHow { read: true, ..OpenHow::default() }).map(drop)),
            ("stat", root.stat("a/b", Follow::Yes).map(drop)),
            ("create_directory", root.create_directory("a/b/c")),
            ("read_entries", root.read_entries().map(drop)),
        ];
        let one_name = root.stat("a", Follow::Yes);
        setrlimit(Resource::Nofile, limit).unwrap();
        assert!(one_name.is_ok(), "a call on one name needs no handle");
        for (call, result) in results {
            assert_eq!(result.unwrap_err().code, Code::InsufficientMemory, "{call}, with openat2: {openat2}");
        }
    }
}
