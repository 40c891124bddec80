//! All path patterns of a policy as one tree, walked once for each path, whatever the number of rules.
//!
//! A node stands for the components that lead to it. A path is at several nodes at once where patterns have `*` or `**` in them; these
//! are few, and kept in a list of fixed length. Where that is too short, and where the path can't be known, the walk says so, and its
//! caller falls back. Nothing is allocated.

mod build;
mod bytes;
mod names;
#[cfg(test)]
mod tests;

use build::Building;
use bytes::{before_last, has_parent, slash, trimmed};
use names::{Key, Names};

use crate::glob::{Case, Form, Glob, fold};
use crate::masks::Masks;

/// Nodes that a path may be at.
const WIDTH: usize = 8;

/// Bytes of the longest name whose case can be ignored: four times what a file system permits.
const FOLDED: usize = 1024;

type Node = u32;

/// The tree of one way to compare names.
#[derive(Debug)]
pub(crate) struct Trie {
    nodes: Vec<Branch>,
    names: Names,
    case: Case,
    /// True if a `**` at the root leads on from a component that is not the last.
    stays_inside: bool,
}

#[derive(Debug, Default)]
struct Branch {
    /// The rules whose patterns end here.
    here: Masks,
    /// Those whose patterns go on with a last `**`: they hold here and everywhere below.
    tail: Masks,
    /// Those whose patterns end somewhere below.
    below: Masks,
    /// True if names lead on from here.
    has_names: bool,
    /// True if forms do, or any name.
    has_patterns: bool,
    /// True if they lead further than to the end of a path.
    names_inside: bool,
    patterns_inside: bool,
    forms: Vec<(Form, Node)>,
    any: Option<Node>,
    /// The node of a `**` after which more follows.
    deep: Option<Node>,
    /// True if this is such a node: who is here stays.
    stays: bool,
}

/// The place of a path in the tree.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    /// The rules that hold for it and for everything below.
    tail: Masks,
    /// Those that hold for it alone.
    here: Masks,
    at: List,
    stay: List,
}

/// The nodes from which more patterns go on.
#[derive(Clone, Copy, Debug)]
struct List {
    nodes: [Node; WIDTH],
    len: usize,
    is_cut: bool,
}

/// Why there is no place of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lost {
    /// It has `..` in it, or a name that is too long: it may lead anywhere below its mount.
    Unclear,
    /// It is in too many places.
    Wide,
}

impl List {
    const EMPTY: Self = Self { nodes: [0; WIDTH], len: 0, is_cut: false };

    fn as_slice(&self) -> &[Node] {
        &self.nodes[..self.len]
    }

    fn push(&mut self, node: Node) {
        if self.as_slice().contains(&node) {
            return;
        }
        match self.nodes.get_mut(self.len) {
            Some(place) => {
                *place = node;
                self.len += 1;
            }
            None => self.is_cut = true,
        }
    }
}

impl Place {
    /// The rules that hold for it.
    pub(crate) fn masks(&self) -> Masks {
        let mut masks = self.tail;
        masks |= self.here;
        masks
    }

    /// True if no rule tells one place below it from another.
    pub(crate) fn is_uniform(&self) -> bool {
        self.at.len == 0 && self.stay.len == 0
    }

    /// True if no rule tells what is below this place from what has the same names below `other`.
    pub(crate) fn is_alike_below(&self, other: &Self) -> bool {
        if self.is_uniform() && other.is_uniform() {
            return self.tail.permitted() == other.tail.permitted();
        }
        let is_same = |own: &List, other: &List| {
            own.len == other.len && own.as_slice().iter().all(|node| other.as_slice().contains(node))
        };
        let alike = self.tail.allow == other.tail.allow && self.tail.deny == other.tail.deny;
        alike && is_same(&self.at, &other.at) && is_same(&self.stay, &other.stay)
    }
}

impl Trie {
    /// The tree of these patterns and what they stand for, where names compare as `case` says.
    pub(crate) fn new<'a>(patterns: impl Iterator<Item = (&'a Glob, Masks)>, case: Case) -> Self {
        let mut building = Building::new();
        for (glob, masks) in patterns {
            match case {
                Case::Sensitive => building.add(glob, masks),
                Case::Insensitive => building.add(&glob.folded(), masks),
            }
        }
        building.look_inside();
        let deep = building.nodes[0].deep.map(|deep| &building.nodes[deep as usize]);
        let stays_inside = deep.is_some_and(|deep| deep.names_inside || deep.patterns_inside);
        Self { nodes: building.nodes, names: Names::new(building.names), case, stays_inside }
    }

    /// The place of the path that these parts make together.
    pub(crate) fn find(&self, parts: [&str; 2]) -> Result<Place, Lost> {
        let mut walk = self.start();
        self.walk(parts, &mut walk)?;
        Ok(Place { tail: walk.tail, here: walk.here, at: walk.at, stay: walk.stay })
    }

    /// True if all of `bits` is allowed and nothing is to be noted at the path that these parts make together, where `everywhere` holds too. False
    /// also where this way does not tell: it is for paths that are led on by names alone, but for `**` at the root of the tree before a
    /// last component. Most are, and then all that has to be kept is one node. Names are compared as they are.
    #[inline]
    pub(crate) fn plainly_allows(&self, parts: [&str; 2], bits: u64, everywhere: Masks) -> bool {
        let root = &self.nodes[0];
        if root.has_patterns || self.stays_inside {
            return false;
        }
        let Masks { mut deny, mut allow, mut watch } = everywhere;
        let (mut node, mut branch) = (0, Some(root));
        let (mut last, mut last_key) = ("", Key::NONE);
        for part in parts {
            let mut rest = part;
            while !rest.is_empty() {
                let (len, key) = Key::first(rest.as_bytes());
                let name = &rest[..len];
                rest = rest.get(len + 1..).unwrap_or_default();
                if key.len <= 2 && key.is_special() {
                    if key == Key::PARENT {
                        return false;
                    }
                    continue;
                }
                (last, last_key) = (name, key);
                let Some(from) = branch else {
                    if has_parent(rest.as_bytes()) {
                        return false;
                    }
                    // Only the last component counts from here on.
                    let end = trimmed(rest);
                    rest = &end[before_last(end.as_bytes())..];
                    continue;
                };
                deny |= from.tail.deny;
                allow |= from.tail.allow;
                watch |= from.tail.watch;
                branch = None;
                if from.has_names
                    && let Some(next) = self.names.find(node, name.as_bytes(), &key)
                {
                    let reached = &self.nodes[next as usize];
                    if reached.has_patterns || reached.deep.is_some() {
                        return false;
                    }
                    (node, branch) = (next, Some(reached));
                }
            }
        }
        if let Some(Branch { here, tail, .. }) = branch {
            deny |= here.deny | tail.deny;
            allow |= here.allow | tail.allow;
            watch |= here.watch | tail.watch;
        }
        if let Some(deep) = root.deep
            && last_key.len != 0
        {
            let here = self.at_last(deep, last, &last_key);
            deny |= here.deny;
            allow |= here.allow;
            watch |= here.watch;
        }
        allow & !deny & bits == bits && watch & bits == 0
    }

    /// The rules that hold for a path because of its last component, below a `**`.
    #[inline]
    fn at_last(&self, deep: Node, name: &str, key: &Key) -> Masks {
        let branch = &self.nodes[deep as usize];
        let mut masks = Masks::default();
        if branch.has_names
            && let Some(next) = self.names.find(deep, name.as_bytes(), key)
        {
            masks |= self.nodes[next as usize].here;
        }
        if let Some(next) = branch.any {
            masks |= self.nodes[next as usize].here;
        }
        let end = key.end();
        for (form, next) in &branch.forms {
            if form.may_match(end) && form.matches(name) {
                masks |= self.nodes[*next as usize].here;
            }
        }
        masks
    }

    #[inline]
    fn start(&self) -> Walk {
        let mut walk = Walk {
            tail: Masks::default(),
            here: Masks::default(),
            at: List::EMPTY,
            next: List::EMPTY,
            stay: List::EMPTY,
            stay_inside: false,
        };
        self.enter(0, &mut walk);
        walk.at = walk.next;
        walk
    }

    fn walk(&self, parts: [&str; 2], walk: &mut Walk) -> Result<(), Lost> {
        let [first, second] = parts.map(trimmed);
        self.walk_part(first, second.is_empty(), walk)?;
        self.walk_part(second, true, walk)?;
        if walk.at.is_cut || walk.next.is_cut || walk.stay.is_cut { Err(Lost::Wide) } else { Ok(()) }
    }

    #[inline]
    fn walk_part(&self, part: &str, ends: bool, walk: &mut Walk) -> Result<(), Lost> {
        let mut rest = part;
        while !rest.is_empty() {
            if walk.at.len == 0 && !walk.stay_inside {
                // Nothing leads on but to the last component.
                if has_parent(rest.as_bytes()) {
                    return Err(Lost::Unclear);
                }
                walk.here = Masks::default();
                if walk.stay.len == 0 || !ends {
                    return Ok(());
                }
                rest = &rest[rest.rfind('/').map_or(0, |at| at + 1)..];
            }
            let end = slash(rest.as_bytes());
            let name = &rest[..end];
            rest = rest.get(end + 1..).unwrap_or_default();
            let is_last = ends && rest.is_empty();
            match name.as_bytes() {
                b"" | b"." => {}
                b".." => return Err(Lost::Unclear),
                _ if self.case == Case::Sensitive => self.step(name, is_last, walk),
                _ => self.step_folded(name, is_last, walk)?,
            }
        }
        Ok(())
    }

    /// What holds for a path of which is known only that it lies at `place` or below: all that denies anything there, and what
    /// allows all of it.
    pub(crate) fn anywhere_below(&self, place: &Place) -> Masks {
        let mut masks = place.tail;
        masks.deny |= place.here.deny;
        masks.watch |= place.here.watch;
        for node in place.at.as_slice().iter().chain(place.stay.as_slice()) {
            let below = self.nodes[*node as usize].below;
            masks.deny |= below.deny;
            masks.watch |= below.watch;
        }
        masks
    }

    fn step_folded(&self, name: &str, is_last: bool, walk: &mut Walk) -> Result<(), Lost> {
        let (mut bytes, mut len) = ([0; FOLDED], 0);
        for character in name.chars().map(fold) {
            let room = bytes.get_mut(len..len + character.len_utf8()).ok_or(Lost::Unclear)?;
            len += character.encode_utf8(room).len();
        }
        // Whole characters were written, so this is text.
        let name = std::str::from_utf8(&bytes[..len]).map_err(|_| Lost::Unclear)?;
        self.step(name, is_last, walk);
        Ok(())
    }

    /// Goes one component on.
    #[inline]
    fn step(&self, name: &str, is_last: bool, walk: &mut Walk) {
        let key = Key::of(name.as_bytes());
        walk.here = Masks::default();
        walk.next.len = 0;
        for at in 0..walk.at.len {
            self.follow(walk.at.nodes[at], name, &key, is_last, walk);
        }
        // Those that are added on the way count from the next component on.
        for at in 0..walk.stay.len {
            self.follow(walk.stay.nodes[at], name, &key, is_last, walk);
        }
        walk.at = walk.next;
    }

    #[inline]
    fn follow(&self, node: Node, name: &str, key: &Key, is_last: bool, walk: &mut Walk) {
        let branch = &self.nodes[node as usize];
        if branch.has_names
            && (is_last || branch.names_inside)
            && let Some(next) = self.names.find(node, name.as_bytes(), key)
        {
            self.enter(next, walk);
        }
        if !(branch.has_patterns && (is_last || branch.patterns_inside)) {
            return;
        }
        if let Some(next) = branch.any {
            self.enter(next, walk);
        }
        let end = key.end();
        for (form, next) in &branch.forms {
            if form.may_match(end) && form.matches(name) {
                self.enter(*next, walk);
            }
        }
    }

    #[inline]
    fn enter(&self, node: Node, walk: &mut Walk) {
        let mut entered = Some(node);
        while let Some(node) = entered {
            let branch = &self.nodes[node as usize];
            walk.here |= branch.here;
            walk.tail |= branch.tail;
            if branch.stays {
                walk.stay.push(node);
                walk.stay_inside |= branch.names_inside || branch.patterns_inside;
            } else if branch.has_names || branch.has_patterns {
                walk.next.push(node);
            }
            entered = branch.deep;
        }
    }
}

/// A path on its way through the tree.
struct Walk {
    tail: Masks,
    here: Masks,
    at: List,
    /// The nodes of the next step.
    next: List,
    /// Those that it never leaves.
    stay: List,
    /// True if one of these leads on from a component that is not the last.
    stay_inside: bool,
}
