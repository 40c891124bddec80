//! The kernel's way and the walker's give one answer: every operation, on every path of a tree full of traps. Which answer
//! is right is for `callgate-conformance` to say; here, that there is only one.

use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;
use std::path::Path;

use callgate_system::{Code, Directory, Follow, NewTimestamp, OpenHow, Opened, Result, System as _};

use super::READ;
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
    symlink(std::ffi::OsStr::from_bytes(b"d/caf\xe9"), root.join("in/latin")).unwrap();
    symlink(format!("d/{}", "n".repeat(256)), root.join("in/toolong")).unwrap();
    for number in 0..50 {
        symlink(format!("c{}", number + 1), root.join(format!("in/c{number}"))).unwrap();
    }
    fs::write(root.join("in/c50"), "chained").unwrap();
}

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

fn paths() -> Vec<String> {
    let mut names: Vec<String> = LINKS.iter().map(|(name, _)| (*name).to_owned()).collect();
    let more = [
        "f",
        "d",
        "d/e",
        "d/f",
        "empty",
        "nothing",
        "d/nothing",
        "nothing/x",
        "f/x",
        ".",
        "..",
        "d/.",
        "d/..",
        "d/../..",
        "d/e/../../f",
        "f/.",
        "f/..",
        "nothing/.",
        "nothing/..",
        "to_d/..",
        "to_d/e",
        "to_d/f",
        "to_f/x",
        "out/secret",
        "up/in/f",
        "absolute/etc",
        "latin",
        "toolong",
        "toolong/x",
        "c9",
        "c10",
        "c11",
        "c0",
        "d//f",
        "d/./f",
        "./f",
        "d/e/..//.././f",
        "a\\b",
    ];
    names.extend(more.map(String::from));
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

/// Everything that opens: one bit for each flag.
fn hows() -> impl Iterator<Item = OpenHow> {
    (0..1 << 7).map(|bits: u32| OpenHow {
        read: bits & 1 != 0,
        write: bits & 2 != 0,
        follow: if bits & 4 != 0 { Follow::Yes } else { Follow::No },
        create: bits & 8 != 0,
        exclusive: bits & 16 != 0,
        truncate: bits & 32 != 0,
        directory: bits & 64 != 0,
        ..READ
    })
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
    all.push(("read_link", Box::new(|root, path| root.read_link(path))));
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
        for entry in fs::read_dir(path).unwrap() {
            let path = entry.unwrap().path();
            let stat = fs::symlink_metadata(&path).unwrap();
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

impl Tree {
    fn new(openat2: bool) -> Self {
        let temporary = tempfile::tempdir().unwrap();
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
