//! The tree while it grows.

use std::collections::HashMap;

use super::{Branch, Node};
use crate::glob::{Glob, Step};
use crate::masks::Masks;

/// A tree that still grows.
pub(super) struct Building {
    pub(super) nodes: Vec<Branch>,
    pub(super) names: HashMap<(Node, String), Node>,
}

impl Building {
    /// A tree of the root alone.
    pub(super) fn new() -> Self {
        Self { nodes: vec![Branch::default()], names: HashMap::new() }
    }

    /// Adds a pattern.
    pub(super) fn add(&mut self, glob: &Glob, masks: Masks) {
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
    pub(super) fn look_inside(&mut self) {
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
