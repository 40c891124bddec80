//! The answers that hold for further questions. Their number is bounded, and so is the length of each place, since a guest chooses both.

use std::collections::HashMap;

use callgate_gate::Classes;

use crate::answer::{Answer, Decision, Scope};
use crate::question::Question;

/// Answers that are kept. When there are more, all are forgotten: the broker is asked again.
const MOST: usize = 1024;

#[derive(Default)]
pub(crate) struct Cache {
    by_classes: HashMap<u32, Decision>,
    by_place: HashMap<(u32, String), Decision>,
}

impl Cache {
    /// The decision that an earlier answer made on this question too. A denial counts before an allowance.
    pub(crate) fn find(&self, question: &Question<'_>) -> Option<Decision> {
        let classes = bits(question.classes);
        let of_classes = self.by_classes.get(&classes).copied();
        if let Some(Decision::Deny(_)) = of_classes {
            return of_classes;
        }
        let at_place = || self.by_place.get(&(classes, question.key()?)).copied();
        if self.by_place.is_empty() { of_classes } else { at_place().or(of_classes) }
    }

    pub(crate) fn keep(&mut self, question: &Question<'_>, answer: Answer) {
        let classes = bits(question.classes);
        match (answer.scope, question.key()) {
            (Scope::Once, _) | (Scope::Path, None) => {}
            (Scope::Classes, _) => drop(self.by_classes.insert(classes, answer.decision)),
            (Scope::Path, Some(key)) => {
                if self.by_place.len() == MOST {
                    self.by_place.clear();
                }
                self.by_place.insert((classes, key), answer.decision);
            }
        }
    }
}

/// A number for a set of classes; there are as many sets as calls are of, a few dozen.
fn bits(classes: Classes) -> u32 {
    classes.iter().fold(0, |bits, class| bits | 1 << class as u32)
}
