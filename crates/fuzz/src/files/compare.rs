//! One sequence on all backends, call by call.

use std::fmt;

use super::operation::Operation;
use super::outcome::{Outcome, Told};
use super::rules::{Difference, rule};
use super::survey::{Tree, survey};
use super::tally::Tally;
use super::world::World;
use crate::backends::Backends;

/// The point on which backends disagree.
#[derive(Debug)]
pub enum Disagreement {
    /// A call was answered differently.
    Call {
        /// The call, and its place in the sequence.
        call: String,
        /// Backends with their answers.
        answers: Vec<(&'static str, Outcome)>,
    },
    /// The trees afterwards are different.
    Tree {
        /// Where they are.
        path: String,
        /// Backends with what stands there.
        nodes: Vec<(&'static str, String)>,
    },
    /// A backend changed what lies outside the root.
    Outside(&'static str),
}

impl fmt::Display for Disagreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Call { call, answers } => {
                writeln!(f, "{call} differs:")?;
                answers.iter().try_for_each(|(backend, answer)| writeln!(f, "  {backend}: {answer:?}"))
            }
            Self::Tree { path, nodes } => {
                writeln!(f, "the trees afterwards differ at {path}:")?;
                nodes.iter().try_for_each(|(backend, node)| writeln!(f, "  {backend}: {node}"))
            }
            Self::Outside(backend) => writeln!(f, "{backend} changed what lies outside the root"),
        }
    }
}

/// Runs a regression on all backends of this machine.
///
/// # Panics
/// Where they disagree.
pub fn agree(script: &[Operation]) {
    if let Err(found) = compare(&Backends::all(), script) {
        panic!("{found}");
    }
}

/// Runs `script` on each backend; what it did.
pub(crate) fn compare(backends: &Backends, script: &[Operation]) -> Result<Tally, Disagreement> {
    let mut worlds: Vec<(&'static str, World)> =
        backends.grounds().map(|(name, ground)| (name, World::new(ground))).collect();
    let outside: Vec<_> = worlds.iter().map(|(_, world)| world.ground.outside()).collect();
    let mut tally = Tally::default();
    for (number, operation) in script.iter().enumerate().filter(|(_, operation)| backends.can(operation)) {
        let answers: Vec<_> = worlds.iter_mut().map(|(name, world)| (*name, world.run(operation))).collect();
        if !is_agreed(operation, &answers, &mut tally) {
            return Err(Disagreement::Call { call: format!("call {number}, {operation:?},"), answers });
        }
    }
    let trees: Vec<_> = worlds.iter().map(|(name, world)| (*name, survey(world))).collect();
    if let Some(path) = different_path(&trees) {
        let node = |tree: &Tree| tree.get(&path).map_or_else(|| "nothing".to_owned(), |node| format!("{node:?}"));
        let nodes = trees.iter().map(|(name, tree)| (*name, node(tree))).collect();
        return Err(Disagreement::Tree { path, nodes });
    }
    let changed = worlds.iter().zip(outside).find(|((_, world), outside)| world.ground.outside() != *outside);
    match changed {
        Some(((name, _), _)) => Err(Disagreement::Outside(name)),
        None => Ok(tally),
    }
}

/// True if all backends answer the same, or differ only as the rules permit. Counts the call and the rules that it needed.
fn is_agreed(operation: &Operation, answers: &[(&str, Outcome)], tally: &mut Tally) -> bool {
    let Some(((_, first), others)) = answers.split_first() else { return true };
    tally.call(operation, first);
    if answers.iter().any(|(_, answer)| matches!(answer, Ok(Told::Broken(_)))) {
        return false;
    }
    let different = others.iter().filter(|(_, other)| other != first);
    let mut rules = different.map(|(backend, other)| rule(&Difference { operation, backend, first, other }));
    rules.all(|rule| rule.map(|rule| tally.rule(rule)).is_some())
}

fn different_path(trees: &[(&str, Tree)]) -> Option<String> {
    let ((_, first), others) = trees.split_first()?;
    let paths = |tree: &Tree| tree.keys().cloned().collect::<Vec<_>>();
    let different = |tree: &Tree| {
        let mut all: Vec<_> = [paths(first), paths(tree)].concat();
        all.sort();
        all.into_iter().find(|path| first.get(path) != tree.get(path))
    };
    others.iter().find_map(|(_, tree)| different(tree))
}
