//! Folding paths into patterns.
//!
//! Many names of one folder become `folder/*`; a tree becomes `folder/**` where it has several folders in use. Nothing is folded above a mount, nor
//! over a place where a call of the same class was refused.

use callgate_gate::Class;

use super::tree::{Node, Tree, Used, joined, may_fold};
use super::write::literal;

/// How much has to be used for a pattern to stand for it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Level {
    /// Names of a folder, for `folder/*`.
    pub(super) names: usize,
    /// Folders of a folder in which something is used, for `folder/**`; and paths in all of them.
    pub(super) folders: usize,
    pub(super) paths: usize,
}

impl Level {
    /// From what a person likes to read to what is shortest.
    pub(crate) const ALL: &[Self] = &[
        Self { names: 8, folders: 4, paths: 16 },
        Self { names: 2, folders: 2, paths: 2 },
        Self { names: 1, folders: 0, paths: 1 },
    ];
}

/// A pattern, and what needed it.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) glob: String,
    pub(super) used: Used,
}

/// What a node comes to.
struct Part {
    /// The place itself.
    own: Option<Used>,
    /// Everything below, and the place itself where its pattern includes it.
    below: Vec<Found>,
    /// Paths that were used, here and below.
    paths: usize,
    is_refused: bool,
    refused_here: bool,
}

/// The patterns of a class.
pub(super) fn patterns(tree: &Tree, class: Class, level: Level) -> Vec<Found> {
    let mut path = Vec::new();
    let Part { own, mut below, .. } = Folding { tree, class, level }.part(&tree.root, &mut path);
    below.extend(own.map(|used| Found { glob: glob(&[], ""), used }));
    below
}

struct Folding<'a> {
    tree: &'a Tree,
    class: Class,
    level: Level,
}

impl<'a> Folding<'a> {
    fn part(&self, node: &'a Node, path: &mut Vec<&'a str>) -> Part {
        let mut parts = Vec::new();
        for (name, child) in &node.children {
            path.push(name);
            parts.push((&**name, self.part(child, path)));
            path.pop();
        }
        let own = node.here.get(self.class).cloned();
        let refused_here = node.refused.contains(&self.class);
        let is_refused = refused_here || parts.iter().any(|(_, part)| part.is_refused);
        let paths = usize::from(own.is_some()) + parts.iter().map(|(_, part)| part.paths).sum::<usize>();
        let mut all = Part { own, below: Vec::new(), paths, is_refused, refused_here };
        if let Some(used) = node.below.get(self.class) {
            all.fold_whole(path, Some(used.clone()), parts);
        } else if self.is_tree(path, &all, &parts) {
            all.fold_whole(path, None, parts);
        } else {
            self.fold_names(path, &mut all, parts);
        }
        all
    }

    /// True if the folder is used as a whole tree.
    fn is_tree(&self, path: &[&str], all: &Part, parts: &[(&str, Part)]) -> bool {
        let folders = parts.iter().filter(|(_, part)| !part.below.is_empty()).count();
        let below = all.paths - usize::from(all.own.is_some());
        folders >= self.level.folders
            && below >= self.level.paths
            && !all.is_refused
            && !self.tree.forgot_refusals
            && may_fold(&self.tree.mounts, path)
    }

    fn fold_names(&self, path: &mut Vec<&'a str>, all: &mut Part, parts: Vec<(&'a str, Part)>) {
        let names = parts.iter().filter(|(_, part)| part.own.is_some()).count();
        let is_folded = names >= self.level.names
            && !parts.iter().any(|(_, part)| part.refused_here)
            && !self.tree.forgot_refusals
            && may_fold(&self.tree.mounts, path);
        let mut folded: Option<Used> = None;
        let mut names = Vec::new();
        for (name, part) in parts {
            match part.own {
                Some(used) if is_folded => match &mut folded {
                    Some(known) => known.and(&used),
                    None => folded = Some(used),
                },
                Some(used) => {
                    path.push(name);
                    names.push(Found { glob: glob(path, ""), used });
                    path.pop();
                }
                None => {}
            }
            all.below.extend(part.below);
        }
        names.extend(folded.map(|used| Found { glob: glob(path, "/*"), used }));
        all.below.splice(0..0, names);
    }
}

impl Part {
    fn fold_whole(&mut self, path: &[&str], used: Option<Used>, parts: Vec<(&str, Part)>) {
        let uses = parts
            .into_iter()
            .flat_map(|(_, part)| part.own.into_iter().chain(part.below.into_iter().map(|found| found.used)));
        let mut all = used.into_iter().chain(self.own.take()).chain(uses);
        let Some(mut first) = all.next() else { return };
        all.for_each(|used| first.and(&used));
        self.below = vec![Found { glob: glob(path, "/**"), used: first }];
    }
}

/// The pattern of the path, and of what `end` adds to it.
fn glob(path: &[&str], end: &str) -> String {
    let names: Vec<String> = path.iter().map(|name| literal(name)).collect();
    match (names.is_empty(), end) {
        (true, "") => "/".to_owned(),
        (true, end) => end.to_owned(),
        (false, end) => joined(names.iter().map(String::as_str)) + end,
    }
}
