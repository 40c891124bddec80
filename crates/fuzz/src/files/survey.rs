//! The whole visible tree below a root, and what the open handles show of it, to compare backends by after a sequence.

use std::collections::BTreeMap;

use callgate_system::{Code, Directory, FileType, Follow, Identity, OpenHow, Opened, Stat};

use super::operation::how;
use super::outcome::{Moment, Seen};
use super::world::{World, read};

/// The node at each path. Handles stand at `<file 0>` and the like.
pub(crate) type Tree = BTreeMap<String, Result<Node, Code>>;

/// A file, a directory or a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Node {
    /// Its attributes.
    pub(crate) seen: Seen,
    /// The text of a link or the content of a file, or why it is not to be had.
    pub(crate) content: Result<Vec<u8>, Code>,
    /// The first path in the order of the tree that is the same file.
    pub(crate) first: String,
}

/// Deeper than any sequence makes it: a link was taken for a directory.
const DEEPEST: usize = 2_000;

/// Bytes of a content that are kept.
const CONTENT: usize = 1 << 18;

/// Looks at everything.
pub(crate) fn survey(world: &World) -> Tree {
    let mut survey = Survey { tree: Tree::new(), first: Vec::new() };
    for (number, directory) in world.directories.iter().enumerate() {
        if let Some(directory) = directory {
            let name = format!("<directory {number}>");
            let stat = directory.metadata();
            survey.add(name, stat.map_err(|error| error.code), |_| Ok(Vec::new()));
        }
    }
    for (number, file) in world.files.iter().enumerate() {
        if let Some(file) = file {
            let stat = file.stat().map_err(|error| error.code);
            let content = |_: &Stat| read(&**file, 0, CONTENT).map_err(|error| error.code);
            survey.add(format!("<file {number}>"), stat, content);
        }
    }
    if let Some(root) = &world.directories[0] {
        survey.below(&**root, "");
    }
    survey.tree
}

struct Survey {
    tree: Tree,
    first: Vec<(Identity, String)>,
}

impl Survey {
    fn below(&mut self, directory: &dyn Directory, at: &str) {
        let mut entries = match directory.read_entries() {
            Ok(entries) if at.len() < DEEPEST => entries,
            Ok(_) => return drop(self.tree.insert(format!("{at}<too deep>"), Err(Code::Loop))),
            Err(error) => return drop(self.tree.insert(format!("{at}<entries>"), Err(error.code))),
        };
        let mut names = Vec::new();
        loop {
            match entries.next() {
                Ok(Some(entry)) => names.push((entry.name, entry.kind)),
                Ok(None) => break,
                Err(error) => {
                    self.tree.insert(format!("{at}<entry>"), Err(error.code));
                    if error.code != Code::IllegalByteSequence {
                        break;
                    }
                }
            }
        }
        names.sort_by(|one: &(String, FileType), other| one.0.cmp(&other.0));
        for (name, kind) in names {
            self.one(directory, &name, kind, format!("{at}{name}"));
        }
    }

    fn one(&mut self, directory: &dyn Directory, name: &str, kind: FileType, path: String) {
        let stat = directory.stat(name, Follow::No).map_err(|error| error.code);
        if stat.is_ok_and(|stat| kind != FileType::Unknown && kind != stat.kind) {
            self.tree.insert(format!("{path}<entry's kind>"), Err(Code::Invalid));
        }
        let below = format!("{path}/");
        self.add(path, stat, |stat| content(directory, name, stat.kind));
        if stat.is_ok_and(|stat| stat.kind == FileType::Directory) {
            match directory.open(name, how("read directory nofollow").0) {
                Ok(Opened::Directory(directory)) => self.below(&*directory, &below),
                Ok(Opened::File(_)) => drop(self.tree.insert(below, Err(Code::NotDirectory))),
                Err(error) => drop(self.tree.insert(below, Err(error.code))),
            }
        }
    }

    fn add(&mut self, path: String, stat: Result<Stat, Code>, content: impl FnOnce(&Stat) -> Result<Vec<u8>, Code>) {
        let node = stat.map(|stat| {
            let known = self.first.iter().find(|(identity, _)| *identity == stat.identity);
            let first = known.map_or_else(|| path.clone(), |(_, first)| first.clone());
            self.first.push((stat.identity, first.clone()));
            let seen = Seen::of(&stat, Vec::new());
            // The system decides whether a reading counts as an access, and when the access time is written.
            let seen = Seen { accessed: Moment::Untold, ..seen };
            Node { seen, content: content(&stat), first }
        });
        self.tree.insert(path, node);
    }
}

fn content(directory: &dyn Directory, name: &str, kind: FileType) -> Result<Vec<u8>, Code> {
    let nofollow = OpenHow { follow: Follow::No, ..how("read").0 };
    let content = match kind {
        FileType::SymbolicLink => directory.read_link(name).map(String::into_bytes),
        FileType::RegularFile => directory.open(name, nofollow).and_then(|opened| match opened {
            Opened::File(file) => read(&*file, 0, CONTENT),
            Opened::Directory(_) => Err(Code::IsDirectory.into()),
        }),
        _ => Ok(Vec::new()),
    };
    content.map_err(|error| error.code)
}
