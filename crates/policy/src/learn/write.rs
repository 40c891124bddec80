//! A learned policy as the text of a file.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use callgate_gate::Class;
use callgate_system::Untrusted;

use super::Learned;
use super::fold::{Level, patterns};
use super::moves;
use super::tree::{CLASSES, Used};
use crate::policy::Policy;

/// Bytes of an example that are shown.
const SHOWN: usize = 120;

/// How often the policy is mended for moves, each time with more below them.
const MENDED: usize = 4;

/// The classes that need a pattern, and what needed it.
type Needs = BTreeMap<String, (BTreeSet<Class>, Used)>;

impl Learned {
    /// The policy, folded as `level` says.
    pub(super) fn write_folded(&mut self, program: &str, level: Level) -> String {
        moves::hand_on(&mut self.tree, self.moves.iter());
        let mut text = self.text(program, level);
        for round in 0..MENDED {
            let Ok(policy) = Policy::parse("learned", &text, None) else { break };
            if !moves::mend(&mut self.tree, self.moves.iter(), &policy, round > 0) && round > 0 {
                break;
            }
            text = self.text(program, level);
        }
        text
    }

    fn text(&self, program: &str, level: Level) -> String {
        // A String takes every text.
        let mut text = String::new();
        let (program, calls) = (Untrusted::new(program).at_most(SHOWN), self.calls);
        let _ = writeln!(text, "# What a run of {program} needed, learned from its {calls} calls.");
        if self.unlisted > 0 {
            let _ = writeln!(text, "# It used more than is kept: {} uses are not in here.", self.unlisted);
        }
        text.push_str("version = 1\n");
        self.places(level, &mut text);
        for (class, words) in self.peers.words() {
            rule(&mut text, &[format!("class:{class}")], "to", &words.into_iter().collect::<Vec<_>>());
        }
        self.others(&mut text);
        text
    }

    /// The rules about paths: patterns that need the same classes share one.
    fn places(&self, level: Level, text: &mut String) {
        let mut needs = Needs::new();
        for class in CLASSES {
            for found in patterns(&self.tree, class, level) {
                let need = needs
                    .entry(found.glob)
                    .or_insert_with(|| (BTreeSet::new(), Used { count: 0, ..found.used.clone() }));
                need.0.insert(class);
                need.1.and(&found.used);
            }
        }
        let mut rules: BTreeMap<BTreeSet<Class>, Vec<(String, Used)>> = BTreeMap::new();
        for (glob, (classes, used)) in needs {
            rules.entry(classes).or_default().push((glob, used));
        }
        for (classes, globs) in rules {
            let calls: Vec<String> = classes.iter().map(|class| format!("class:{class}")).collect();
            rule(text, &calls, "path", &globs);
        }
    }

    /// The calls without a path or an address that no rule of above allows.
    fn others(&self, text: &mut String) {
        for (words, used) in &self.bare {
            let classes = crate::rule::parse_call(words).unwrap_or_default();
            let is_covered = classes.iter().any(|aspect| {
                let known = crate::aspect::known()[aspect];
                known.target != crate::aspect::Target::Place && known.classes.iter().any(|class| self.peers.has(class))
            });
            if !is_covered {
                rule(text, &[(*words).to_owned()], "", &[(String::new(), used.clone())]);
            }
        }
    }
}

/// Appends a rule. With several values, each has its comment.
fn rule(text: &mut String, calls: &[String], key: &str, values: &[(String, Used)]) {
    let calls: Vec<String> = calls.iter().map(|call| quoted(call)).collect();
    let calls = if let [one] = &*calls { one.clone() } else { format!("[{}]", calls.join(", ")) };
    text.push('\n');
    match values {
        [] => {}
        [(value, used)] => {
            let _ = writeln!(text, "# {}\n[[allow]]\ncall = {calls}", because(used));
            if !key.is_empty() {
                let _ = writeln!(text, "{key} = {}", quoted(value));
            }
        }
        several => {
            let calls_made: u64 = several.iter().map(|(_, used)| used.count).sum();
            let _ = writeln!(text, "# {}\n[[allow]]\ncall = {calls}\n{key} = [", count(calls_made));
            for (value, used) in several {
                let _ = writeln!(text, "    {}, # {}", quoted(value), because(used));
            }
            text.push_str("]\n");
        }
    }
}

/// What needed a rule: `12 calls, the first descriptor.open-at of "/src/a"`.
fn because(used: &Used) -> String {
    let first = match &*used.example {
        "" => used.call.to_owned(),
        example => format!("{} of {}", used.call, Untrusted::new(example).at_most(SHOWN).quoted()),
    };
    match used.count {
        0 => format!("a file that is moved keeps its uses: {first}"),
        1 => format!("1 call, {first}"),
        many => format!("{many} calls, the first {first}"),
    }
}

fn count(calls: u64) -> String {
    if calls == 1 { "1 call".to_owned() } else { format!("{calls} calls") }
}

/// `text` as a string of TOML: printable ASCII alone.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => out.extend(['\\', character]),
            ' '..='~' => out.push(character),
            other => drop(write!(out, "\\U{:08x}", u32::from(other))),
        }
    }
    out.push('"');
    out
}

/// A name as a pattern that matches nothing else.
pub(super) fn literal(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    for character in name.chars() {
        if "*?[{\\".contains(character) {
            text.push('\\');
        }
        text.push(character);
    }
    text
}
