//! Tests of behaviour that only Windows has: read-only files, files that others hold, names in two spellings, files removed while
//! open. `callgate-conformance` tests the behaviour of every call on every path.

#![cfg(windows)]

use std::ffi::OsStr;
use std::fs::{self, OpenOptions};
use std::os::windows::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::sync::Arc;

use callgate_nt::Nt;
use callgate_system::{Code, Directory, Family, Follow, NewTimestamp, OpenHow, Opened, System};
use tempfile::TempDir;

/// A root, closed before its directory is removed.
struct Root {
    root: Arc<dyn Directory>,
    directory: TempDir,
}

impl Root {
    fn new() -> Self {
        let directory = TempDir::new().expect("a temporary directory");
        let root = Nt::new().open_root(directory.path().as_os_str()).expect("the root opens");
        Self { root, directory }
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    fn write(&self, name: &str) {
        fs::write(self.path().join(name), name).expect("a file");
    }

    fn names(&self) -> Vec<String> {
        let (mut entries, mut names) = (self.root.read_entries().expect("it can be listed"), Vec::new());
        while let Some(entry) = entries.next().expect("an entry") {
            names.push(entry.name);
        }
        names.sort_unstable();
        names
    }
}

const READ_ONLY: u32 = 0x1;
const SYSTEM: u32 = 0x4;

const READ: OpenHow = OpenHow {
    read: true,
    write: false,
    follow: Follow::Yes,
    create: false,
    exclusive: false,
    truncate: false,
    directory: false,
    sync: false,
    sync_data: false,
};

fn code<T>(result: callgate_system::Result<T>) -> Result<(), Code> {
    result.map(drop).map_err(|error| error.code)
}

#[test]
fn a_read_only_file_is_renamed_replaced_and_removed() {
    let here = Root::new();
    for name in ["a", "b", "c"] {
        here.write(name);
        let mut permissions = fs::metadata(here.path().join(name)).expect("it is there").permissions();
        permissions.set_readonly(true);
        fs::set_permissions(here.path().join(name), permissions).expect("it is read-only");
    }
    let Ok(Opened::File(file)) = here.root.open("a", READ) else { panic!("it can be read") };
    file.sync().expect("there is nothing to sync");
    drop(file);
    here.root.unlink_file("a").expect("it is removed, as on Linux");
    here.root.rename("b", &*here.root, "d").expect("it is renamed");
    here.root.rename("c", &*here.root, "d").expect("it is replaced");
    assert_eq!(fs::read(here.path().join("d")).expect("it is there"), b"c");
    assert_eq!(here.names(), ["d"]);
    here.root.unlink_file("d").expect("it is removed");
}

/// Read-only and of the system: no guest can mark a file so, and none can take it away, also by another name of it.
#[test]
fn a_sealed_file_is_neither_written_nor_made_writable() {
    let here = Root::new();
    let sealed = here.path().join("sealed");
    let mut made = OpenOptions::new();
    made.write(true).create_new(true).attributes(READ_ONLY | SYSTEM).open(&sealed).expect("a file");
    let attributes = || fs::metadata(&sealed).expect("it is there").file_attributes() & (READ_ONLY | SYSTEM);
    let before = attributes();
    if before & SYSTEM == 0 {
        // Wine keeps it in an extended attribute, which not every file system has.
        println!("the file system keeps no mark");
        return;
    }
    here.root.link("sealed", Follow::No, &*here.root, "hard").expect("another name");
    for name in ["sealed", "hard"] {
        let write = OpenHow { write: true, ..READ };
        for how in [write, OpenHow { create: true, ..write }, OpenHow { truncate: true, ..write }] {
            assert_eq!(code(here.root.open(name, how)), Err(Code::Access), "{name} {how:?}");
        }
    }
    here.root.set_times("hard", Follow::No, NewTimestamp::Now, NewTimestamp::Now).expect("times are no matter");
    here.write("other");
    // Where a read-only file can be removed as it is, these succeed.
    let _ = here.root.unlink_file("hard");
    let _ = here.root.rename("other", &*here.root, "hard");
    assert_eq!((attributes(), before), (READ_ONLY | SYSTEM, READ_ONLY | SYSTEM), "it is what it was");
}

#[test]
fn what_another_program_does_not_share_is_busy() {
    let here = Root::new();
    here.write("f");
    let held = OpenOptions::new().read(true).share_mode(0).open(here.path().join("f")).expect("it opens");
    let refused = here.root.open("f", READ).map(drop).expect_err("it is not shared");
    assert_eq!(refused.code, Code::Busy);
    let native = refused.native.expect("the status is kept");
    assert_eq!((native.family, native.name), (Family::NtStatus, "SHARING_VIOLATION"));
    assert_eq!(refused.to_string(), "busy (SHARING_VIOLATION)");
    assert_eq!(code(here.root.unlink_file("f")), Err(Code::Busy));
    assert_eq!(code(here.root.rename("f", &*here.root, "g")), Err(Code::Busy));
    drop(held);
    here.root.unlink_file("f").expect("nobody holds it now");
}

#[test]
fn names_are_the_same_in_any_case_and_can_be_respelled() {
    let here = Root::new();
    here.write("name");
    let identity = |name| here.root.stat(name, Follow::No).map(|stat| stat.identity);
    assert_eq!(identity("NAME"), identity("name"));
    assert_eq!(
        code(here.root.open("Name", OpenHow { create: true, exclusive: true, write: true, ..READ })),
        Err(Code::Exist)
    );
    here.root.rename("name", &*here.root, "Name").expect("the spelling changes");
    assert_eq!(here.names(), ["Name"]);
    here.root.create_directory("dir").expect("a directory");
    here.root.rename("dir", &*here.root, "DIR").expect("the spelling changes");
    assert_eq!(here.names(), ["DIR", "Name"]);
}

#[test]
fn what_is_removed_while_open_is_seen_by_nobody() {
    let here = Root::new();
    here.write("f");
    here.write("g");
    here.root.create_directory("d").expect("a directory");
    let held = ["f", "g", "d"].map(|name| here.root.open(name, READ).expect("it opens"));
    here.root.unlink_file("f").expect("it is removed");
    here.write("h");
    here.root.rename("h", &*here.root, "g").expect("it replaces");
    here.root.remove_directory("d").expect("it is removed");
    assert_eq!(here.names(), ["g"]);
    here.write("f");
    let Opened::File(file) = &held[0] else { panic!("a file") };
    let mut text = Vec::with_capacity(8);
    file.read_at(&mut text, 0).expect("it can be read");
    assert_eq!(text, b"f");
    drop(held);
    // Nothing is left, under no name.
    let count = fs::read_dir(here.path()).expect("it can be listed").count();
    assert_eq!((count, here.names()), (2, vec!["f".to_owned(), "g".to_owned()]));
}

#[test]
fn a_root_is_a_path_of_the_users() {
    let here = Root::new();
    fs::create_dir(here.path().join("d")).expect("a directory");
    let nt = Nt::new();
    let with = |end: &str| format!("{}{end}", here.path().display());
    for path in [with(""), with("\\"), with("/d/.."), with("\\d\\..\\.\\d")] {
        nt.open_root(OsStr::new(&path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    }
    nt.open_root(OsStr::new(".")).expect("the working directory opens");
    for (path, expected) in [
        (with("\\no"), Code::NoEntry),
        (with("\\no\\x"), Code::NoEntry),
        (with("\0"), Code::Invalid),
        (String::new(), Code::NoEntry),
    ] {
        assert_eq!(code(nt.open_root(OsStr::new(&path))), Err(expected), "{path:?}");
    }
}
