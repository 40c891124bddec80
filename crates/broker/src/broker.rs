//! The decider.

use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use callgate_gate::{Call, Class, Classes, Decider, Reason, Resolved, Verdict};
use callgate_system::{Code, Untrusted};

use crate::answer::{self, Decision};
use crate::cache::Cache;
use crate::link::{Link, Peer};
use crate::question::Question;

/// Denials that are told in full.
const TOLD: usize = 10;

/// Bytes of a place that are shown.
const SHOWN: usize = 256;

/// Takes the lines for a person, each without an end.
pub type Say = Box<dyn Fn(&str) + Send + Sync>;

/// How a broker is asked.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The calls that it is asked about: those of any of these classes.
    pub asks: Classes,
    /// The time that it has for an answer.
    pub timeout: Duration,
    /// The end of the run's time, which ends each wait too.
    pub until: Option<Instant>,
}

impl Default for Options {
    fn default() -> Self {
        Self { asks: asked_by_default(), timeout: Duration::from_secs(5), until: None }
    }
}

/// The classes of calls that reach something outside of the program: files, the network, the environment.
#[must_use]
pub fn asked_by_default() -> Classes {
    let inside =
        [Class::Clock, Class::Random, Class::Arguments, Class::Stdio, Class::Stream, Class::Wait, Class::Process];
    Class::ALL.iter().copied().filter(|class| !inside.contains(class)).collect()
}

/// A decider that asks another process.
pub struct Broker {
    name: String,
    options: Options,
    say: Say,
    state: Mutex<State>,
}

struct State {
    /// None once the broker has failed.
    link: Option<Link>,
    /// The questions so far.
    asked: u64,
    cache: Cache,
    told: Vec<String>,
}

impl Broker {
    /// Starts the broker, or connects to it. `say` takes a line for each denial, up to ten different ones, and one when the broker fails.
    ///
    /// # Errors
    /// If there is no such program or socket, or no thread can be had.
    pub fn start(peer: &Peer, options: Options, say: Say) -> io::Result<Self> {
        let state = State { link: Some(Link::open(peer)?), asked: 0, cache: Cache::default(), told: Vec::new() };
        Ok(Self { name: Untrusted::new(peer).at_most(SHOWN).to_string(), options, say, state: Mutex::new(state) })
    }

    /// The questions that it was asked so far.
    #[must_use]
    pub fn asked(&self) -> u64 {
        self.state().asked
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The decision on a question, from the cache or from the broker; without one, the broker has failed.
    fn decision(&self, question: &Question<'_>) -> Option<Decision> {
        let state = &mut *self.state();
        let link = state.link.as_mut()?;
        if question.is_too_long() {
            return Some(Decision::Deny(None));
        }
        if let Some(known) = state.cache.find(question) {
            return Some(known);
        }
        state.asked += 1;
        let answered = link.ask(question.line(state.asked), self.time()).and_then(|line| match line {
            Some(line) => answer::parse(&line, state.asked),
            None if self.time().is_zero() => Err("it gave no answer before the time of the run was over".to_owned()),
            None => Err(format!("it gave no answer within {:?}", self.options.timeout)),
        });
        match answered {
            Ok(answer) => {
                state.cache.keep(question, answer);
                Some(answer.decision)
            }
            Err(why) => {
                state.link = None;
                (self.say)(&format!(
                    "the broker {} failed: {why}; what it is asked about is denied from now on",
                    self.name
                ));
                None
            }
        }
    }

    /// The time that an answer may take.
    fn time(&self) -> Duration {
        let left = self.options.until.map(|until| until.saturating_duration_since(Instant::now()));
        left.map_or(self.options.timeout, |left| left.min(self.options.timeout))
    }

    fn tell(&self, question: &Question<'_>) {
        let place = question.places.iter().map(|place| Untrusted::new(place).at_most(SHOWN).quoted().to_string());
        let places = place.collect::<Vec<_>>().join(" to ");
        let of = if places.is_empty() { "" } else { " of " };
        let line = format!("the broker {} denies {}{of}{places}", self.name, question.function());
        let told = &mut self.state().told;
        if told.len() < TOLD && !told.contains(&line) {
            (self.say)(&line);
            told.push(line);
        }
    }
}

impl Decider for Broker {
    /// Questions say where a path leads.
    fn asks_about_paths(&self) -> bool {
        true
    }

    fn decide(&self, call: &Call<'_>, resolved: Option<&Resolved<'_>>) -> Verdict {
        if !call.classes().meets(self.options.asks) {
            return Verdict::Allow;
        }
        let question = Question::new(call, resolved);
        let error = match self.decision(&question) {
            Some(Decision::Allow) => return Verdict::Allow,
            Some(Decision::Deny(error)) => {
                self.tell(&question);
                error
            }
            None => None,
        };
        Verdict::Deny { code: error.unwrap_or_else(|| default_code(question.classes)), reason: Reason::Broker }
    }
}

/// The error of a denial that names none: the one of the call's interface.
fn default_code(classes: Classes) -> Code {
    let files = [Class::Read, Class::Write, Class::Create, Class::Delete, Class::Stat, Class::List];
    if classes.meets(files.into_iter().collect()) { Code::Access } else { Code::AccessDenied }
}
