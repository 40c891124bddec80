//! A small tree of files as a value: planted before a case, changed as the contract says, compared with a survey after.

use std::collections::{BTreeMap, BTreeSet};

use callgate_system::{Code, Directory, Error, FileType, Follow, NewTimestamp, Result, Timestamp};

use crate::stage::{Stage, content, open_directory};
use crate::{Check, Failure};

/// The time that marks what a case has touched.
pub(crate) const MARK: Timestamp = Timestamp { seconds: 1_000_000_000, nanoseconds: 0 };

/// The file at a path, of any kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Node {
    /// With its content and the number of its names.
    File {
        content: Vec<u8>,
        links: u64,
    },
    Directory,
    /// With its text, or what reading it is answered with.
    Symlink(std::result::Result<String, Code>),
}

/// Every path below a root (`.` is the root itself), spelled plainly; and which of them bear [`MARK`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tree {
    pub(crate) nodes: BTreeMap<String, Node>,
    pub(crate) touched: BTreeSet<String>,
}

impl Tree {
    /// Makes the tree that `plan` describes, word by word: `dir/`, `file` (its content is its path), `link->text`.
    pub(crate) fn plant(stage: &Stage<'_>, plan: &str) -> Check<Self> {
        let mut tree = Self::default();
        tree.nodes.insert(".".into(), Node::Directory);
        for word in plan.split_whitespace() {
            tree.plant_one(stage, word)?;
        }
        Ok(tree)
    }

    fn plant_one(&mut self, stage: &Stage<'_>, word: &str) -> Check {
        let host = stage.ground.host_path();
        if let Some((path, text)) = word.split_once("->") {
            let node = if text.starts_with('{') {
                let Some(host) = host else { return Err(Failure::Skip("the host has no absolute paths".into())) };
                let text = text.replacen("{host}", &host, 1).replacen("{/}", "/", 1);
                stage.raw_symlink(text.as_bytes(), path)?;
                Node::Symlink(Err(Code::NotPermitted))
            } else if text.contains("<FF>") {
                let (before, after) = text.split_once("<FF>").unwrap_or_default();
                stage.raw_symlink(&[before.as_bytes(), b"\xFF", after.as_bytes()].concat(), path)?;
                Node::Symlink(Err(Code::IllegalByteSequence))
            } else {
                stage.symlink(text, path)?;
                Node::Symlink(Ok(text.to_owned()))
            };
            self.nodes.insert(path.to_owned(), node);
        } else if let Some(path) = word.strip_suffix('/') {
            stage.root.create_directory(path).map_err(|error| Failure::in_set_up("a directory", error))?;
            self.nodes.insert(path.to_owned(), Node::Directory);
        } else {
            stage.file(word, word)?;
            self.nodes.insert(word.to_owned(), Node::File { content: word.as_bytes().to_vec(), links: 1 });
        }
        Ok(())
    }

    /// The tree as it is now, found through plain paths.
    pub(crate) fn survey(root: &dyn Directory) -> Result<Self> {
        let mut tree = Self::default();
        tree.nodes.insert(".".into(), Node::Directory);
        if root.metadata()?.modified == Some(MARK) {
            tree.touched.insert(".".into());
        }
        tree.survey_in(root, "")?;
        Ok(tree)
    }

    fn survey_in(&mut self, directory: &dyn Directory, at: &str) -> Result<()> {
        if at.len() > 1000 {
            // Deeper than any plan: a link was taken for a directory.
            return Err(Error::new(Code::Loop));
        }
        let mut entries = directory.read_entries()?;
        while let Some(entry) = entries.next()? {
            let path = format!("{at}{}", entry.name);
            let stat = directory.stat(&entry.name, Follow::No)?;
            if stat.modified == Some(MARK) {
                self.touched.insert(path.clone());
            }
            let node = match stat.kind {
                FileType::RegularFile => Node::File { content: content(directory, &entry.name)?, links: stat.links },
                FileType::Directory => {
                    self.survey_in(&*open_directory(directory, &entry.name)?, &format!("{path}/"))?;
                    Node::Directory
                }
                FileType::SymbolicLink => Node::Symlink(directory.read_link(&entry.name).map_err(|error| error.code)),
                _ => return Err(Error::new(Code::Unsupported)),
            };
            self.nodes.insert(path, node);
        }
        Ok(())
    }

    /// The names in a directory, sorted.
    pub(crate) fn names(&self, directory: &str) -> Vec<String> {
        let prefix = if directory == "." { String::new() } else { format!("{directory}/") };
        let below = self.nodes.keys().filter_map(|path| path.strip_prefix(&prefix));
        below.filter(|name| !name.contains('/') && *name != ".").map(str::to_owned).collect()
    }

    /// Moves what is at `from`, and all below it, to `to`.
    pub(crate) fn rename(&mut self, from: &str, to: &str) {
        let below = format!("{from}/");
        let moved = |path: &str| path == from || path.starts_with(&below);
        let paths: Vec<String> = self.nodes.keys().filter(|path| moved(path)).cloned().collect();
        for path in paths {
            if let Some(node) = self.nodes.remove(&path) {
                self.nodes.insert(format!("{to}{}", &path[from.len()..]), node);
            }
        }
    }

    /// Gives what is at `from` the second name `to`.
    pub(crate) fn link(&mut self, from: &str, to: &str) {
        let Some(mut node) = self.nodes.get(from).cloned() else { return };
        if let Node::File { links, .. } = &mut node {
            *links += 1;
        }
        self.nodes.insert(from.to_owned(), node.clone());
        self.nodes.insert(to.to_owned(), node);
    }

    /// The first path at which two trees differ, and what each has there.
    pub(crate) fn difference(&self, got: &Self) -> Option<(String, String)> {
        let paths: BTreeSet<&String> = self.nodes.keys().chain(got.nodes.keys()).collect();
        let describe = |tree: &Self, path: &String| match tree.nodes.get(path) {
            None => format!("nothing at {path}"),
            Some(node) if tree.touched.contains(path) => format!("{node:?}, touched, at {path}"),
            Some(node) => format!("{node:?} at {path}"),
        };
        paths.into_iter().map(|path| (describe(self, path), describe(got, path))).find(|(want, got)| want != got)
    }
}

/// The new time that marks a file as touched.
pub(crate) const TOUCH: NewTimestamp = NewTimestamp::At(MARK);
