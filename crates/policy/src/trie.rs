//! All path patterns of a policy as one tree, walked once for each path, whatever the number of rules.
//!
//! A node stands for the components that lead to it. A path is at several nodes at once where patterns have `*` or `**` in them; these
//! are few, and kept in a list of fixed length. Where that is too short, and where the path can't be known, the walk says so, and its
//! caller falls back. Nothing is allocated.

use std::collections::HashMap;

use crate::glob::{Case, Form, Glob, Step, fold};
use crate::masks::Masks;

/// Nodes that a path may be at.
const WIDTH: usize = 32;

/// Bytes of the longest name whose case can be ignored: four times what a file system permits.
const FOLDED: usize = 1024;

type Node = u32;

/// The tree of one way to compare names.
#[derive(Debug)]
pub(crate) struct Trie {
    nodes: Vec<Branch>,
    names: Names,
    case: Case,
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
        self.at.as_slice().is_empty()
    }

    /// True if no rule tells what is below this place from what has the same names below `other`.
    pub(crate) fn is_alike_below(&self, other: &Self) -> bool {
        let (own, others) = (self.at.as_slice(), other.at.as_slice());
        if own.is_empty() && others.is_empty() {
            return self.tail.permitted() == other.tail.permitted();
        }
        let alike = self.tail.allow == other.tail.allow && self.tail.deny == other.tail.deny;
        alike && own.len() == others.len() && own.iter().all(|node| others.contains(node))
    }
}

impl Trie {
    /// The tree of these patterns and what they stand for, where names compare as `case` says.
    pub(crate) fn new<'a>(patterns: impl Iterator<Item = (&'a Glob, Masks)>, case: Case) -> Self {
        let mut building = Building { nodes: vec![Branch::default()], names: HashMap::new() };
        for (glob, masks) in patterns {
            match case {
                Case::Sensitive => building.add(glob, masks),
                Case::Insensitive => building.add(&glob.folded(), masks),
            }
        }
        Self { nodes: building.nodes, names: Names::new(building.names), case }
    }

    /// The place of the path that these parts make together.
    pub(crate) fn find(&self, parts: [&str; 2]) -> Result<Place, Lost> {
        let mut place = Place { tail: Masks::default(), here: Masks::default(), at: List::EMPTY };
        self.enter(0, &mut place);
        for part in parts {
            for component in part.split('/') {
                match component {
                    "" | "." => {}
                    ".." => return Err(Lost::Unclear),
                    _ if place.at.len == 0 => place.here = Masks::default(),
                    name if self.case == Case::Sensitive => self.step(name, &mut place),
                    name => self.step_folded(name, &mut place)?,
                }
            }
        }
        if place.at.is_cut { Err(Lost::Wide) } else { Ok(place) }
    }

    /// What holds for a path of which is known only that it lies at `place` or below: all that denies anything there, and what
    /// allows all of it.
    pub(crate) fn anywhere_below(&self, place: &Place) -> Masks {
        let mut masks = place.tail;
        masks.deny |= place.here.deny;
        masks.watch |= place.here.watch;
        for node in place.at.as_slice() {
            let below = self.nodes[*node as usize].below;
            masks.deny |= below.deny;
            masks.watch |= below.watch;
        }
        masks
    }

    fn step_folded(&self, name: &str, place: &mut Place) -> Result<(), Lost> {
        let (mut bytes, mut len) = ([0; FOLDED], 0);
        for character in name.chars().map(fold) {
            let room = bytes.get_mut(len..len + character.len_utf8()).ok_or(Lost::Unclear)?;
            len += character.encode_utf8(room).len();
        }
        // Whole characters were written, so this is text.
        let name = std::str::from_utf8(&bytes[..len]).map_err(|_| Lost::Unclear)?;
        self.step(name, place);
        Ok(())
    }

    /// Goes one component on.
    #[inline]
    fn step(&self, name: &str, place: &mut Place) {
        let hash = hash(name.as_bytes());
        let was = place.at;
        place.at.len = 0;
        place.here = Masks::default();
        for node in was.as_slice() {
            let branch = &self.nodes[*node as usize];
            if branch.stays {
                place.at.push(*node);
            }
            if branch.has_names
                && let Some(next) = self.names.find(*node, name, hash)
            {
                self.enter(next, place);
            }
            if let Some(next) = branch.any {
                self.enter(next, place);
            }
            for (form, next) in &branch.forms {
                if form.matches(name) {
                    self.enter(*next, place);
                }
            }
        }
    }

    fn enter(&self, node: Node, place: &mut Place) {
        let branch = &self.nodes[node as usize];
        place.here |= branch.here;
        place.tail |= branch.tail;
        if branch.has_names || branch.any.is_some() || !branch.forms.is_empty() {
            place.at.push(node);
        }
        if let Some(deep) = branch.deep {
            self.enter(deep, place);
        }
    }
}

/// A tree that still grows.
struct Building {
    nodes: Vec<Branch>,
    names: HashMap<(Node, String), Node>,
}

impl Building {
    fn add(&mut self, glob: &Glob, masks: Masks) {
        let mut node = 0;
        for (at, step) in glob.steps.iter().enumerate() {
            if *step == Step::Deep && at + 1 == glob.steps.len() {
                self.branch(node).tail |= masks;
                return;
            }
            self.branch(node).below |= masks;
            node = self.child(node, step);
        }
        self.branch(node).here |= masks;
    }

    fn branch(&mut self, node: Node) -> &mut Branch {
        &mut self.nodes[node as usize]
    }

    /// The node that `step` leads to.
    fn child(&mut self, node: Node, step: &Step) -> Node {
        // The bytes of all files together bound the number of nodes.
        let new = Node::try_from(self.nodes.len()).expect("a policy is bounded");
        let branch = self.branch(node);
        let found = match step {
            Step::Any => *branch.any.get_or_insert(new),
            Step::Deep => *branch.deep.get_or_insert(new),
            Step::Form(form) => match branch.forms.iter().find(|(known, _)| known == form) {
                Some((_, next)) => *next,
                None => {
                    branch.forms.push((form.clone(), new));
                    new
                }
            },
            Step::Name(name) => {
                branch.has_names = true;
                *self.names.entry((node, name.clone())).or_insert(new)
            }
        };
        if found == new {
            self.nodes.push(Branch { stays: *step == Step::Deep, ..Branch::default() });
        }
        found
    }
}

/// The names that lead from one node to another: a hash table with open addressing, at most half full.
#[derive(Debug)]
struct Names {
    slots: Vec<Slot>,
    texts: String,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    hash: u64,
    /// Where the name begins in the texts; its length follows.
    start: u32,
    len: u32,
    from: Node,
    /// 0, which no name leads to, in a free slot.
    to: Node,
}

impl Names {
    const FREE: Slot = Slot { hash: 0, start: 0, len: 0, from: 0, to: 0 };

    fn new(names: HashMap<(Node, String), Node>) -> Self {
        let size = (names.len() * 2).next_power_of_two();
        let mut table = Self { slots: vec![Self::FREE; size], texts: String::new() };
        for ((from, name), to) in names {
            let hash = mixed(hash(name.as_bytes()), from);
            let start = u32::try_from(table.texts.len()).expect("a policy is bounded");
            let len = u32::try_from(name.len()).expect("a name is bounded");
            table.texts.push_str(&name);
            let mut at = table.start(hash);
            while table.slots[at].to != 0 {
                at = (at + 1) & (size - 1);
            }
            table.slots[at] = Slot { hash, start, len, from, to };
        }
        table
    }

    #[allow(clippy::cast_possible_truncation, reason = "32 bits index the table")]
    fn start(&self, hash: u64) -> usize {
        // The upper bits of a product are the better ones.
        (hash >> 32) as usize & (self.slots.len() - 1)
    }

    #[inline]
    fn find(&self, from: Node, name: &str, hash: u64) -> Option<Node> {
        let hash = mixed(hash, from);
        let mut at = self.start(hash);
        loop {
            let slot = &self.slots[at];
            if slot.to == 0 {
                return None;
            }
            if slot.hash == hash && slot.from == from {
                let start = slot.start as usize;
                if self.texts.as_bytes()[start..start + slot.len as usize] == *name.as_bytes() {
                    return Some(slot.to);
                }
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
    }
}

/// An odd number with bits all over (of the golden ratio).
const MIX: u64 = 0x9e37_79b9_7f4a_7c15;

fn mixed(hash: u64, from: Node) -> u64 {
    (hash ^ u64::from(from)).wrapping_mul(MIX)
}

/// A hash of a name. Only the policy's own names are in the table, so no guest can make it slow.
#[inline]
fn hash(name: &[u8]) -> u64 {
    let mut hash = name.len() as u64;
    let (words, rest) = name.as_chunks::<8>();
    for word in words {
        hash = (hash.rotate_left(5) ^ u64::from_le_bytes(*word)).wrapping_mul(MIX);
    }
    let rest = match *rest {
        [] => 0,
        [a] => u64::from(a),
        [a, b] => u64::from(a) | u64::from(b) << 8,
        [a, b, c] => u64::from(a) | u64::from(b) << 8 | u64::from(c) << 16,
        [a, b, c, d, ..] => {
            let first = u64::from(u32::from_le_bytes([a, b, c, d]));
            let last = rest.last_chunk::<4>().map_or(0, |last| u64::from(u32::from_le_bytes(*last)));
            first | last << 32
        }
    };
    (hash.rotate_left(5) ^ rest).wrapping_mul(MIX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masks(deny: u64, allow: u64) -> Masks {
        Masks { deny, allow, watch: 0 }
    }

    fn tree(patterns: &[(&str, Masks)], case: Case) -> Trie {
        let globs: Vec<_> = patterns.iter().map(|(text, masks)| (Glob::parse(text).unwrap(), *masks)).collect();
        Trie::new(globs.iter().map(|(glob, masks)| (glob, *masks)), case)
    }

    #[test]
    fn rules_of_all_patterns_that_match_come_together() {
        let tree = tree(
            &[
                ("/src/**", masks(0, 1)),
                ("**/*.key", masks(2, 0)),
                ("/src/*/lib.rs", masks(4, 0)),
                ("/", masks(0, 8)),
                ("/src/a/**/b/**", masks(16, 0)),
            ],
            Case::Sensitive,
        );
        for (path, expected) in [
            ("/", masks(0, 8)),
            ("/src", masks(0, 1)),
            ("/src/a.key", masks(2, 1)),
            ("/src/a/lib.rs", masks(4, 1)),
            ("/src/a/b/lib.rs", masks(16, 1)),
            ("/src/a/x/y/b", masks(16, 1)),
            ("/other/x.key", masks(2, 0)),
            ("/other", masks(0, 0)),
        ] {
            assert_eq!(tree.find([path, ""]).unwrap().masks(), expected, "{path}");
        }
    }

    #[test]
    fn a_path_that_may_lead_anywhere_has_no_place() {
        let tree = tree(&[("/a/b/**", masks(1, 0)), ("/a/**", masks(0, 6)), ("/a/c", masks(0, 8))], Case::Sensitive);
        assert_eq!(tree.find(["/a", "x/../b"]).unwrap_err(), Lost::Unclear);
        let below = tree.anywhere_below(&tree.find(["/a", ""]).unwrap());
        assert_eq!(below, masks(1, 6));
        assert_eq!(tree.anywhere_below(&tree.find(["/", ""]).unwrap()), masks(1, 0));
    }

    #[test]
    fn names_of_any_length_are_told_apart() {
        let names: Vec<String> = (0..2000).map(|n| format!("/{}{n}", "n".repeat(n % 40))).collect();
        let patterns: Vec<(&str, Masks)> = names.iter().map(|name| (&**name, masks(0, 1))).collect();
        let tree = tree(&patterns, Case::Sensitive);
        names.iter().for_each(|name| assert_eq!(tree.find([name, ""]).unwrap().masks(), masks(0, 1), "{name}"));
        for n in 0..2000 {
            let other = format!("/m{}{n}", "n".repeat(n % 40));
            assert_eq!(tree.find([&other, ""]).unwrap().masks(), masks(0, 0), "{other}");
        }
    }

    #[test]
    fn case_is_folded_where_it_means_nothing() {
        let tree = tree(&[("/Src/\u{c4}*.RS", masks(0, 1))], Case::Insensitive);
        assert_eq!(tree.find(["/sRC", "\u{e4}b.rs"]).unwrap().masks(), masks(0, 1));
        assert_eq!(tree.find(["/src", &"x".repeat(FOLDED + 1)]).unwrap_err(), Lost::Unclear);
    }

    #[test]
    fn more_places_than_fit_are_said_to_be_too_many() {
        let patterns: Vec<String> = (0..=WIDTH).map(|n| format!("/a*{}/b", "a".repeat(n))).collect();
        let patterns: Vec<(&str, Masks)> = patterns.iter().map(|text| (&**text, masks(1, 0))).collect();
        let tree = tree(&patterns, Case::Sensitive);
        assert_eq!(tree.find([&"a".repeat(WIDTH + 1), "b"]).unwrap_err(), Lost::Wide);
        assert_eq!(tree.find([&"a".repeat(WIDTH), "b"]).unwrap().masks(), masks(1, 0));
    }

    #[test]
    fn what_is_below_two_places_is_compared() {
        let tree = tree(
            &[("/w/**", masks(0, 1)), ("/w/a/secret", masks(1, 0)), ("**/*.key", masks(1, 0)), ("/x/**", masks(0, 2))],
            Case::Sensitive,
        );
        let alike =
            |one: &str, other: &str| tree.find([one, ""]).unwrap().is_alike_below(&tree.find([other, ""]).unwrap());
        assert!(alike("/w/b", "/w/c/d"));
        assert!(!alike("/w/a", "/w/b"));
        assert!(alike("/w/a/b", "/w/b"));
        assert!(!alike("/w/b", "/x/b"));
    }
}
