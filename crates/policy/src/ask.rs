//! What a policy says of a call, and why, rule by rule. Slow, and simple: the tables are tested against it.

use std::fmt;
use std::fmt::Write as _;

use crate::aspect::{self, Aspect};
use crate::decide::is_at;
use crate::destination;
use crate::error::shown;
use crate::expect::{Expectation, Question, Where, parse_where};
use crate::policy::{Policy, default_code, is_for};
use crate::rule::{Rule, Verb, parse_call};

/// What decides on one aspect of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) allowed: bool,
    /// The rule, by its number; none where no rule says anything.
    pub(crate) rule: Option<usize>,
}

/// What deserves a line: why calls are decided on as they are, or that an expectation is not met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// True if the calls may happen.
    pub allowed: bool,
    /// The calls and the reason, in a line.
    pub line: String,
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.line)
    }
}

impl Policy {
    /// The rule that decides on an aspect.
    pub(crate) fn ask(&self, aspect: Aspect, place: &Where, program: Option<&[u8; 32]>) -> Finding {
        let rules = self.document.rules.iter().enumerate();
        let about: Vec<_> =
            rules.filter(|(_, rule)| is_for(rule, program) && is_about(rule, aspect, place, self)).collect();
        let code = |rule: &Rule| rule.error.unwrap_or(default_code(aspect)) as usize;
        let denying = about.iter().filter(|(_, rule)| rule.verb == Verb::Deny);
        if let Some((number, _)) = denying.min_by_key(|(number, rule)| (code(rule), *number)) {
            return Finding { allowed: false, rule: Some(*number) };
        }
        let allowing = about.iter().find(|(_, rule)| rule.verb == Verb::Allow);
        Finding {
            allowed: allowing.is_some() || aspect::known()[aspect].free,
            rule: allowing.map(|(number, _)| *number),
        }
    }

    /// Why the calls that `call` names may go to `place`, or not: a line for each reason. `place` is a path, an address with its port, or a
    /// name to look up; none for calls that go nowhere.
    ///
    /// # Errors
    /// In words, where that is no call, or can't go there.
    pub fn explain(&self, call: &str, place: Option<&str>) -> Result<Vec<Answer>, String> {
        let aspects = parse_call(call)?;
        let question = match place {
            Some(place) => parse_where(place, aspects)?,
            None => Question::new(aspects, None, None)?,
        };
        let mut reasons: Vec<(Finding, Vec<String>)> = Vec::new();
        for aspect in question.aspects.iter() {
            let finding = self.ask(aspect, &question.place, self.program.as_ref());
            let words = aspect::words(aspect);
            match reasons.iter_mut().find(|(known, _)| *known == finding) {
                Some((_, calls)) => calls.push(words),
                None => reasons.push((finding, vec![words])),
            }
        }
        let answer = |(finding, calls): (Finding, Vec<String>)| {
            let (verdict, why) = (if finding.allowed { "allow" } else { "deny" }, self.why(finding));
            Answer { allowed: finding.allowed, line: format!("{verdict}  {why}  for {}", calls.join(", ")) }
        };
        Ok(reasons.into_iter().map(answer).collect())
    }

    fn why(&self, finding: Finding) -> String {
        match finding.rule {
            Some(number) => format!("{}: {}", self.place_of(number), self.document.rules[number].text),
            None if finding.allowed => "no rule speaks against it".to_owned(),
            None => "no rule allows it".to_owned(),
        }
    }

    /// The file and the line of a rule, by the number that a [reason](callgate_gate::Reason::Rule) names: `p.toml:12`.
    #[must_use]
    pub fn place_of(&self, rule: usize) -> String {
        let Some(rule) = self.document.rules.get(rule) else { return String::new() };
        format!("{}:{}", self.document.sources[rule.source].shown, rule.line)
    }

    /// The total of a rule that allows.
    pub(crate) fn total_of(&self, rule: usize) -> Option<crate::limit::Limit> {
        self.document.rules.get(rule).and_then(|rule| rule.total)
    }

    /// The text of a rule, on a line.
    #[must_use]
    pub fn text_of(&self, rule: usize) -> &str {
        self.document.rules.get(rule).map_or("", |rule| &rule.text)
    }

    /// The number of the expectations that its files have.
    #[must_use]
    pub fn expectations(&self) -> usize {
        self.document.expectations.len()
    }

    /// The expectations that are not met, a line for each.
    #[must_use]
    pub fn unmet(&self) -> Vec<String> {
        self.document.expectations.iter().filter_map(|expectation| self.check(expectation)).collect()
    }

    fn check(&self, expectation: &Expectation) -> Option<String> {
        let Expectation { question, program, allowed, source, line, .. } = expectation;
        let program = program.as_ref().or(self.program.as_ref());
        let findings = question.aspects.iter().map(|aspect| (aspect, self.ask(aspect, &question.place, program)));
        let (aspect, finding) = findings.into_iter().find(|(_, finding)| finding.allowed != *allowed)?;
        let mut text = format!(
            "{}:{line}: expected {}",
            self.document.sources[*source].shown,
            if *allowed { "allow" } else { "deny" }
        );
        // A String takes every text.
        let _ = write!(text, " for {}", aspect::words(aspect));
        let _ = match &question.place {
            Where::Nowhere => Ok(()),
            Where::Path(path) | Where::Name(path) => write!(text, " at {}", shown(path)),
            Where::Address(address) => write!(text, " at {address}"),
        };
        let _ = write!(text, "; {}", self.why(finding));
        Some(text)
    }

    /// Each rule, with its file and line, in the order of their numbers, which is that of the files.
    pub fn lines(&self) -> impl Iterator<Item = (String, &str)> {
        (0..self.document.rules.len()).map(|number| (self.place_of(number), self.text_of(number)))
    }
}

fn is_about(rule: &Rule, aspect: Aspect, place: &Where, policy: &Policy) -> bool {
    rule.aspects.contains(aspect)
        && match place {
            Where::Nowhere => rule.paths.is_none() && (rule.to.is_none() || rule.verb == Verb::Allow),
            Where::Path(path) => rule.to.is_none() && (rule.paths.is_none() || is_at(rule, [path, ""], policy.case)),
            Where::Address(address) => {
                rule.paths.is_none()
                    && rule.to.as_ref().is_none_or(|to| to.iter().any(|to| destination::is_at(to, *address)))
            }
            Where::Name(name) => {
                rule.paths.is_none()
                    && rule.to.as_ref().is_none_or(|to| to.iter().any(|to| destination::is_of(to, name)))
            }
        }
}
