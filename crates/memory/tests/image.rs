//! Trees from tar files and back; and tar files that mean no good.

mod common;

use std::sync::Arc;

use callgate_memory::{ClockOf, Loaded, Memory, Tree};
use callgate_system::{Code, Directory, FileType, Follow, NewTimestamp, Quota, Timestamp};
use tar::{Builder, EntryType, Header};

use common::{code, content, directory};

fn tree() -> Tree {
    Memory::default().tree().clone()
}

fn saved(tree: &Tree) -> Vec<u8> {
    let mut bytes = Vec::new();
    tree.save_tar(&mut bytes).unwrap();
    bytes
}

/// Kind, name, link and content.
type Member<'a> = (EntryType, &'a [u8], &'a [u8], &'a [u8]);

/// A tar file with these entries, whatever they are.
fn archive(entries: &[Member<'_>]) -> Vec<u8> {
    let mut builder = Builder::new(Vec::new());
    for (kind, path, link, content) in entries {
        let mut header = Header::new_ustar();
        header.as_old_mut().name[..path.len()].copy_from_slice(path);
        header.as_old_mut().linkname[..link.len()].copy_from_slice(link);
        header.set_entry_type(*kind);
        header.set_size(content.len() as u64);
        header.set_mtime(1_000);
        header.set_cksum();
        builder.append(&header, *content).unwrap();
    }
    builder.into_inner().unwrap()
}

fn refusal(tree: &Tree, bytes: &[u8]) -> String {
    let text = tree.load_tar(bytes).unwrap_err().to_string();
    assert!(!text.contains('\n') && text.len() < 400, "one line: {text}");
    text
}

const NONE: &[u8] = b"";

#[test]
fn a_tree_comes_back_as_it_was() {
    let tree = tree();
    let long = [b"d/".repeat(100).as_slice(), &[b'n'; 255]].concat();
    tree.add_file(&long, b"deep").unwrap();
    tree.add_file(b"f\xFF", &vec![7; 200_001]).unwrap();
    tree.add_file(b"empty", b"").unwrap();
    tree.add_symlink(b"l", &[b'x'; 300]).unwrap();
    tree.add_symlink(b"absolute", b"/etc\xFE").unwrap();
    tree.add_directory(b"e/").unwrap();
    let root = tree.root();
    root.link("empty", Follow::No, &*root, "also").unwrap();
    root.link("l", Follow::No, &*root, "m").unwrap();
    for (path, seconds, nanoseconds) in
        [("empty", 5, 123_456_789), ("e", -7, 1), ("l", 1 << 40, 0), ("d", 8_589_934_592, 0), (".", 77, 7)]
    {
        let time = NewTimestamp::At(Timestamp { seconds, nanoseconds });
        root.set_times(path, Follow::No, time, time).unwrap();
    }
    let first = saved(&tree);
    let other = self::tree();
    let loaded = other.load_tar(&first[..]).unwrap();
    assert_eq!(loaded, Loaded { made: 100 + 8 + 1, skipped: 0 });
    assert_eq!(saved(&other), first);
    let root = other.root();
    assert_eq!(root.stat("also", Follow::No).unwrap().links, 2);
    assert_eq!(root.stat("m", Follow::No).unwrap().identity, root.stat("l", Follow::No).unwrap().identity);
    assert_eq!(root.stat("e", Follow::No).unwrap().modified, Some(Timestamp { seconds: -7, nanoseconds: 1 }));
    assert_eq!(root.metadata().unwrap().modified, Some(Timestamp { seconds: 77, nanoseconds: 7 }));
    assert_eq!(code(root.read_link("absolute")), Some(Code::NotPermitted));
}

#[test]
fn equal_trees_make_equal_files_whatever_the_order() {
    let make = |names: &[&str]| {
        let tree = tree();
        names.iter().for_each(|name| tree.add_file(name.as_bytes(), b"x").unwrap());
        let time = NewTimestamp::At(Timestamp { seconds: 1, nanoseconds: 0 });
        for path in names.iter().chain(&["."]) {
            tree.root().set_times(path, Follow::No, time, time).unwrap();
        }
        saved(&tree)
    };
    assert_eq!(make(&["a", "b", "c"]), make(&["c", "a", "b"]));
}

#[test]
fn gnus_long_names_are_read() {
    let mut builder = Builder::new(Vec::new());
    let mut header = Header::new_gnu();
    header.set_size(2);
    let long = "a/".repeat(90) + "f";
    builder.append_data(&mut header, &long, &b"hi"[..]).unwrap();
    let mut header = Header::new_gnu();
    header.set_entry_type(EntryType::Symlink);
    header.set_size(0);
    builder.append_link(&mut header, "l", "b/".repeat(90)).unwrap();
    let tree = tree();
    tree.load_tar(&builder.into_inner().unwrap()[..]).unwrap();
    assert_eq!(content(&*tree.root(), &long).unwrap(), b"hi");
    assert_eq!(tree.root().read_link("l").unwrap(), "b/".repeat(90));
}

#[test]
fn what_stands_later_takes_the_place() {
    use EntryType::{Directory, Link, Regular, Symlink};
    let tree = tree();
    let bytes = archive(&[
        (Regular, b"./f", NONE, b"old"),
        (Regular, b"f", NONE, b"new"),
        (Symlink, b"l", b"f", NONE),
        (Regular, b"l", NONE, b"a file now"),
        (Directory, b"d/", NONE, NONE),
        (Regular, b"d/x", NONE, b"x"),
        (Directory, b"d/", NONE, NONE),
        (Regular, b"old-style/", NONE, NONE),
        (Link, b"f", b"f", NONE),
        (Link, b"g", b"./f", NONE),
    ]);
    tree.load_tar(&bytes[..]).unwrap();
    let root = tree.root();
    assert_eq!(content(&*root, "f").unwrap(), b"new");
    assert_eq!(content(&*root, "g").unwrap(), b"new");
    assert_eq!(content(&*root, "l").unwrap(), b"a file now");
    assert_eq!(content(&*root, "d/x").unwrap(), b"x");
    let modified = |path: &str| root.stat(path, Follow::No).unwrap().modified.unwrap().seconds;
    assert_eq!((modified("d"), modified("f")), (1_000, 1_000));
    assert_eq!(directory(&*root, "old-style").unwrap().metadata().unwrap().kind, FileType::Directory);
}

#[test]
fn devices_are_skipped_and_counted() {
    let bytes = archive(&[
        (EntryType::Char, b"dev/null", NONE, NONE),
        (EntryType::Fifo, b"pipe", NONE, NONE),
        (EntryType::Regular, b"f", NONE, b""),
    ]);
    let tree = tree();
    assert_eq!(tree.load_tar(&bytes[..]).unwrap(), Loaded { made: 1, skipped: 2 });
    assert_eq!(tree.usage().entries, 1);
}

#[test]
fn names_that_lead_away_are_refused() {
    use EntryType::{Directory, Link, Regular, Symlink};
    let cases: [(&[Member<'_>], &str); 11] = [
        (&[(Regular, b"/etc/passwd", NONE, b"x")], "absolute"),
        (&[(Regular, b"../f", NONE, b"x")], "'..'"),
        (&[(Regular, b"a/../f", NONE, b"x")], "'..'"),
        (&[(Directory, b"..", NONE, NONE)], "'..'"),
        (&[(Symlink, b"l", b"d", NONE), (Regular, b"l/f", NONE, b"x")], "symbolic link"),
        (&[(Symlink, b"l", NONE, NONE)], "nothing"),
        (&[(Link, b"h", b"/f", NONE)], "absolute"),
        (&[(Link, b"h", b"../f", NONE)], "'..'"),
        (&[(Link, b"h", b"no", NONE)], "not there"),
        (&[(Directory, b"d", NONE, NONE), (Link, b"h", b"d", NONE)], "directory"),
        (&[(Directory, b"d", NONE, NONE), (Regular, b"d", NONE, b"x")], "a directory is in its place"),
    ];
    for (entries, expected) in cases {
        let text = refusal(&tree(), &archive(entries));
        assert!(text.contains(expected), "{text}");
    }
}

#[test]
fn what_does_not_fit_is_refused_before_it_is_read() {
    let clock = Arc::new(ClockOf(Arc::new(Memory::default())));
    let tree = Tree::new(1, clock, Quota { bytes: 1_000, entries: 3 });
    let text = refusal(&tree, &archive(&[(EntryType::Regular, b"f", NONE, &[0; 1_001])]));
    assert_eq!(text, "\"f\": it has 1001 bytes, and the quota of the tree leaves 1000");
    let many: Vec<_> = [b"a", b"b", b"c", b"d"].map(|name| (EntryType::Directory, &name[..], NONE, NONE)).into();
    let text = refusal(&tree, &archive(&many));
    assert_eq!(text, "\"d\": it does not fit: the quota of the tree is used up");
}

#[test]
fn an_extension_without_bounds_is_refused() {
    for kind in [EntryType::XHeader, EntryType::GNULongName, EntryType::GNULongLink] {
        let mut header = Header::new_gnu();
        header.set_entry_type(kind);
        // It says so; nothing of it is there.
        header.set_size(1 << 40);
        header.set_cksum();
        let text = refusal(&tree(), header.as_bytes());
        assert!(text.contains("1099511627776 bytes"), "{text}");
    }
}

#[test]
fn broken_files_are_told_in_a_line() {
    let good = archive(&[(EntryType::Regular, b"f", NONE, &[7; 3_000])]);
    for length in [100, 512, 600, 2_000] {
        refusal(&tree(), &good[..length]);
    }
    refusal(&tree(), &[0xA5; 2_048]);
    assert_eq!(tree().load_tar(&b""[..]).unwrap(), Loaded::default());
    // Every byte wrong once: an error or not, but never a panic.
    for index in 0..512 {
        let mut bytes = good.clone();
        bytes[index] ^= 0x80;
        let _ = tree().load_tar(&bytes[..]);
    }
    let text = refusal(&tree(), &archive(&[(EntryType::Regular, b"/a\n\x1B[31m\xFF", NONE, NONE)]));
    assert!(text.contains("\\n") && !text.contains('\u{1b}'), "{text}");
}

#[test]
fn what_a_guest_made_is_saved() {
    let tree = tree();
    let root: &dyn Directory = &*tree.root();
    root.create_directory("d").unwrap();
    let file = common::file(root, "d/f", common::CREATE).unwrap();
    file.write_at(b"text", 70_000).unwrap();
    root.unlink_file("d/f").unwrap();
    root.symlink("f", "d/l").unwrap();
    let other = self::tree();
    other.load_tar(&saved(&tree)[..]).unwrap();
    // A file without a name is not saved.
    assert_eq!(other.usage(), Quota { bytes: 3, entries: 2 });
}
