//! The network rules of a guest. Without a rule, nothing is permitted.
//!
//! A rule that names a host grants the addresses which the guest's own lookup of that name returned, in this run: nobody looks
//! the name up again, so that what was granted can't come to mean another address.
//!
//! Hazard: whoever owns the name says what it leads to. So an answer grants what [`Reach`] says a name may lead to, and the rest
//! only where the rule names the network beside the name.

mod reach;
mod rule;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};

use callgate_system::{Code, HostName, Untrusted};
use reach::Reach;
pub use rule::{Host, NamePattern, Network, Rule, RuleError, Use};

use crate::{Call, Decider, Reason, Resolved, Verdict};

/// Answers that are remembered. A guest that looked up more names than that looks an old one up again.
const ANSWERS: usize = 1024;

/// A use of the network that a guest is about to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NetworkAccess<'a> {
    /// Connect a TCP socket to this address.
    Connect(SocketAddr),
    /// Take connections at this address; port 0 is one that the system picks.
    Listen(SocketAddr),
    /// Bind a TCP socket to this address, for any use. A guest that may connect may bind to port 0. Listening is a separate
    /// access.
    Bind(SocketAddr),
    /// Exchange datagrams with this address.
    Udp(SocketAddr),
    /// Bind a UDP socket to this address, and so receive the datagrams that come there. A guest with any UDP rule may bind
    /// to port 0 of the unspecified address. Datagrams from senders that no rule permits are then not shown.
    BindUdp(SocketAddr),
    /// Look up this name.
    Resolve(&'a str),
}

impl NetworkAccess<'_> {
    /// The use of an address that it is; `None` for lookups.
    fn of_address(self) -> Option<(Use, SocketAddr)> {
        match self {
            Self::Connect(address) => Some((Use::Connect, address)),
            Self::Listen(address) | Self::Bind(address) => Some((Use::Listen, address)),
            Self::Udp(address) | Self::BindUdp(address) => Some((Use::Udp, address)),
            Self::Resolve(_) => None,
        }
    }
}

impl fmt::Display for NetworkAccess<'_> {
    /// The rule that would permit it and nothing more: `connect=10.0.0.5:443`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self, self.of_address()) {
            (Self::Resolve(name), _) => write!(f, "resolve={}", Untrusted::new(name)),
            (_, Some((of, address))) => write!(f, "{of}={}", without_zone(address)),
            (_, None) => Ok(()),
        }
    }
}

/// The rule that a refused use of the network lacked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingRule {
    /// The rule that would permit it and nothing more: `connect=10.0.0.5:443`.
    pub rule: String,
    /// The explanation, where a rule names the host but the name alone does not grant the address that it led to.
    pub why: Option<String>,
}

impl fmt::Display for MissingRule {
    /// `add --net connect=10.0.0.5:443`, after the reason if there is one.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(why) = &self.why {
            write!(f, "{why}; ")?;
        }
        write!(f, "add --net {}", self.rule)
    }
}

/// The rules of one guest, and what its lookups told.
#[derive(Default)]
pub struct NetworkRules {
    rules: Vec<Rule>,
    answers: RefCell<VecDeque<Answer>>,
    missing: Arc<OnceLock<MissingRule>>,
}

/// An address that a lookup by the guest returned.
struct Answer {
    name: String,
    address: IpAddr,
    reach: Reach,
}

impl NetworkRules {
    /// Permits nothing beyond `rules`. The rule that the first refused use lacked goes into `missing`, to explain why a
    /// program failed.
    #[must_use]
    pub fn new(rules: Vec<Rule>, missing: Arc<OnceLock<MissingRule>>) -> Self {
        Self { rules, missing, ..Self::default() }
    }

    /// `access` was refused.
    #[cold]
    pub(crate) fn refused(&self, access: NetworkAccess<'_>) {
        self.missing.get_or_init(|| self.missing(access));
    }

    /// The rule that `access`, which was refused, lacks.
    pub(crate) fn missing(&self, access: NetworkAccess<'_>) -> MissingRule {
        let of_name = || {
            let (of, address) = access.of_address()?;
            let answers = self.answers.borrow();
            let Answer { name, reach, .. } = answers.iter().find(|answer| self.is_withheld(answer, of, address))?;
            let why = format!("{name} led to a {reach} address, which its name alone does not grant");
            Some(MissingRule { rule: format!("{of}={name}@{}", without_zone(address)), why: Some(why) })
        };
        of_name().unwrap_or_else(|| MissingRule { rule: access.to_string(), why: None })
    }

    /// True if a rule names what `answer` is of, and still does not grant it.
    fn is_withheld(&self, answer: &Answer, wanted: Use, address: SocketAddr) -> bool {
        let names = |rule: &Rule| match rule {
            Rule::Address { of, ports, .. } if *of == wanted && ports.contains(&address.port()) => {
                rule.name().is_some_and(|pattern| pattern.matches(&answer.name))
            }
            _ => false,
        };
        answer.address == address.ip().to_canonical() && self.rules.iter().any(names)
    }

    /// True if one of the rules permits `access`.
    #[must_use]
    pub fn permit(&self, access: NetworkAccess<'_>) -> bool {
        self.rules.iter().any(|rule| self.grants(rule, access)) || self.permit_any_port(access)
    }

    /// A socket of one's own needs a port of one's own.
    fn permit_any_port(&self, access: NetworkAccess<'_>) -> bool {
        let has = |wanted| self.rules.iter().any(|rule| matches!(rule, Rule::Address { of, .. } if *of == wanted));
        match access {
            NetworkAccess::Bind(address) => address.port() == 0 && has(Use::Connect),
            NetworkAccess::BindUdp(address) => address.port() == 0 && address.ip().is_unspecified() && has(Use::Udp),
            _ => false,
        }
    }

    /// The guest's lookup of `name` returned `address`. Only rules that name hosts need to know.
    pub fn learn(&self, name: &str, address: IpAddr) {
        // Only what a rule speaks of is worth remembering.
        if !self.rules.iter().filter_map(Rule::name).any(|pattern| pattern.matches(name)) {
            return;
        }
        let (name, address) = (name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase(), address.to_canonical());
        let mut answers = self.answers.borrow_mut();
        if answers.iter().any(|known| known.name == name && known.address == address) {
            return;
        }
        if answers.len() == ANSWERS {
            answers.pop_front();
        }
        answers.push_back(Answer { name, address, reach: Reach::of(address) });
    }

    /// True if `rule`, which is one of these, permits `access`.
    #[must_use]
    pub fn grants(&self, rule: &Rule, access: NetworkAccess<'_>) -> bool {
        match (rule, access, access.of_address()) {
            (Rule::All, ..) => true,
            (Rule::Resolve(pattern), NetworkAccess::Resolve(name), _) => pattern.matches(name),
            (Rule::Address { of, host, ports }, _, Some((wanted, address))) => {
                *of == wanted && ports.contains(&address.port()) && self.is_of(host, address)
            }
            _ => false,
        }
    }

    fn is_of(&self, host: &Host, address: SocketAddr) -> bool {
        let ip = address.ip().to_canonical();
        match host {
            Host::Network(network) => network.contains(ip),
            Host::Name { pattern, within } => {
                let leads_here = |answer: &Answer| answer.address == ip && pattern.matches(&answer.name);
                let grants = |answer: &Answer| match within {
                    None => pattern.may_lead_to(answer.reach),
                    Some(network) => network.contains(ip),
                };
                // No answer has a zone, so one that the guest adds may lead elsewhere.
                !has_zone(address) && self.answers.borrow().iter().any(|answer| leads_here(answer) && grants(answer))
            }
        }
    }
}

impl Decider for NetworkRules {
    #[inline(always)]
    fn decide(&self, call: &Call<'_>, _: Option<&Resolved<'_>>) -> Verdict {
        match call.network_access() {
            None => Verdict::Allow,
            // An invalid name is not matched against the rules, and nobody is told that a rule could permit it.
            Some(NetworkAccess::Resolve(name)) if HostName::parse(name).is_err() => {
                Verdict::Deny { code: Code::Invalid, reason: Reason::InvalidName }
            }
            Some(access) if self.permit(access) => Verdict::Allow,
            Some(_) => Verdict::Deny { code: Code::AccessDenied, reason: Reason::MissingRule },
        }
    }

    fn learn(&self, name: &str, address: IpAddr) {
        Self::learn(self, name, address);
    }

    fn admits(&self, from: SocketAddr, local: SocketAddr) -> bool {
        self.permit(NetworkAccess::Udp(local)) || self.permit(NetworkAccess::Udp(from))
    }
}

fn has_zone(address: SocketAddr) -> bool {
    matches!(address, SocketAddr::V6(address) if address.scope_id() != 0)
}

/// As a rule writes it.
fn without_zone(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip(), address.port())
}

#[cfg(test)]
mod tests;
