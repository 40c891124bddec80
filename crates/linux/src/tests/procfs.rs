//! Names on a procfs below the root, by calls that the standard library of a guest doesn't make.

use std::path::Path;

use callgate_system::{Code, Follow, NewTimestamp, OpenHow, Opened};

use super::{READ, both_ways};

const WAYS: &[&str] =
    &["proc/self/mem", "proc/self/environ", "./proc/thread-self/comm", "tmp/../proc/1/comm", "proc/self/task/../comm"];

fn code<T>(result: callgate_system::Result<T>) -> Option<Code> {
    result.map(drop).map_err(|error| error.code).err()
}

#[test]
fn no_name_on_a_procfs_is_acted_on() {
    both_ways(Path::new("/"), |way, root| {
        let elsewhere = tempfile::tempdir().unwrap();
        let own = &elsewhere.path().to_str().unwrap()[1..];
        for path in WAYS {
            let refused = |what: &str, code| assert_eq!(code, Some(Code::NotPermitted), "{way}: {what} {path}");
            for how in [READ, OpenHow { read: false, ..READ }, OpenHow { write: true, ..READ }] {
                refused("open", code(root.open(path, how)));
            }
            for follow in [Follow::Yes, Follow::No] {
                refused("stat", code(root.stat(path, follow)));
                refused("set_times", code(root.set_times(path, follow, NewTimestamp::Now, NewTimestamp::Now)));
                refused("link", code(root.link(path, follow, &*root, &format!("{own}/x"))));
            }
            refused("read_link", code(root.read_link(path)));
            refused("rename", code(root.rename(path, &*root, &format!("{own}/x"))));
            refused("rename to", code(root.rename(&format!("{own}/x"), &*root, path)));
            refused("unlink_file", code(root.unlink_file(path)));
            refused("symlink", code(root.symlink("x", path)));
            refused("create_directory", code(root.create_directory(path)));
            refused("remove_directory", code(root.remove_directory(path)));
        }
        assert_eq!(code(root.open("proc", READ)), Some(Code::NotPermitted), "{way}");
        assert_eq!(
            code(root.stat("proc", Follow::Yes)),
            None,
            "{way}: the directory that it is mounted on has attributes"
        );
    });
}

#[test]
fn procfs_itself_is_read_and_not_written() {
    for root in ["/proc", "/proc/self"] {
        both_ways(Path::new(root), |way, root| {
            let below = if root.stat("self", Follow::No).is_ok() { "self/" } else { "" };
            let open = |name: &str, how| root.open(&format!("{below}{name}"), how);
            assert!(matches!(open("status", READ), Ok(Opened::File(_))), "{way}");
            for name in ["mem", "comm", "task/../mem"] {
                for how in [OpenHow { write: true, ..READ }, OpenHow { read: false, write: true, ..READ }] {
                    assert_eq!(code(open(name, how)), Some(Code::NotPermitted), "{way}: {name}");
                }
            }
        });
    }
}
