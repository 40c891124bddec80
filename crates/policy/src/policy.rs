//! A policy, compiled: tables by call, so that a decision costs the same whatever the number of rules.
//!
//! A decision reads three tables: what holds for the call wherever it goes, what holds at its place (`trie.rs`), and what holds at its
//! address (`destination.rs`). Each yields sets of aspects, and what one of them denies is denied. Only then, when a rule has to be
//! named, are the rules gone through one by one.

use std::path::Path;
use std::sync::Arc;

use callgate_gate::{Call, Reason, Verdict};
use callgate_system::Code;

use crate::aspect::{self, Aspect, Target};
use crate::destination::Destinations;
use crate::error::PolicyError;
use crate::glob::Case;
use crate::limit::Meter;
use crate::masks::Masks;
use crate::parse::{self, Document};
use crate::rule::{Rule, Verb};
use crate::source::State;
use crate::trie::Trie;

/// A policy, for one program.
pub struct Policy {
    pub(crate) document: Document,
    pub(crate) program: Option<[u8; 32]>,
    /// How names compare where nobody tells of the place.
    pub(crate) case: Case,
    pub(crate) flow: [Flow; aspect::COUNT],
    /// The bit of each aspect at places.
    pub(crate) bits: [u64; aspect::COUNT],
    /// Those of openings to read, to write and to create.
    pub(crate) opening: [u64; 3],
    /// What holds at every place.
    pub(crate) places: Masks,
    pub(crate) exact: Trie,
    pub(crate) folded: Trie,
    /// True if a rule is about places.
    pub(crate) has_paths: bool,
    /// What holds at every address, and before there is one.
    pub(crate) addresses: Masks,
    pub(crate) unaddressed: Masks,
    pub(crate) destinations: Destinations,
    /// The rules with limits, by their numbers, and what was used of each.
    pub(crate) limited: Vec<(usize, Arc<Meter>)>,
}

/// How an aspect is decided on.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Flow {
    /// Always in this way.
    Settled(Verdict),
    /// By its place.
    Place,
    /// By its address or name.
    Address,
}

impl Policy {
    /// The policy in the file at `path`, for the program with this SHA-256; without a program, rules that name one hold for none.
    ///
    /// # Errors
    /// If a file can't be read, or says what is not understood.
    pub fn load(path: &Path, program: Option<[u8; 32]>) -> Result<Self, PolicyError> {
        parse::load(path).map(|document| Self::new(document, program))
    }

    /// The policy in `text`, which has no includes. `name` stands for its file in messages.
    ///
    /// # Errors
    /// If it says what is not understood.
    pub fn parse(name: &str, text: &str, program: Option<[u8; 32]>) -> Result<Self, PolicyError> {
        parse::parse(name, text).map(|document| Self::new(document, program))
    }

    fn new(document: Document, program: Option<[u8; 32]>) -> Self {
        let mut policy = Self {
            document,
            program,
            case: Case::default(),
            flow: [Flow::Place; aspect::COUNT],
            bits: std::array::from_fn(|aspect| aspect::known()[aspect].bit),
            opening: aspect::OPENING.map(|aspect| aspect::known()[aspect].bit),
            places: Masks::default(),
            exact: Trie::new(std::iter::empty(), Case::Sensitive),
            folded: Trie::new(std::iter::empty(), Case::Insensitive),
            has_paths: false,
            addresses: Masks::default(),
            unaddressed: Masks::default(),
            destinations: Destinations::new(std::iter::empty()),
            limited: Vec::new(),
        };
        policy.compile();
        policy
    }

    /// The same, where names compare like this, unless whoever resolved a path knows better.
    #[must_use]
    pub fn comparing(self, case: Case) -> Self {
        Self { case, ..self }
    }

    /// True if a rule holds for some programs only.
    #[must_use]
    pub fn names_programs(&self) -> bool {
        let of_rules = self.document.rules.iter().any(|rule| rule.programs.is_some());
        of_rules || self.document.expectations.iter().any(|expectation| expectation.program.is_some())
    }

    /// True if the decision on `call` depends on the place that it reaches: only then is resolving it worth its time.
    #[must_use]
    pub fn depends_on_place(&self, call: &Call<'_>) -> bool {
        self.has_paths && matches!(self.flow[call.number()], Flow::Place)
    }

    /// The number of its rules.
    #[must_use]
    pub fn len(&self) -> usize {
        self.document.rules.len()
    }

    /// True if it has no rules.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.document.rules.is_empty()
    }

    /// Goes on counting where `before` stopped, for rules with limits that are the same in both.
    pub(crate) fn go_on_from(&mut self, before: &Self) {
        for (number, meter) in &mut self.limited {
            let text = &self.document.rules[*number].text;
            let known = before.limited.iter().find(|(other, _)| before.document.rules[*other].text == *text);
            if let Some((_, known)) = known {
                *meter = Arc::clone(known);
            }
        }
    }

    /// Its file, for messages.
    #[must_use]
    pub fn name(&self) -> &str {
        self.document.sources.first().map_or("", |source| &source.shown)
    }

    /// Its files: the one that was named first, then those that it includes.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.document.sources.iter().map(|source| &*source.path)
    }

    /// The states in which its files were read.
    pub(crate) fn states_read(&self) -> Vec<Option<State>> {
        self.document.sources.iter().map(|source| source.state.clone()).collect()
    }

    /// The states in which they are now.
    pub(crate) fn states_now(&self) -> Vec<Option<State>> {
        self.document.sources.iter().map(|source| State::of(&source.path)).collect()
    }

    /// The rules that hold for the program, with their numbers.
    pub(crate) fn rules(&self) -> impl Iterator<Item = (usize, &Rule)> {
        let holds = |rule: &Rule| is_for(rule, self.program.as_ref());
        self.document.rules.iter().enumerate().filter(move |(_, rule)| holds(rule))
    }

    fn compile(&mut self) {
        let known = aspect::known();
        let free = |on_network: bool| {
            let is_of = |target| matches!(target, Target::Address | Target::Name) == on_network;
            let free = known.iter().filter(|known| known.free && known.target != Target::None && is_of(known.target));
            Masks { allow: free.fold(0, |mask, known| mask | known.bit), ..Masks::default() }
        };
        let (mut places, mut addresses, mut unaddressed) = (free(false), free(true), free(true));
        let (mut paths, mut to) = (Vec::new(), Vec::new());
        for (_, rule) in self.rules() {
            let (at_places, at_addresses) = effect(rule);
            match (&rule.paths, &rule.to) {
                (Some(globs), _) => paths.extend(globs.iter().map(|glob| (glob, at_places))),
                (None, Some(entries)) => {
                    to.extend(entries.iter().map(|entry| (entry, at_addresses)));
                    // It opens nothing yet, so what allows to go somewhere allows this too.
                    unaddressed |= Masks { deny: 0, watch: 0, ..at_addresses };
                }
                (None, None) => {
                    places |= at_places;
                    addresses |= at_addresses;
                    unaddressed |= at_addresses;
                }
            }
        }
        let exact = Trie::new(paths.iter().copied(), Case::Sensitive);
        let folded = Trie::new(paths.iter().copied(), Case::Insensitive);
        let mut by_path = Masks::default();
        paths.iter().for_each(|(_, masks)| by_path |= *masks);
        let destinations = Destinations::new(to.into_iter());
        let has_paths = !paths.is_empty();
        (self.has_paths, self.exact, self.folded, self.destinations) = (has_paths, exact, folded, destinations);
        (self.places, self.addresses, self.unaddressed) = (places, addresses, unaddressed);
        self.flow = std::array::from_fn(|aspect| self.flow_of(aspect, by_path));
        let has_limit = |rule: &Rule| rule.rate.is_some() || rule.total.is_some();
        let limited = self.rules().filter(|(_, rule)| has_limit(rule)).map(|(number, _)| (number, Arc::default()));
        self.limited = limited.collect();
    }

    fn flow_of(&self, aspect: Aspect, by_path: Masks) -> Flow {
        let known = aspect::known()[aspect];
        match known.target {
            Target::Address | Target::Name => Flow::Address,
            Target::None => Flow::Settled(self.settled(aspect)),
            // The call may be an opening of another kind.
            Target::Place if aspect == aspect::opening() => Flow::Place,
            // A name that moves or is added takes what holds below it along.
            Target::Place if self.has_paths && aspect::is_move(aspect) => Flow::Place,
            Target::Place => {
                let everywhere = self.places;
                let changed =
                    (by_path.deny | everywhere.watch | by_path.watch | by_path.allow & !everywhere.allow) & known.bit;
                if changed == 0 || everywhere.deny & known.bit != 0 {
                    Flow::Settled(self.settled(aspect))
                } else {
                    Flow::Place
                }
            }
        }
    }

    /// The verdict where no path and no address changes it.
    fn settled(&self, aspect: Aspect) -> Verdict {
        let about = || self.rules().filter(|(_, rule)| rule.paths.is_none() && rule.aspects.contains(aspect));
        let code = default_code(aspect);
        if let Some(verdict) = denial(about().filter(|(_, rule)| rule.to.is_none()), code) {
            return verdict;
        }
        if !aspect::known()[aspect].free && about().all(|(_, rule)| rule.verb != Verb::Allow) {
            return Verdict::Deny { code, reason: Reason::NotAllowed };
        }
        noted(about())
    }
}

/// True if a rule holds for this program.
pub(crate) fn is_for(rule: &Rule, program: Option<&[u8; 32]>) -> bool {
    rule.programs.as_ref().is_none_or(|programs| program.is_some_and(|program| programs.contains(program)))
}

/// The error of a denial that names none.
pub(crate) fn default_code(aspect: Aspect) -> Code {
    match aspect::known()[aspect].target {
        Target::Place => Code::Access,
        _ => Code::AccessDenied,
    }
}

/// The verdict of those of `rules` that deny, if there are any. The order of rules means nothing, so of several errors the first one
/// in the order of their declaration is told.
pub(crate) fn denial<'a>(rules: impl Iterator<Item = (usize, &'a Rule)>, default: Code) -> Option<Verdict> {
    let denying = rules.filter(|(_, rule)| rule.verb == Verb::Deny);
    let (code, number) = denying
        .map(|(number, rule)| (rule.error.unwrap_or(default), number))
        .min_by_key(|(code, number)| (*code as usize, *number))?;
    Some(Verdict::Deny { code, reason: Reason::Rule(number_of(number)) })
}

/// The verdict on what is allowed: to be noted, if one of `rules` wants that.
pub(crate) fn noted<'a>(mut rules: impl Iterator<Item = (usize, &'a Rule)>) -> Verdict {
    let found = rules.find(|(_, rule)| rule.verb == Verb::Log);
    found.map_or(Verdict::Allow, |(number, _)| Verdict::Log(number_of(number)))
}

fn number_of(rule: usize) -> u32 {
    u32::try_from(rule).unwrap_or(u32::MAX)
}

/// The effect of a rule: on places, and on addresses.
pub(crate) fn effect(rule: &Rule) -> (Masks, Masks) {
    let known = aspect::known();
    let (mut places, mut addresses) = (0, 0);
    for aspect in rule.aspects.iter() {
        match known[aspect].target {
            Target::None => {}
            Target::Place => places |= known[aspect].bit,
            Target::Address | Target::Name => addresses |= known[aspect].bit,
        }
    }
    let masks = |bits| Masks {
        deny: if rule.verb == Verb::Deny { bits } else { 0 },
        allow: if rule.verb == Verb::Allow { bits } else { 0 },
        watch: if rule.verb == Verb::Log { bits } else { 0 },
    };
    (masks(places), masks(addresses))
}
