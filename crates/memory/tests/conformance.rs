//! The behaviour suite against this backend.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use callgate_conformance::{Ground, Peers, Subject, conformance};
use callgate_memory::{Memory, Tree};
use callgate_system::{Directory, FileType, Follow, OpenHow, Opened, System};

#[derive(Default)]
struct InMemory {
    memory: Memory,
    grounds: AtomicU32,
}

impl Subject for InMemory {
    fn name(&self) -> &'static str {
        "memory"
    }

    fn system(&self) -> &dyn System {
        &self.memory
    }

    fn peers(&self) -> Peers {
        Peers::System
    }

    fn ground(&self) -> Box<dyn Ground> {
        let number = self.grounds.fetch_add(1, Ordering::Relaxed);
        Box::new(Part::new(&self.memory, format!("/ground-{number}")))
    }
}

/// A part of the tree, with `root` and `outside` in it.
struct Part {
    tree: Tree,
    path: String,
    root: Arc<dyn Directory>,
}

impl Part {
    fn new(memory: &Memory, path: String) -> Self {
        let tree = memory.tree().clone();
        let at = |name: &str| format!("{path}/{name}").into_bytes();
        tree.add_directory(&at("root")).expect("a root");
        tree.add_file(&at("outside/secret"), b"secret").expect("a secret");
        tree.add_file(&at("outside/d/secret"), b"secret").expect("a secret");
        let root = memory.open_root(format!("{path}/root").as_ref()).expect("the root opens");
        Self { tree, path, root }
    }

    fn at(&self, name: &[u8]) -> Vec<u8> {
        [self.path.as_bytes(), b"/root/", name].concat()
    }
}

impl Ground for Part {
    fn root(&self) -> Arc<dyn Directory> {
        Arc::clone(&self.root)
    }

    fn host_path(&self) -> Option<String> {
        Some(self.path.clone())
    }

    fn outside(&self) -> Option<String> {
        let mut text = String::new();
        describe(&*self.tree.root(), &format!("{}/outside", &self.path[1..]), &mut text);
        Some(text)
    }

    fn make_symlink(&self, text: &[u8], path: &str) -> bool {
        self.tree.add_symlink(&self.at(path.as_bytes()), text).is_ok()
    }

    fn make_file(&self, name: &[u8], content: &[u8]) -> bool {
        self.tree.add_file(&self.at(name), content).is_ok()
    }
}

/// Names, attributes and contents, below and including `path`.
fn describe(root: &dyn Directory, path: &str, text: &mut String) {
    let stat = root.stat(path, Follow::No).expect("attributes");
    writeln!(text, "{path} {stat:?}").expect("text");
    let opened = root.open(path, OpenHow { read: true, ..OpenHow::default() }).expect("opens");
    match (stat.kind, opened) {
        (FileType::Directory, Opened::Directory(directory)) => {
            let mut entries = directory.read_entries().expect("entries");
            while let Some(entry) = entries.next().expect("an entry") {
                describe(root, &format!("{path}/{}", entry.name), text);
            }
        }
        (_, Opened::File(file)) => {
            let mut content = Vec::with_capacity(64);
            file.read_at(&mut content, 0).expect("content");
            text.push_str(&String::from_utf8_lossy(&content));
        }
        _ => panic!("{path} is neither file nor directory"),
    }
}

conformance!(memory, InMemory::default());
