//! What a person is told of a refused call: the rule, the call, where it went, and what to add.

use callgate_gate::{Call, NetworkAccess, Reason, Resolved, Value};
use callgate_system::Untrusted;

use crate::ask::Finding;
use crate::aspect::{self, Aspect, RENAME_NEW, Target};
use crate::expect::Where;
use crate::glob::components;
use crate::policy::Policy;

/// Bytes of a path or a name that are shown.
const SHOWN: usize = 256;

/// A refused call, in words.
pub(crate) struct Refused<'a> {
    pub(crate) policy: &'a Policy,
    pub(crate) call: &'a Call<'a>,
    pub(crate) resolved: Option<&'a Resolved<'a>>,
    pub(crate) reason: Reason,
}

impl Refused<'_> {
    /// The line, without a name in front: `p.toml:7 denies …` or `p.toml allows no …; add …`.
    pub(crate) fn line(&self) -> String {
        match self.reason {
            Reason::Rule(number) => {
                let rule = self.policy.place_of(number as usize);
                if let Some(total) = self.policy.total_of(number as usize) {
                    let what = self.what(self.aspects()[0], &self.ends()[0]);
                    return format!(
                        "{rule} refuses {what}; its total of {total} has no room for it, so raise that to permit more"
                    );
                }
                format!(
                    "{rule} denies {}; to permit it, change that rule",
                    self.what(self.aspects()[0], &self.ends()[0])
                )
            }
            _ => self.not_allowed(),
        }
    }

    fn not_allowed(&self) -> String {
        let file = self.policy.name();
        let ends = self.ends();
        let asked = self.aspects();
        for (aspect, end) in asked.iter().zip(ends.iter().cycle()) {
            if self.is_unclear(end) {
                let what = self.what(*aspect, end);
                return format!(
                    "{file} refuses {what}; its path has `..`, so rules about paths can't tell where it leads"
                );
            }
        }
        let missing = self.missing(&asked, &ends);
        let Some((aspect, end)) = missing.first() else {
            let (old, new) = (show(&ends[0]), ends.get(1).map(show).unwrap_or_default());
            let function = self.call.function();
            return format!(
                "{file} refuses {function} of {old} to {new}; other rules hold at the new place, so copy the file instead"
            );
        };
        let mut classes: Vec<String> =
            missing.iter().map(|(aspect, _)| format!("\"class:{}\"", aspect::class(*aspect))).collect();
        classes.dedup();
        let calls = if let [one] = &*classes { one.clone() } else { format!("[{}]", classes.join(", ")) };
        let mut text =
            format!("{file} allows no {}; to permit it, add [[allow]] with call = {calls}", self.what(*aspect, end));
        let mut places: Vec<String> = missing.iter().map(|(_, end)| show(end)).collect();
        places.dedup();
        let places = if let [one] = &*places { one.clone() } else { format!("[{}]", places.join(", ")) };
        let on_network = aspect::known()[*aspect].classes.meets(aspect::network());
        match end {
            Where::Path(_) => text.push_str(&format!(" and path = {places}")),
            Where::Address(address) => text.push_str(&format!(" and to = \"{address}\"")),
            Where::Name(_) => text.push_str(&format!(" and to = {places}")),
            Where::Nowhere if on_network => text.push_str(" and the addresses as `to`"),
            Where::Nowhere => {}
        }
        text
    }

    /// The aspects that nothing allows, each with its end.
    fn missing(&self, asked: &[Aspect], ends: &[Where]) -> Vec<(Aspect, Where)> {
        let mut missing = Vec::new();
        for (number, end) in ends.iter().enumerate() {
            let of_end = |aspect: &Aspect| {
                !matches!(self.call, Call::RenameAt { .. }) || (*aspect == RENAME_NEW) == (number == 1)
            };
            for aspect in asked.iter().filter(|aspect| of_end(aspect)) {
                let Finding { allowed, .. } = self.policy.ask(*aspect, end, self.policy.program.as_ref());
                if !allowed {
                    missing.push((*aspect, end.clone()));
                }
            }
        }
        missing
    }

    fn aspects(&self) -> Vec<Aspect> {
        let mut aspects = aspect::of(self.call).as_slice().to_vec();
        if let Call::RenameAt { .. } = self.call {
            aspects.push(RENAME_NEW);
        }
        aspects
    }

    /// Where the call goes, as rules see it.
    fn ends(&self) -> Vec<Where> {
        match aspect::destination(self.call) {
            Some(NetworkAccess::Resolve(name)) => return vec![Where::Name(name.to_owned())],
            Some(access) => return crate::rule::as_connection(access).map(Where::Address).into_iter().collect(),
            None => {}
        }
        if aspect::known()[aspect::of(self.call).as_slice()[0]].target != Target::Place {
            return vec![Where::Nowhere];
        }
        if let Some(resolved) = self.resolved {
            let of = |place: callgate_gate::Place<'_>| Where::Path(joined(&place.mount.guest_path, place.path));
            return std::iter::once(resolved.place).chain(resolved.new_place).map(of).collect();
        }
        let mut ends: Vec<Where> = Vec::new();
        for (_, value) in self.call.arguments() {
            match (value, ends.last_mut()) {
                (Value::Handle(handle), _) if handle.mount.is_some() => ends.push(Where::Path(joined(handle.name, ""))),
                (Value::Path(path), Some(Where::Path(last))) => *last = joined(last, path),
                _ => {}
            }
        }
        if ends.is_empty() { vec![Where::Nowhere] } else { ends }
    }

    fn is_unclear(&self, end: &Where) -> bool {
        self.resolved.is_none()
            && matches!(end, Where::Path(path) if components(path).any(|component| component == ".."))
    }

    fn what(&self, aspect: Aspect, end: &Where) -> String {
        let words = aspect::words(aspect);
        match (end, words.split_once(' ')) {
            (Where::Nowhere, _) => words,
            (_, None) => format!("{words} of {}", show(end)),
            (_, Some((function, how))) => format!("{function} of {} {how}", show(end)),
        }
    }
}

/// A path as rules have it: without a component that says nothing.
fn joined(folder: &str, path: &str) -> String {
    let mut text = String::with_capacity(folder.len() + path.len() + 1);
    for component in components(folder).chain(components(path)) {
        text.push('/');
        text.push_str(component);
    }
    if text.is_empty() { "/".to_owned() } else { text }
}

fn show(end: &Where) -> String {
    match end {
        Where::Nowhere => String::new(),
        Where::Path(text) | Where::Name(text) => Untrusted::new(text).at_most(SHOWN).quoted().to_string(),
        Where::Address(address) => address.to_string(),
    }
}
