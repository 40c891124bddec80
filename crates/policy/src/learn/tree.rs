//! The paths that a run used, as a tree of bounded size.

use std::collections::{BTreeMap, BTreeSet};

use callgate_gate::Class;
use callgate_system::path::PATH_MAX;

use crate::glob::{DEEPEST, LONGEST};

/// Nodes that are kept. With more, the folders with the most names are folded.
pub(super) const NODES: usize = 16_384;

/// Bytes of an example.
const EXAMPLE: usize = 256;

/// The classes of calls that have paths.
pub(super) const CLASSES: [Class; 6] =
    [Class::Read, Class::Write, Class::Create, Class::Delete, Class::Stat, Class::List];

/// What needed a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Used {
    pub(super) count: u64,
    /// The first call.
    pub(super) call: &'static str,
    /// Where it went; empty where it went nowhere.
    pub(super) example: Box<str>,
}

impl Used {
    /// No use yet, of which the first is this one.
    pub(super) fn by(call: &'static str, example: &str) -> Self {
        Self { count: 0, call, example: example[..example.floor_char_boundary(EXAMPLE)].into() }
    }

    pub(super) fn and(&mut self, other: &Self) {
        self.count += other.count;
    }
}

/// The uses of each class, in the order of [`CLASSES`].
#[derive(Clone, Debug, Default)]
pub(super) struct Uses([Option<Box<Used>>; CLASSES.len()]);

impl Uses {
    pub(super) fn get(&self, class: Class) -> Option<&Used> {
        self.0[number(class)?].as_deref()
    }

    fn of(&mut self, class: Class) -> Option<&mut Option<Box<Used>>> {
        Some(&mut self.0[number(class)?])
    }

    /// Adds what is not there, and counts the rest.
    pub(super) fn add(&mut self, class: Class, used: &Used) {
        match self.of(class) {
            Some(Some(known)) => known.and(used),
            Some(empty) => *empty = Some(Box::new(used.clone())),
            None => {}
        }
    }

    fn add_all(&mut self, others: &Self) {
        for class in CLASSES {
            if let Some(used) = others.get(class) {
                self.add(class, used);
            }
        }
    }
}

fn number(class: Class) -> Option<usize> {
    CLASSES.iter().position(|known| *known == class)
}

/// A name, and what is below it.
#[derive(Clone, Debug, Default)]
pub(super) struct Node {
    pub(super) children: BTreeMap<Box<str>, Node>,
    /// Uses of the place itself.
    pub(super) here: Uses,
    /// Uses of which it is only known that they were here or below.
    pub(super) below: Uses,
    /// The classes of calls that were refused here.
    pub(super) refused: BTreeSet<Class>,
}

/// The tree.
#[derive(Clone, Debug, Default)]
pub(super) struct Tree {
    pub(super) root: Node,
    pub(super) mounts: BTreeSet<Vec<String>>,
    nodes: usize,
    /// True once a refusal could not be kept: then nothing is folded for its readers' sake any more.
    pub(super) forgot_refusals: bool,
}

impl Tree {
    pub(super) fn add_mount(&mut self, path: &str) {
        let is_known = |mount: &Vec<String>| crate::glob::components(path).eq(mount.iter().map(String::as_str));
        if !self.mounts.iter().any(is_known) {
            self.mounts.insert(crate::glob::components(path).map(str::to_owned).collect());
        }
    }

    /// Notes a call at a place. False if there is no room for it.
    pub(super) fn add<'a>(
        &mut self,
        path: impl Iterator<Item = &'a str> + Clone,
        class: Class,
        call: &'static str,
    ) -> bool {
        self.note(path, class, call, 1, false)
    }

    /// Notes a call somewhere at or below a place.
    pub(super) fn add_below<'a>(
        &mut self,
        path: impl Iterator<Item = &'a str> + Clone,
        class: Class,
        call: &'static str,
    ) -> bool {
        self.note(path, class, call, 1, true)
    }

    /// Allows what the moves of files need besides; not counted.
    pub(super) fn permit(&mut self, path: &str, class: Class, call: &'static str, with_below: bool) -> bool {
        self.note(crate::glob::components(path), class, call, 0, with_below)
    }

    fn note<'a>(
        &mut self,
        path: impl Iterator<Item = &'a str> + Clone,
        class: Class,
        call: &'static str,
        count: u64,
        below: bool,
    ) -> bool {
        let Some((node, is_whole)) = self.reach(path.clone()) else { return false };
        let uses = if below || !is_whole { &mut node.below } else { &mut node.here };
        let Some(used) = uses.of(class) else { return false };
        // The example costs memory, so only the first use has one.
        let used = used.get_or_insert_with(|| Box::new(Used::by(call, &joined(path))));
        used.count += count;
        true
    }

    /// Notes that a call was refused at a place.
    pub(super) fn refuse<'a>(&mut self, path: impl Iterator<Item = &'a str> + Clone, class: Class) -> bool {
        match self.reach(path) {
            Some((node, true)) => {
                node.refused.insert(class);
            }
            _ => self.forgot_refusals = true,
        }
        true
    }

    /// The node of a path; or the nearest above it, and false, where it lies below a folded folder or is too long for a pattern. None
    /// where there is no room.
    fn reach<'a>(&mut self, path: impl Iterator<Item = &'a str> + Clone) -> Option<(&mut Node, bool)> {
        if path.clone().any(|name| name.contains('\0')) {
            return None;
        }
        let fitting = fitting(path.clone());
        if !self.has_room(path.clone().take(fitting)) {
            return None;
        }
        let is_whole = path.clone().count() == fitting;
        if !is_whole && !self.is_within_mount(path.clone().take(fitting)) {
            return None;
        }
        let mut node = &mut self.root;
        for name in path.take(fitting) {
            if !node.children.contains_key(name) {
                self.nodes += 1;
            }
            node = node.children.entry(name.into()).or_default();
        }
        Some((node, is_whole))
    }

    #[cfg(test)]
    pub(super) fn count(&self) -> usize {
        fn count(node: &Node) -> usize {
            node.children.values().map(|child| 1 + count(child)).sum()
        }
        count(&self.root)
    }

    fn is_within_mount<'a>(&self, path: impl Iterator<Item = &'a str> + Clone) -> bool {
        let path: Vec<&str> = path.collect();
        is_within_mount(&self.mounts, &path)
    }

    /// True if the path is there, or there is room for it, for which folders are folded.
    fn has_room<'a>(&mut self, path: impl Iterator<Item = &'a str> + Clone) -> bool {
        let mut node = Some(&self.root);
        let missing = path.filter(|name| {
            node = node.and_then(|node| node.children.get(*name));
            node.is_none()
        });
        let missing = missing.count();
        if self.nodes + missing <= NODES || missing == 0 {
            return true;
        }
        self.fold_early();
        self.nodes + missing <= NODES
    }

    /// Folds the folders with the most names until half of the room is free: none above a mount, and none with a refusal below it.
    fn fold_early(&mut self) {
        let mut folders = Vec::new();
        widest(&self.root, &mut Vec::new(), &self.mounts, &mut folders);
        folders.sort_by(|one, other| other.cmp(one));
        for (_, path) in folders {
            if self.nodes <= NODES / 2 {
                break;
            }
            let mut node = Some(&mut self.root);
            for name in &path {
                node = node.and_then(|node| node.children.get_mut(name));
            }
            if let Some(node) = node {
                self.nodes -= collapse(node);
            }
        }
    }
}

/// Components of the longest part of a path that a pattern can name, with a `/**` behind it.
fn fitting<'a>(path: impl Iterator<Item = &'a str>) -> usize {
    let lengths = path.scan(0, |length, name| {
        *length += 1 + super::write::literal(name).len();
        Some(*length)
    });
    lengths.take(DEEPEST - 1).take_while(|length| length + 3 <= LONGEST).count()
}

/// Each folder that may be folded, with the number of its names.
fn widest(
    node: &Node,
    path: &mut Vec<Box<str>>,
    mounts: &BTreeSet<Vec<String>>,
    folders: &mut Vec<(usize, Vec<Box<str>>)>,
) -> bool {
    let mut has_refusals = !node.refused.is_empty();
    for (name, child) in &node.children {
        path.push(name.clone());
        has_refusals |= widest(child, path, mounts, folders);
        path.pop();
    }
    let names: Vec<&str> = path.iter().map(|name| &**name).collect();
    if !has_refusals && node.children.len() > 1 && may_fold(mounts, &names) {
        folders.push((node.children.len(), path.clone()));
    }
    has_refusals
}

/// Takes everything below into the folder; the number of nodes that are gone.
fn collapse(node: &mut Node) -> usize {
    let mut gone = 0;
    for mut child in std::mem::take(&mut node.children).into_values() {
        gone += 1 + collapse(&mut child);
        node.below.add_all(&child.here);
        node.below.add_all(&child.below);
    }
    gone
}

/// True if a pattern of everything below `path` stays below one mount.
pub(super) fn may_fold(mounts: &BTreeSet<Vec<String>>, path: &[&str]) -> bool {
    let is_above = |mount: &Vec<String>| mount.len() > path.len() && path.iter().zip(mount).all(|(own, of)| own == of);
    is_within_mount(mounts, path) && !mounts.iter().any(is_above)
}

fn is_within_mount(mounts: &BTreeSet<Vec<String>>, path: &[&str]) -> bool {
    mounts.iter().any(|mount| mount.len() <= path.len() && mount.iter().zip(path).all(|(of, own)| of == own))
}

/// The path of these components, cut where nobody would read on.
pub(super) fn joined<'a>(path: impl Iterator<Item = &'a str>) -> String {
    let mut text = String::new();
    for name in path {
        text.push('/');
        text.push_str(name);
        if text.len() > PATH_MAX {
            break;
        }
    }
    if text.is_empty() { "/".to_owned() } else { text }
}
