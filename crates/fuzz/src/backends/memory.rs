//! The memory backend: a system of its own for each case, so that nothing is kept.

use std::fmt::Write as _;
use std::sync::Arc;

use callgate_conformance::{Ground, Subject};
use callgate_memory::Memory;
use callgate_system::{Directory, Follow, System};

#[derive(Default)]
struct InMemory(Memory);

impl Subject for InMemory {
    fn name(&self) -> &'static str {
        "memory"
    }

    fn system(&self) -> &dyn System {
        &self.0
    }

    fn ground(&self) -> Box<dyn Ground> {
        Box::new(Whole::new())
    }
}

/// `root` and `outside` in a system that nobody else has.
pub(super) struct Whole {
    pub(super) memory: Arc<Memory>,
    root: Arc<dyn Directory>,
}

/// The files that a ground promises to have outside of it.
const OUTSIDE: [&str; 2] = ["outside/secret", "outside/d/secret"];

impl Whole {
    pub(super) fn new() -> Self {
        let memory = Arc::new(Memory::default());
        memory.tree().add_directory(b"root").expect("a root");
        for path in OUTSIDE {
            memory.tree().add_file(path.as_bytes(), b"secret").expect("a secret");
        }
        let root = memory.open_root("root".as_ref()).expect("the root opens");
        Self { memory, root }
    }
}

impl Ground for Whole {
    fn root(&self) -> Arc<dyn Directory> {
        Arc::clone(&self.root)
    }

    fn outside(&self) -> Option<String> {
        let root = self.memory.tree().root();
        let mut text = String::new();
        for path in ["outside", "outside/d"].into_iter().chain(OUTSIDE) {
            writeln!(text, "{path} {:?}", root.stat(path, Follow::No)).ok()?;
        }
        Some(text)
    }

    fn make_symlink(&self, text: &[u8], path: &str) -> bool {
        self.memory.tree().add_symlink(&[b"root/", path.as_bytes()].concat(), text).is_ok()
    }

    fn make_file(&self, name: &[u8], content: &[u8]) -> bool {
        self.memory.tree().add_file(&[b"root/", name].concat(), content).is_ok()
    }
}

pub(super) fn subject() -> Box<dyn Subject> {
    Box::new(InMemory::default())
}
