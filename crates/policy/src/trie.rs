//! All path patterns of a policy as one tree, walked once for each path, whatever the number of rules.
//!
//! A node stands for the components that lead to it. A path is at several nodes at once where patterns have `*` or `**` in them; these
//! are few, and kept in a list of fixed length. Where that is too short, and where the path can't be known, the walk says so, and its
//! caller falls back. Nothing is allocated.

use std::collections::HashMap;

use crate::glob::{Case, Form, Glob, Step, fold};
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
        let mut building = Building { nodes: vec![Branch::default()], names: HashMap::new() };
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

/// A path without the components at its end that say nothing.
#[inline]
fn trimmed(path: &str) -> &str {
    let mut path = path;
    loop {
        let shorter = match path.as_bytes() {
            [.., b'/'] | [.., b'/', b'.'] | [b'.'] => &path[..path.len() - 1],
            _ => return path,
        };
        path = shorter;
    }
}

/// The offset at which the last component begins.
#[inline]
fn before_last(path: &[u8]) -> usize {
    let (rest, words) = path.as_rchunks::<8>();
    for (at, word) in words.iter().enumerate().rev() {
        let slashes = zeros_all(u64::from_le_bytes(*word) ^ (ONES * u64::from(b'/')));
        if slashes != 0 {
            return rest.len() + at * 8 + 8 - slashes.leading_zeros() as usize / 8;
        }
    }
    rest.iter().rposition(|byte| *byte == b'/').map_or(0, |at| at + 1)
}

/// Where a byte of `word` is 0, the highest bit of that byte, and no other bit.
#[inline]
fn zeros_all(word: u64) -> u64 {
    const LOW: u64 = !(ONES << 7);
    !((word & LOW).wrapping_add(LOW) | word | LOW)
}

/// True if `..` is one of the components.
#[inline]
fn has_parent(path: &[u8]) -> bool {
    // Few paths have two dots side by side, so most are not gone through by component.
    let (words, rest) = path.as_chunks::<8>();
    let (mut pairs, mut carry) = (0, 0);
    let mut look = |word: u64| {
        let dots = zeros_all(word ^ (ONES * u64::from(b'.')));
        pairs |= dots & (dots << 8 | carry);
        carry = dots >> 56;
    };
    words.iter().for_each(|word| look(u64::from_le_bytes(*word)));
    look(rest.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)));
    pairs != 0 && path.split(|byte| *byte == b'/').any(|component| component == b"..")
}

const ONES: u64 = u64::MAX / 255;

/// Where a byte of `word` is 0, the highest bit of that byte; bits above the first such byte mean nothing.
#[inline]
fn zeros(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word & (ONES << 7)
}

/// The offset of the first `/`, or the length.
#[inline]
fn slash(bytes: &[u8]) -> usize {
    let (words, rest) = bytes.as_chunks::<8>();
    for (at, word) in words.iter().enumerate() {
        let found = zeros(u64::from_le_bytes(*word) ^ (ONES * u64::from(b'/')));
        if found != 0 {
            return at * 8 + found.trailing_zeros() as usize / 8;
        }
    }
    let before = words.len() * 8;
    before + rest.iter().position(|byte| *byte == b'/').unwrap_or(rest.len())
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

    /// Notes where something leads further than to the end of a path.
    fn look_inside(&mut self) {
        let goes_on = |branch: &Branch| {
            branch.has_names || branch.has_patterns || branch.deep.is_some() || branch.tail != Masks::default()
        };
        let goes_on: Vec<bool> = self.nodes.iter().map(goes_on).collect();
        for ((from, _), to) in &self.names {
            self.nodes[*from as usize].names_inside |= goes_on[*to as usize];
        }
        for branch in &mut self.nodes {
            let mut next = branch.forms.iter().map(|(_, next)| next).chain(&branch.any);
            branch.patterns_inside = next.any(|next| goes_on[*next as usize]);
        }
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
            Step::Any => {
                branch.has_patterns = true;
                *branch.any.get_or_insert(new)
            }
            Step::Deep => *branch.deep.get_or_insert(new),
            Step::Form(form) => {
                branch.has_patterns = true;
                let known = branch.forms.iter().find(|(known, _)| known == form).map(|(_, next)| *next);
                known.unwrap_or_else(|| {
                    branch.forms.push((form.clone(), new));
                    new
                })
            }
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
    key: Key,
    /// Where the name begins in the texts.
    start: u32,
    from: Node,
    /// 0, which no name leads to, in a free slot.
    to: Node,
}

/// The ends of a name and its length: all of a name that is no longer than both ends together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Key {
    len: usize,
    head: u64,
    tail: u64,
}

/// An odd number with bits all over (of the golden ratio).
const MIX: u64 = 0x9e37_79b9_7f4a_7c15;

impl Key {
    const NONE: Self = Self { len: 0, head: 0, tail: 0 };
    /// The length of a name that the key holds all of.
    const WHOLE: usize = 16;

    const PARENT: Self = Self { len: 2, head: u16::from_le_bytes(*b"..") as u64, tail: 0 };

    /// The length of the first component, and its key.
    #[inline]
    fn first(path: &[u8]) -> (usize, Self) {
        if let Some(word) = path.first_chunk::<8>() {
            let word = u64::from_le_bytes(*word);
            let found = zeros(word ^ (ONES * u64::from(b'/')));
            if found != 0 {
                let len = found.trailing_zeros() as usize / 8;
                return (len, Self { len, head: word & !(u64::MAX << (8 * len)), tail: 0 });
            }
        }
        let len = slash(path);
        (len, Self::of(&path[..len]))
    }

    /// The last bytes of the name: the last one is the highest, and where there are fewer than eight, the lowest ones are 0.
    #[inline]
    fn end(&self) -> u64 {
        match self.len {
            0 => 0,
            1..8 => self.head << (64 - 8 * self.len),
            _ => self.tail,
        }
    }

    /// True for the components that are no names: none, `.` and `..`.
    #[inline]
    fn is_special(&self) -> bool {
        self.len == 0 || (self.len == 1 && self.head == u64::from(b'.')) || *self == Self::PARENT
    }

    #[inline]
    fn of(name: &[u8]) -> Self {
        let len = name.len();
        if let (Some(head), Some(tail)) = (name.first_chunk::<8>(), name.last_chunk::<8>()) {
            return Self { len, head: u64::from_le_bytes(*head), tail: u64::from_le_bytes(*tail) };
        }
        let head = name.iter().rev().fold(0, |head, byte| head << 8 | u64::from(*byte));
        Self { len, head, tail: 0 }
    }

    /// Where to look for it first. Only the policy's own names are in the table, so no guest can make it slow.
    #[inline]
    #[allow(clippy::cast_possible_truncation, reason = "32 bits index the table")]
    fn start(&self, from: Node) -> usize {
        let hash = (self.head ^ self.tail.rotate_left(29) ^ (self.len as u64) << 56).wrapping_mul(MIX);
        // The upper bits of a product are the better ones.
        ((hash ^ u64::from(from) << 20).wrapping_mul(MIX) >> 32) as usize
    }
}

impl Names {
    const FREE: Slot = Slot { key: Key::NONE, start: 0, from: 0, to: 0 };

    fn new(names: HashMap<(Node, String), Node>) -> Self {
        let size = (names.len() * 2).next_power_of_two();
        let mut table = Self { slots: vec![Self::FREE; size], texts: String::new() };
        for ((from, name), to) in names {
            let key = Key::of(name.as_bytes());
            let start = u32::try_from(table.texts.len()).expect("a policy is bounded");
            table.texts.push_str(&name);
            let mut at = key.start(from) & (size - 1);
            while table.slots[at].to != 0 {
                at = (at + 1) & (size - 1);
            }
            table.slots[at] = Slot { key, start, from, to };
        }
        table
    }

    #[inline]
    fn find(&self, from: Node, name: &[u8], key: &Key) -> Option<Node> {
        let mut at = key.start(from) & (self.slots.len() - 1);
        loop {
            let slot = self.slots.get(at)?;
            if slot.to == 0 {
                return None;
            }
            if slot.key == *key && slot.from == from && (key.len <= Key::WHOLE || self.is_text(slot, name)) {
                return Some(slot.to);
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
    }

    fn is_text(&self, slot: &Slot, name: &[u8]) -> bool {
        let start = slot.start as usize;
        self.texts.as_bytes()[start..start + name.len()] == *name
    }
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
    fn components_are_found_from_both_ends() {
        for path in
            ["", "a", "abcdefgh", "a/b", "/a", "a/", "abcdefg/b", "abcdefgh/i", "0/abcdefghijklmnop/q", "//", "0./.0/0"]
        {
            assert_eq!(slash(path.as_bytes()), path.find('/').unwrap_or(path.len()), "{path}");
            assert_eq!(before_last(path.as_bytes()), path.rfind('/').map_or(0, |at| at + 1), "{path}");
            let (len, key) = Key::first(path.as_bytes());
            assert_eq!((len, key), (slash(path.as_bytes()), Key::of(&path.as_bytes()[..len])), "{path}");
        }
        for (path, found) in [
            ("a/../b", true),
            ("..", true),
            ("a/..", true),
            ("...", false),
            ("a..b/..c/d..", false),
            ("1234567/../9", true),
            ("123456/../9", true),
            ("12345/../9", true),
            ("1234567./.9", false),
        ] {
            assert_eq!(has_parent(path.as_bytes()), found, "{path}");
        }
        for (path, short) in
            [("a/.", "a"), ("a/./", "a"), (".", ""), ("a.", "a."), ("/", ""), ("a/..", "a/.."), ("./.", "")]
        {
            assert_eq!(trimmed(path), short, "{path}");
        }
    }

    #[test]
    fn both_ways_through_the_tree_agree() {
        let patterns = [
            ("/src/**", masks(0, 1)),
            ("/src/a", masks(2, 0)),
            ("/src/a/b/**", masks(0, 4)),
            ("**/*.key", masks(8, 0)),
            ("**/last", masks(16, 0)),
            ("/", masks(0, 64)),
            ("/src/forms/*.x", masks(32, 0)),
        ];
        for number in 1..=patterns.len() {
            let tree = tree(&patterns[..number], Case::Sensitive);
            for path in [
                "",
                ".",
                "/",
                "a",
                "a/",
                "a/.",
                "a/b",
                "a/b/c/d/",
                "x.key",
                "q/x.key/.",
                "q/r/s/t/x.key",
                "q/last",
                "last/q",
                "forms/a.x",
                "forms/a.y",
                "q/../a",
                "..",
                "q/r/../s",
                "a/b/c/..",
                "./a",
                "//a//b",
            ] {
                for start in ["/src", "/", "src/./a"] {
                    let by_all = tree.find([start, path]).map_or(0, |place| place.masks().permitted());
                    for bit in (0..7).map(|bit| 1 << bit) {
                        let allows = tree.plainly_allows([start, path], bit, Masks::default());
                        assert!(!allows || by_all & bit != 0, "{start} {path}");
                        assert!(allows || by_all & bit == 0 || number == patterns.len(), "{start} {path}");
                    }
                }
            }
        }
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
