//! The kernel's way and the walker's give one answer: every operation, on every path of a tree full of traps. `callgate-conformance`
//! checks that the answer is right; the tests here check that there is only one.

use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use callgate_system::{Code, Directory, Follow, NewTimestamp, OpenHow, Opened, Result, System as _};

use super::{READ, both_ways, unprivileged};
use crate::Linux;

fn build(root: &Path) {
    fs::create_dir_all(root.join("in/d/e")).unwrap();
    fs::create_dir_all(root.join("in/empty")).unwrap();
    fs::create_dir_all(root.join("outside")).unwrap();
    fs::write(root.join("outside/secret"), "outside").unwrap();
    fs::write(root.join("in/f"), "file").unwrap();
    fs::write(root.join("in/d/f"), "inner").unwrap();
    fs::write(root.join("in/d").join(std::ffi::OsStr::from_bytes(b"caf\xe9")), "latin").unwrap();
    for (name, target) in LINKS {
        symlink(target, root.join("in").join(name)).unwrap();
    }
    for (name, mode) in LOCKS {
        fs::create_dir(root.join("in").join(name)).unwrap();
        fs::write(root.join("in").join(name).join("f"), "behind a lock").unwrap();
        symlink("f", root.join("in").join(name).join("to_f")).unwrap();
        fs::set_permissions(root.join("in").join(name), fs::Permissions::from_mode(*mode)).unwrap();
    }
    for (name, mode) in [("unreadable", 0o200), ("unwritable", 0o400), ("unusable", 0)] {
        fs::write(root.join("in").join(name), "locked").unwrap();
        fs::set_permissions(root.join("in").join(name), fs::Permissions::from_mode(mode)).unwrap();
    }
    symlink(std::ffi::OsStr::from_bytes(b"d/caf\xe9"), root.join("in/latin")).unwrap();
    symlink(format!("d/{}", "n".repeat(256)), root.join("in/toolong")).unwrap();
}

/// Directories without some right.
const LOCKS: &[(&str, u32)] = &[("no_list", 0o300), ("no_search", 0o600), ("no_change", 0o500), ("locked", 0)];

const LINKS: &[(&str, &str)] = &[
    ("to_f", "f"),
    ("to_f_slash", "f/"),
    ("to_d", "d"),
    ("to_d_slash", "d/"),
    ("to_dot", "."),
    ("to_d_dot", "d/."),
    ("to_d_up", "d/.."),
    ("to_nothing", "nothing"),
    ("to_nothing_slash", "nothing/"),
    ("to_nothing_in_d", "d/nothing"),
    ("deep", "to_d/../to_d/e/../f"),
    ("up", ".."),
    ("out", "../outside"),
    ("out_slash", "../outside/"),
    ("out_file", "../outside/secret"),
    ("back_in", "../in/f"),
    ("absolute", "/"),
    ("absolute_file", "/etc/passwd"),
    ("loop", "loop"),
    ("loop_slash", "loop/"),
    ("ping", "pong"),
    ("pong", "ping"),
    ("d/up_in", "../f"),
    ("d/up_out", "../../outside"),
    // Security case 1.
    ("d/link", "evil/"),
    ("d/evil", "../../outside"),
];

/// The other paths.
const PLAIN: &str = r"f d d/e d/f empty nothing d/nothing nothing/x f/x . .. d/. d/.. d/../.. d/e/../../f f/. f/.. nothing/.
    nothing/.. to_d/.. to_d/e to_d/f to_f/x out/secret up/in/f absolute/etc latin toolong toolong/x d//f d/./f ./f
    d/e/..//.././f a\b unreadable unwritable unusable no_list no_search no_change locked no_list/to_f no_search/to_f
    locked/to_f no_change/to_f no_search/../f locked/../f no_search/nothing no_list/nothing";

fn paths() -> Vec<String> {
    let mut names: Vec<String> = LINKS.iter().map(|(name, _)| (*name).to_owned()).collect();
    names.extend(PLAIN.split_whitespace().map(String::from));
    let mut paths = vec![String::new(), "/".into(), "/f".into(), "//".into(), "a\0b".into(), "\0".into()];
    for name in names {
        paths.extend([
            format!("{name}/"),
            format!("{name}//"),
            format!("{name}/."),
            format!("{name}/.."),
            format!("{name}/f"),
        ]);
        paths.push(name);
    }
    let (most, more) = ("n".repeat(255), "n".repeat(256));
    paths.extend([
        format!("d/{most}"),
        format!("d/{more}"),
        format!("{more}/f"),
        format!("nothing/{more}"),
        format!("{more}/"),
    ]);
    paths.extend([
        format!("{}f", "./".repeat(2046)),
        format!("{}f", "d/../".repeat(800)),
        "./".repeat(2048),
        "d/".repeat(3000),
    ]);
    paths
}

/// Every way to open that is not refused for its flags alone.
fn hows() -> Vec<OpenHow> {
    let mut hows = Vec::new();
    for bits in 0..1 << 7 {
        let set = |bit: u32| bits & 1 << bit != 0;
        let how = OpenHow {
            read: set(0),
            write: set(1),
            follow: if set(2) { Follow::Yes } else { Follow::No },
            create: set(3),
            exclusive: set(4),
            truncate: set(5),
            directory: set(6),
            ..READ
        };
        let (refused, idle) =
            ((how.create && how.directory) || (how.truncate && !how.write), how.exclusive && !how.create);
        if !refused && !idle {
            hows.push(how);
        }
    }
    hows
}

/// An operation and its answer in words, the file's identity made comparable between two trees by its size and kind.
type Operation = (&'static str, Box<dyn Fn(&dyn Directory, &str) -> Result<String>>);

fn operations() -> Vec<Operation> {
    let mut all: Vec<Operation> = Vec::new();
    for how in hows() {
        all.push((
            "open",
            Box::new(move |root, path| {
                Ok(match root.open(path, how)? {
                    Opened::File(file) => format!("file of {} bytes, {how:?}", file.stat()?.size),
                    Opened::Directory(directory) => {
                        let mut entries = directory.read_entries()?;
                        let count = std::iter::from_fn(|| entries.next().transpose()).count();
                        format!("directory of {count}")
                    }
                })
            }),
        ));
    }
    for follow in [Follow::No, Follow::Yes] {
        all.push((
            "stat",
            Box::new(move |root, path| {
                root.stat(path, follow).map(|stat| format!("{:?} {} {}", stat.kind, stat.links, stat.size))
            }),
        ));
        let now = NewTimestamp::Now;
        all.push((
            "set_times",
            Box::new(move |root, path| root.set_times(path, follow, now, now).map(|()| String::new())),
        ));
        for to in ["new", "d/new", "f", "new/", "empty/", "empty/..", "nothing/new", "../new", "out/new"] {
            all.push(("link", Box::new(move |root, path| root.link(path, follow, root, to).map(|()| to.to_owned()))));
        }
    }
    all.push(("create_directory", Box::new(|root, path| root.create_directory(path).map(|()| String::new()))));
    all.push(("remove_directory", Box::new(|root, path| root.remove_directory(path).map(|()| String::new()))));
    all.push(("unlink_file", Box::new(|root, path| root.unlink_file(path).map(|()| String::new()))));
    all.push(("symlink", Box::new(|root, path| root.symlink("../t", path).map(|()| String::new()))));
    all.push(("read_link", Box::new(Directory::read_link)));
    for to in
        ["new", "new/", "d/new", "f", "f/", "empty", "empty/", "to_d/", ".", "d/..", "../new", "out/new", "nothing/new"]
    {
        all.push(("rename to", Box::new(move |root, path| root.rename(path, root, to).map(|()| to.to_owned()))));
    }
    for from in ["f", "f/", "d", "d/", "to_d", "to_d/", "empty", "nothing", ".", "out/secret"] {
        all.push(("rename from", Box::new(move |root, path| root.rename(from, root, path).map(|()| from.to_owned()))));
        all.push((
            "link from",
            Box::new(move |root, path| root.link(from, Follow::No, root, path).map(|()| from.to_owned())),
        ));
    }
    all
}

/// The tree as text, to see whether both ways left the same behind, and to build it anew where something changed.
fn listing(root: &Path) -> String {
    fn visit(path: &Path, to: &mut Vec<String>) {
        // A directory that may not be listed stays as it is.
        for entry in fs::read_dir(path).into_iter().flatten() {
            let path = entry.unwrap().path();
            let Ok(stat) = fs::symlink_metadata(&path) else { continue };
            to.push(format!("{:?} {:?} {}", path.file_name().unwrap(), stat.file_type(), stat.len()));
            if stat.is_dir() {
                visit(&path, to);
            }
        }
    }
    let mut lines = Vec::new();
    visit(root, &mut lines);
    lines.sort();
    lines.join("\n")
}

struct Tree {
    temporary: tempfile::TempDir,
    openat2: bool,
}

impl Drop for Tree {
    fn drop(&mut self) {
        for (name, _) in LOCKS {
            // It may have been renamed.
            let inside = self.temporary.path().join("in");
            for path in [inside.join(name), inside.join("new"), inside.join("d/new"), inside.join("empty")] {
                let _ = fs::set_permissions(path, fs::Permissions::from_mode(0o700));
            }
        }
    }
}

impl Tree {
    fn new(openat2: bool) -> Self {
        // Thousands of trees: in memory, where there is a place for them.
        let temporary = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        build(temporary.path());
        Self { temporary, openat2 }
    }

    fn run(&self, operation: &Operation, path: &str) -> Result<String, Code> {
        let root = Linux::with_openat2(self.openat2).open_root(self.temporary.path().join("in").as_os_str()).unwrap();
        operation.1(&*root, path).map_err(|error| error.code)
    }
}

#[test]
fn both_ways_answer_alike_and_do_alike() {
    unprivileged(compare);
}

fn compare() {
    let operations = operations();
    let original = {
        let tree = Tree::new(true);
        listing(tree.temporary.path())
    };
    let (mut kernel, mut walker) = (Tree::new(true), Tree::new(false));
    let mut different = Vec::new();
    for path in paths() {
        for (number, operation) in operations.iter().enumerate() {
            let (one, two) = (kernel.run(operation, &path), walker.run(operation, &path));
            let changes = !matches!(operation.0, "stat" | "read_link" | "set_times") && (one.is_ok() || two.is_ok());
            if one != two {
                let short: String = path.chars().take(60).collect();
                different.push(format!("{} #{number} {short:?}: openat2 {one:?}, walker {two:?}", operation.0));
            }
            if changes {
                let after = [&kernel, &walker].map(|tree| listing(tree.temporary.path()));
                if after[0] != after[1] {
                    different.push(format!("{} #{number} {path:?} left different trees", operation.0));
                }
                if after[0] != original || after[1] != original {
                    (kernel, walker) = (Tree::new(true), Tree::new(false));
                }
            }
        }
    }
    assert!(different.is_empty(), "{} differ:\n{}", different.len(), different[..different.len().min(60)].join("\n"));
}

/// Names that are links to links: the kernel follows 40 in one resolution.
#[test]
fn both_ways_follow_forty_links_and_no_more() {
    let root = tempfile::tempdir().unwrap();
    for number in 0..50 {
        symlink(format!("f{}", number + 1), root.path().join(format!("f{number}"))).unwrap();
        symlink(format!("d{}", number + 1), root.path().join(format!("d{number}"))).unwrap();
        symlink(format!("n{}", number + 1), root.path().join(format!("n{number}"))).unwrap();
    }
    fs::write(root.path().join("f50"), "chained").unwrap();
    fs::create_dir(root.path().join("d50")).unwrap();
    fs::write(root.path().join("d50/f"), "inner").unwrap();
    both_ways(root.path(), |way, root| {
        let code = |result: Result<()>| result.map_err(|error| error.code);
        let now = NewTimestamp::Now;
        for (first, followed) in [(9, Err(Code::Loop)), (10, Ok(()))] {
            let or = |end: Code| followed.and(Err(end));
            let name = |kind: &str| format!("{kind}{first}");
            for (path, expected) in [
                (name("f"), followed),
                (name("f") + "/", or(Code::NotDirectory)),
                (name("f") + "/x", or(Code::NotDirectory)),
                (name("d"), followed),
                (name("d") + "/", followed),
                (name("d") + "/.", followed),
                (name("d") + "/f", followed),
                (name("n"), or(Code::NoEntry)),
            ] {
                assert_eq!(code(root.open(&path, READ).map(drop)), expected, "{way}: open {path}");
                assert_eq!(code(root.stat(&path, Follow::Yes).map(drop)), expected, "{way}: stat {path}");
                assert_eq!(code(root.set_times(&path, Follow::Yes, now, now)), expected, "{way}: set_times {path}");
            }
            assert_eq!(code(root.create_directory(&(name("d") + "/made"))), followed, "{way}");
            assert_eq!(code(root.link(&name("f"), Follow::Yes, &*root, "linked")), followed, "{way}");
            if followed.is_ok() {
                root.remove_directory("d50/made").unwrap();
                root.unlink_file("linked").unwrap();
            }
        }
    });
}
