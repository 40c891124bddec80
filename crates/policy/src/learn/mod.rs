//! Learning a policy: an observer that collects what a run needs, and writes it as rules.
//!
//! What is kept is bounded, however many paths a guest uses: the tree of paths folds early. Calls that somebody refused are not learned, and
//! no folding covers their places.

mod fold;
mod moves;
mod network;
#[cfg(test)]
mod tests;
mod tree;
mod write;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use callgate_gate::{Call, Class, Decider, Event, Observer, Resolved, Verdict};

use crate::aspect::{self, Aspect, RENAME_NEW, Target};
use crate::decide::{CUT, ends};
use crate::glob::components;
use crate::policy::Policy;
use crate::trie::Trie;
use moves::Move;
use network::Peers;
use tree::{Tree, Used};

/// Moves that are kept.
const MOVES: usize = 1024;

/// Takes the text of the policy at the end of the run.
type Finish = Box<dyn FnOnce(&str) -> io::Result<()> + Send>;

/// A decider and an observer: as the one it allows everything, and hears what names lead to; as the other it sees what the run uses.
pub struct Learner {
    program: String,
    /// Tells paths of which the place is known by their text.
    probe: Trie,
    state: Mutex<State>,
}

struct State {
    learned: Learned,
    end: End,
}

enum End {
    Ahead(Finish),
    Written,
    Failed(io::ErrorKind),
}

/// What a run used.
#[derive(Default)]
pub(crate) struct Learned {
    tree: Tree,
    peers: Peers,
    /// Calls that no path and no address belongs to, by the words that name them in a rule.
    bare: BTreeMap<&'static str, Used>,
    moves: BTreeSet<Move>,
    calls: u64,
    /// Uses that are not in the policy, since too much was used.
    unlisted: u64,
}

impl Learner {
    /// Learns the run of `program`, which sees its mounts at these paths. `finish` gets the policy when the run is over.
    pub fn new(
        program: impl Into<String>,
        mounts: impl IntoIterator<Item = impl AsRef<str>>,
        finish: impl FnOnce(&str) -> io::Result<()> + Send + 'static,
    ) -> Self {
        let mut learned = Learned::default();
        mounts.into_iter().for_each(|mount| learned.tree.add_mount(mount.as_ref()));
        let probe = Trie::new(std::iter::empty(), crate::Case::Sensitive);
        let state = State { learned, end: End::Ahead(Box::new(finish)) };
        Self { program: program.into(), probe, state: Mutex::new(state) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Decider for Learner {
    /// The policy that is learned is asked about what calls reach, so that is what is learned.
    fn asks_about_paths(&self) -> bool {
        true
    }

    fn decide(&self, _: &Call<'_>, _: Option<&Resolved<'_>>) -> Verdict {
        Verdict::Allow
    }

    fn learn(&self, name: &str, address: IpAddr) {
        self.state().learned.peers.learn(name, address);
    }
}

impl Observer for Learner {
    fn observe(&self, event: &Event<'_>) -> io::Result<()> {
        let state = &mut *self.state();
        if !matches!(state.end, End::Ahead(_)) {
            return Err(io::Error::other("the run was said to be over"));
        }
        let is_refused = event.outcome.refusal.is_some();
        state.learned.add(event.call, event.resolved, is_refused, &self.probe);
        Ok(())
    }

    fn finish(&self, _: &dyn fmt::Display) -> io::Result<()> {
        let state = &mut *self.state();
        match std::mem::replace(&mut state.end, End::Written) {
            End::Written => Ok(()),
            End::Failed(kind) => {
                state.end = End::Failed(kind);
                Err(kind.into())
            }
            End::Ahead(finish) => {
                let text = state.learned.write(&self.program);
                finish(&text).inspect_err(|error| state.end = End::Failed(error.kind()))
            }
        }
    }
}

impl Learned {
    fn add(&mut self, call: &Call<'_>, resolved: Option<&Resolved<'_>>, is_refused: bool, probe: &Trie) {
        self.calls += 1;
        let few = aspect::of(call);
        for aspect in few.as_slice().iter().copied().filter(|aspect| !aspect::known()[*aspect].free) {
            match aspect::known()[aspect].target {
                Target::Place => self.add_at_place(call, resolved, aspect, is_refused, probe),
                _ if is_refused => {}
                target => self.add_elsewhere(call, aspect, target),
            }
        }
        if !is_refused {
            self.peers.note_bind(call);
            self.add_move(call, resolved);
        }
    }

    fn add_elsewhere(&mut self, call: &Call<'_>, aspect: Aspect, target: Target) {
        let class = aspect::known()[aspect].classes.iter().next();
        if let (true, Some(access), Some(class)) = (target != Target::None, aspect::destination(call), class) {
            if !self.peers.add(class, access, call.function()) {
                self.unlisted += 1;
            }
            return;
        }
        self.add_bare(call, class);
    }

    fn add_bare(&mut self, call: &Call<'_>, class: Option<Class>) {
        let words = if class == Some(Class::Environment) { "class:env" } else { call.function() };
        self.bare.entry(words).or_insert_with(|| Used::by(call.function(), "")).count += 1;
    }

    fn add_at_place(
        &mut self,
        call: &Call<'_>,
        resolved: Option<&Resolved<'_>>,
        aspect: Aspect,
        is_refused: bool,
        probe: &Trie,
    ) {
        let Some(class) = aspect::known()[aspect].classes.iter().next() else { return };
        let Some((first, second)) = ends(call) else { return self.add_bare(call, Some(class)) };
        let second_class = if let Call::RenameAt { .. } = call {
            aspect::known()[RENAME_NEW].classes.iter().next().unwrap_or(class)
        } else {
            class
        };
        let places = resolved.map(|resolved| (Some(resolved.place), resolved.new_place)).unwrap_or_default();
        for ((handle, path), class, place) in [(Some(first), class, places.0), (second, second_class, places.1)]
            .into_iter()
            .filter_map(|(end, class, place)| Some((end?, class, place)))
        {
            let Some(mount) = handle.mount else {
                self.add_bare(call, Some(class));
                continue;
            };
            self.tree.add_mount(&mount.guest_path);
            let parts = place.map_or([handle.name, path], |place| [&place.mount.guest_path, place.path]);
            let is_known = place.is_some() || !handle.name.starts_with(CUT) && probe.find(parts).is_ok();
            let path = parts.into_iter().flat_map(components);
            let is_listed = match (is_refused, is_known) {
                (true, true) => self.tree.refuse(path, class),
                (true, false) => true,
                (false, true) => self.tree.add(path, class, call.function()),
                (false, false) => self.tree.add_below(components(&mount.guest_path), class, call.function()),
            };
            self.unlisted += u64::from(!is_listed);
        }
    }

    fn add_move(&mut self, call: &Call<'_>, resolved: Option<&Resolved<'_>>) {
        let Some(found) = Move::of(call, resolved) else { return };
        if self.moves.len() < MOVES || self.moves.contains(&found) {
            self.moves.insert(found);
        } else {
            self.unlisted += 1;
        }
    }

    /// The policy, as the text of a file. Folded no further than its readers need, unless it would be longer than a policy may be.
    pub(crate) fn write(&mut self, program: &str) -> String {
        let levels = fold::Level::ALL.iter();
        let texts = levels.map(|level| self.write_folded(program, *level));
        texts
            .into_iter()
            .find(|text| Policy::parse("learned", text, None).is_ok())
            .unwrap_or_else(|| "version = 1\n".to_owned())
    }
}
