//! One rule, as it was read: what it is about, and what it says.

use std::fmt::{self, Write as _};
use std::net::SocketAddr;
use std::ops::RangeInclusive;

use callgate_gate::{Host, NamePattern, Network, NetworkAccess, Rule as NetworkRule, RuleError};
use callgate_system::{Code, Untrusted};

use crate::aspect::{self, Aspect, Aspects, Target};
use crate::glob::Glob;
use crate::limit::Limit;

/// Bytes of another's message that are repeated.
const MESSAGE: usize = 200;

/// What a rule does with the calls that it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Allow,
    Deny,
    Log,
}

impl Verb {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
            Self::Log => "log",
        }
    }
}

/// A rule.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub(crate) verb: Verb,
    pub(crate) aspects: Aspects,
    /// Where it holds; `None` for everywhere.
    pub(crate) paths: Option<Vec<Glob>>,
    /// The addresses and hosts that it holds for; `None` for all.
    pub(crate) to: Option<Vec<To>>,
    /// The programs that it holds for; `None` for all.
    pub(crate) programs: Option<Vec<[u8; 32]>>,
    /// The error of a denial, if the rule names one.
    pub(crate) error: Option<Code>,
    pub(crate) rate: Option<Limit>,
    pub(crate) total: Option<Limit>,
    /// The file, by its number.
    pub(crate) source: usize,
    /// The line that it begins at, from 1.
    pub(crate) line: usize,
    /// What it says, on a line.
    pub(crate) text: String,
}

/// Addresses, or hosts by name.
#[derive(Clone, Debug)]
pub(crate) enum To {
    /// All addresses and all names, with these ports.
    All(RangeInclusive<u16>),
    /// The addresses of a network.
    Network(Network, RangeInclusive<u16>),
    /// The addresses that a name led to.
    Named(Named),
}

/// Hosts by name.
#[derive(Clone, Debug)]
pub(crate) struct Named {
    pub(crate) pattern: NamePattern,
    /// The rule as it was written; then those for all addresses, IPv4 and IPv6, that the name may lead to.
    pub(crate) forms: [NetworkRule; 3],
}

/// The addresses and the names of a `to`.
///
/// # Errors
/// In words, where it is neither.
pub(crate) fn parse_to(text: &str) -> Result<To, String> {
    if let Some(ports) = text.strip_prefix('*').filter(|rest| rest.is_empty() || rest.starts_with(':')) {
        let NetworkRule::Address { ports, .. } = connection(&format!("0.0.0.0{ports}"))? else {
            return Err(no_address());
        };
        return Ok(To::All(ports));
    }
    let rule = connection(text)?;
    let NetworkRule::Address { host, ports, .. } = &rule else { return Err(no_address()) };
    match host {
        Host::Network(network) => Ok(To::Network(*network, ports.clone())),
        Host::Name { pattern, within } => {
            let (name, ports) =
                text.split_once(':').map_or((text, String::new()), |(name, ports)| (name, format!(":{ports}")));
            let everywhere = |network: &str| match within {
                Some(_) => Ok(rule.clone()),
                None => connection(&format!("{name}@{network}{ports}")),
            };
            let forms = [rule.clone(), everywhere("0.0.0.0/0")?, everywhere("[::]/0")?];
            Ok(To::Named(Named { pattern: pattern.clone(), forms }))
        }
    }
}

fn no_address() -> String {
    "neither an address nor a name".to_owned()
}

/// The rule of the network's that a `to` makes with `connect`.
fn connection(text: &str) -> Result<NetworkRule, String> {
    let parsed = format!("connect={text}").parse();
    parsed.map_err(|error: RuleError| Untrusted::new(error).at_most(MESSAGE).to_string())
}

/// The address that an access is about; none of lookups.
pub(crate) fn as_connection(access: NetworkAccess<'_>) -> Option<SocketAddr> {
    match access {
        NetworkAccess::Connect(address)
        | NetworkAccess::Listen(address)
        | NetworkAccess::Bind(address)
        | NetworkAccess::Udp(address)
        | NetworkAccess::BindUdp(address) => Some(address),
        NetworkAccess::Resolve(_) => None,
    }
}

/// The aspects that `word` names: `class:read`, `descriptor.open-at`, `open-at`, `wasi:filesystem/types/descriptor.open-at`, `*`.
///
/// # Errors
/// In words, with the nearest known one.
pub(crate) fn parse_call(word: &str) -> Result<Aspects, String> {
    let known = aspect::known();
    let all = || known.iter().enumerate();
    if word == "*" {
        return Ok(all().map(|(aspect, _)| aspect).collect());
    }
    if let Some(class) = word.strip_prefix("class:") {
        let class = class.parse().map_err(|_| {
            let classes = callgate_gate::Class::ALL.iter().map(|class| class.word());
            unknown("class", class, "class:", crate::near::nearest(class, classes))
        })?;
        return Ok(all().filter(|(_, known)| known.classes.contains(class)).map(|(aspect, _)| aspect).collect());
    }
    let is_whole = |known: &aspect::Known| {
        let rest = word.strip_prefix(known.interface).and_then(|rest| rest.strip_prefix(['/', '#']));
        rest.unwrap_or(word) == known.function
    };
    let last = |known: &aspect::Known| known.function.rsplit('.').next().unwrap_or_default();
    let whole: Aspects = all().filter(|(_, known)| is_whole(known)).map(|(aspect, _)| aspect).collect();
    if !whole.is_empty() {
        return Ok(whole);
    }
    let short: Aspects = all().filter(|(_, known)| last(known) == word).map(|(aspect, _)| aspect).collect();
    let mut functions: Vec<&str> = short.iter().map(|aspect| known[aspect].function).collect();
    functions.dedup();
    functions.sort_unstable();
    functions.dedup();
    match &*functions {
        [] => {
            let names = known.iter().flat_map(|known| [known.function, last(known)]);
            Err(unknown("call", word, "", crate::near::nearest(word, names)))
        }
        [_] => Ok(short),
        several => Err(format!(
            "{} is the name of several calls; write one of {}",
            crate::error::shown(word),
            several.join(", ")
        )),
    }
}

/// A word that nobody knows, and the nearest that is known.
pub(crate) fn unknown(what: &str, word: &str, prefix: &str, nearest: Option<&str>) -> String {
    let shown = crate::error::shown(&format!("{prefix}{word}"));
    match nearest {
        Some(nearest) => format!("unknown {what} {shown}; the nearest is `{prefix}{nearest}`"),
        None => format!("unknown {what} {shown}"),
    }
}

/// Checks that what a rule is about can meet its conditions: no clock has a path.
///
/// # Errors
/// In words, where it can't.
pub(crate) fn check_target(aspects: Aspects, word: &str, has_path: bool, has_to: bool) -> Result<(), String> {
    let known = aspect::known();
    let any = |wanted: fn(Target) -> bool| aspects.iter().any(|aspect| wanted(known[aspect].target));
    let word = crate::error::shown(word);
    if has_path && !any(|target| target == Target::Place) {
        return Err(format!("{word} has no path; give the rule another call, or no path"));
    }
    if has_to && !any(|target| matches!(target, Target::Address | Target::Name)) {
        return Err(format!("{word} goes to no address; give the rule another call, or no `to`"));
    }
    Ok(())
}

/// Those of `aspects` that a rule with such conditions is about. One with a path is about places, one with addresses about the network; where
/// it allows to go somewhere, it allows what comes before and after too.
pub(crate) fn within(aspects: Aspects, verb: Verb, has_path: bool, has_to: bool) -> Aspects {
    let known = aspect::known();
    let fits = |aspect: &Aspect| match known[*aspect].target {
        Target::Place => !has_to,
        Target::Address | Target::Name => !has_path,
        Target::None if has_path => false,
        Target::None => !has_to || (verb == Verb::Allow && known[*aspect].classes.meets(aspect::network())),
    };
    aspects.iter().filter(fits).collect()
}

/// A rule's text, on a line: `allow call = ["class:read"] path = ["/src/**"]`.
#[derive(Debug, Default)]
pub(crate) struct Text(String);

impl Text {
    pub(crate) fn new(verb: &str) -> Self {
        Self(verb.to_owned())
    }

    pub(crate) fn list(&mut self, key: &str, values: &[&str]) {
        // A String takes every text.
        let _ = write!(self.0, " {key} = ");
        match values {
            [one] => drop(write!(self.0, "{}", Untrusted::new(one).quoted())),
            several => {
                self.0.push('[');
                for (at, value) in several.iter().enumerate() {
                    let separator = if at == 0 { "" } else { ", " };
                    let _ = write!(self.0, "{separator}{}", Untrusted::new(value).quoted());
                }
                self.0.push(']');
            }
        }
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
