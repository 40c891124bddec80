//! Promises of a tree beyond the behaviour suite: its quota, its depth, and its independence of other trees.

mod common;

use std::sync::Arc;

use callgate_memory::{ClockOf, Memory, QUOTA, Tree};
use callgate_system::{Code, Follow, Quota, System};

use common::{CREATE, code, content, directory, file};

fn tree(bytes: u64, entries: u64) -> Tree {
    Tree::new(1, Arc::new(ClockOf(Arc::new(Memory::default()))), Quota { bytes, entries })
}

#[test]
fn bytes_are_counted_and_given_back() {
    let tree = tree(100, 10);
    let root = tree.root();
    let f = file(&*root, "f", CREATE).unwrap();
    assert_eq!(tree.usage(), Quota { bytes: 1, entries: 1 });
    assert_eq!(f.write_at(&[7; 200], 0), Ok(99), "as much as there is room for");
    assert_eq!(code(f.write_at(b"x", 99)), Some(Code::Quota));
    assert_eq!(f.write_at(b"over what is there", 0), Ok(18));
    assert_eq!(code(f.append(b"x")), Some(Code::Quota));
    assert_eq!(code(root.create_directory("d")), Some(Code::Quota));
    assert_eq!(code(f.set_size(100)), Some(Code::Quota));
    f.set_size(10).unwrap();
    assert_eq!(tree.usage().bytes, 11);
    root.symlink("text", "l").unwrap();
    root.link("f", Follow::No, &*root, "name").unwrap();
    assert_eq!(tree.usage(), Quota { bytes: 11 + 5 + 4, entries: 3 });
    root.rename("name", &*root, "n").unwrap();
    assert_eq!(tree.usage().bytes, 17);
    root.unlink_file("f").unwrap();
    root.unlink_file("n").unwrap();
    assert_eq!(tree.usage(), Quota { bytes: 10 + 5, entries: 2 }, "open, though without a name");
    drop(f);
    assert_eq!(tree.usage(), Quota { bytes: 5, entries: 1 });
    root.rename("l", &*root, "m").unwrap();
    root.unlink_file("m").unwrap();
    assert_eq!(tree.usage(), Quota { bytes: 0, entries: 0 });
}

#[test]
fn a_write_far_behind_the_end_pays_for_the_gap() {
    let tree = tree(1_000, 10);
    let f = file(&*tree.root(), "f", CREATE).unwrap();
    assert_eq!(code(f.write_at(b"x", 1 << 40)), Some(Code::Quota));
    assert_eq!(code(f.write_at(b"x", 999)), Some(Code::Quota));
    assert_eq!(f.write_at(b"xyz", 997), Ok(2));
    assert_eq!(f.stat().unwrap().size, 999);
}

#[test]
fn a_file_of_a_tebibyte_costs_nothing_but_quota() {
    let tree = tree(u64::MAX, 10);
    let f = file(&*tree.root(), "f", CREATE).unwrap();
    f.set_size(1 << 40).unwrap();
    f.write_at(b"end", (1 << 40) - 3).unwrap();
    let mut bytes = Vec::with_capacity(5);
    f.read_at(&mut bytes, (1 << 40) - 5).unwrap();
    assert_eq!(bytes, b"\0\0end");
}

#[test]
fn entries_are_counted_whatever_they_are() {
    let tree = tree(1_000, 3);
    let root = tree.root();
    root.create_directory("d").unwrap();
    let f = file(&*root, "d/f", CREATE).unwrap();
    root.symlink("x", "l").unwrap();
    for refused in [
        root.create_directory("e"),
        root.symlink("x", "m"),
        root.link("d/f", Follow::No, &*root, "g"),
        file(&*root, "h", CREATE).map(drop),
    ] {
        assert_eq!(code(refused), Some(Code::Quota));
    }
    // A rename needs no entry; a file that is unlinked and open keeps its own.
    root.rename("l", &*root, "d/l").unwrap();
    root.unlink_file("d/f").unwrap();
    assert_eq!(code(root.create_directory("e")), Some(Code::Quota));
    drop(f);
    root.create_directory("e").unwrap();
}

#[test]
fn a_failed_rename_keeps_what_it_would_have_replaced() {
    let tree = tree(10, 10);
    let root = tree.root();
    file(&*root, "a", CREATE).unwrap();
    file(&*root, "bbbb", CREATE).unwrap().write_at(b"12345", 0).unwrap();
    assert_eq!(code(root.rename("a", &*root, "bbbb")), Some(Code::Quota));
    assert_eq!(content(&*root, "bbbb").unwrap(), b"12345");
    assert_eq!(content(&*root, "a").unwrap(), b"");
}

#[test]
fn a_very_deep_tree_is_made_walked_and_dropped() {
    const DEPTH: usize = 200_000;
    let tree = tree(1 << 30, 1_000_000);
    let mut at = tree.root();
    for _ in 0..DEPTH {
        at.create_directory("d").unwrap();
        at = directory(&*at, "d").unwrap();
    }
    assert_eq!(tree.usage().entries, DEPTH as u64);
    let root = tree.root();
    root.create_directory("e").unwrap();
    assert_eq!(code(root.rename("d", &*at, "x")), Some(Code::Invalid), "into itself, far below");
    root.rename("e", &*at, "e").unwrap();
    at.stat("e", Follow::No).unwrap();
    assert!(tree.save_tar(std::io::sink()).unwrap_err().to_string().ends_with("its path has 4096 bytes or more"));
    drop((at, root, tree));
}

#[test]
fn two_trees_are_two_devices() {
    let memory = Arc::new(Memory::default());
    let other = Tree::new(1, Arc::new(ClockOf(memory.clone())), QUOTA);
    let (here, there) = (memory.tree().root(), other.root());
    file(&*here, "f", CREATE).unwrap();
    assert_eq!(code(here.rename("f", &*there, "f")), Some(Code::CrossDevice));
    assert_eq!(code(here.link("f", Follow::No, &*there, "f")), Some(Code::CrossDevice));
    let device = |stat: callgate_system::Stat| stat.identity.device;
    assert_ne!(device(here.metadata().unwrap()), device(there.metadata().unwrap()));
    assert_eq!(content(&*here, "f").unwrap(), b"");
}

#[test]
fn two_trees_do_not_wait_for_each_other() {
    let memory = Arc::new(Memory::default());
    let trees = [memory.tree().clone(), Tree::new(1, Arc::new(ClockOf(memory.clone())), QUOTA)];
    std::thread::scope(|scope| {
        for (from, to) in [(0, 1), (1, 0)] {
            let (from, to) = (trees[from].root(), trees[to].root());
            scope.spawn(move || {
                for n in 0..2_000 {
                    let name = format!("{n}");
                    drop(file(&*from, &name, CREATE));
                    assert_eq!(code(from.rename(&name, &*to, &name)), Some(Code::CrossDevice));
                }
            });
        }
    });
}

#[test]
fn directories_count_those_in_them() {
    let tree = tree(1_000, 100);
    let root = tree.root();
    let links = |path: &str| root.stat(path, Follow::No).unwrap().links;
    assert_eq!(links("."), 2);
    root.create_directory("d").unwrap();
    root.create_directory("d/s").unwrap();
    assert_eq!((links("."), links("d"), links("d/s")), (3, 3, 2));
    root.rename("d/s", &*root, "s").unwrap();
    assert_eq!((links("."), links("d")), (4, 2));
    let open = directory(&*root, "s").unwrap();
    root.rename("d", &*root, "s").unwrap();
    assert_eq!((links("."), open.metadata().unwrap().links), (3, 0));
    root.remove_directory("s").unwrap();
    assert_eq!(links("."), 2);
}

#[test]
fn the_hand_of_the_host_replaces_files_and_follows_nothing() {
    let tree = tree(1_000, 100);
    let root = tree.root();
    tree.add_file(b"a/b/f", b"one").unwrap();
    tree.add_file(b"/a/./b//f", b"two").unwrap();
    assert_eq!(content(&*root, "a/b/f").unwrap(), b"two");
    tree.add_symlink(b"a/b/f", b"/absolute").unwrap();
    assert_eq!(code(root.read_link("a/b/f")), Some(Code::NotPermitted));
    tree.add_symlink(b"l", b"a").unwrap();
    assert_eq!(code(tree.add_file(b"l/x", b"")), Some(Code::NotDirectory));
    assert_eq!(code(tree.add_directory(b"l")), Some(Code::NotDirectory));
    assert_eq!(code(tree.add_file(b"a", b"")), Some(Code::IsDirectory));
    assert_eq!(code(tree.add_file(b"a/../b", b"")), Some(Code::Invalid));
    assert_eq!(code(tree.add_file(b"", b"")), Some(Code::IsDirectory));
    assert_eq!(code(tree.add_file(&[b'n'; 256], b"")), Some(Code::NameTooLong));
    assert_eq!(code(tree.add_file(b"big", &[0; 2_000])), Some(Code::Quota));
}

#[test]
fn roots_are_directories_of_the_tree() {
    let memory = Memory::default();
    memory.tree().add_file(b"a/f", b"text").unwrap();
    memory.tree().add_symlink(b"l", b"a").unwrap();
    for path in ["/a", "a", "/a/", "/l", "//a/."] {
        assert_eq!(content(&*memory.open_root(path.as_ref()).unwrap(), "f").unwrap(), b"text", "{path}");
    }
    assert_eq!(content(&*memory.open_root("/".as_ref()).unwrap(), "a/f").unwrap(), b"text");
    for (path, expected) in [("", Code::NoEntry), ("/no", Code::NoEntry), ("/a/f", Code::NotDirectory)] {
        assert_eq!(code(memory.open_root(path.as_ref())), Some(expected), "{path}");
    }
    assert_eq!(
        code(Arc::clone(&memory.open_root("/a".as_ref()).unwrap()).stat("../l", Follow::No)),
        Some(Code::NotPermitted)
    );
}
