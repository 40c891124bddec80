//! What a guest may do on the network: nothing, but for the rules it was given.
//!
//! A rule that names a host grants the addresses which the guest's own lookup of that name returned, in this run: nobody looks
//! the name up again, so that what was granted can't come to mean another address.

mod rule;

use std::cell::RefCell;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};

use rule::{Host, Use};
pub use rule::{Rule, RuleError};

/// What a guest is about to do on the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NetworkAccess<'a> {
    /// Connect a TCP socket to this address.
    Connect(SocketAddr),
    /// Take connections at this address; port 0 is one that the system picks.
    Listen(SocketAddr),
    /// Bind a TCP socket to this address, for whatever use. Who may connect may bind to port 0; listening is asked for by
    /// itself.
    Bind(SocketAddr),
    /// Exchange datagrams with this address.
    Udp(SocketAddr),
    /// Bind a UDP socket to this address, and so receive what comes there. Who may exchange datagrams with anybody may
    /// bind to port 0 of the unspecified address; what then comes from others is not shown.
    BindUdp(SocketAddr),
    /// Look up this name.
    Resolve(&'a str),
}

impl fmt::Display for NetworkAccess<'_> {
    /// The rule that would permit it and nothing more: `connect=10.0.0.5:443`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect(address) => write!(f, "connect={address}"),
            Self::Listen(address) | Self::Bind(address) => write!(f, "listen={address}"),
            Self::Udp(address) | Self::BindUdp(address) => write!(f, "udp={address}"),
            Self::Resolve(name) => write!(f, "resolve={name}"),
        }
    }
}

/// The rules of one guest, and what its lookups told.
#[derive(Default)]
pub struct NetworkRules {
    rules: Vec<Rule>,
    looked_up: RefCell<Vec<(String, IpAddr)>>,
    missing: Arc<OnceLock<String>>,
}

impl NetworkRules {
    /// Nothing but what `rules` permit. The rule that the first refused use would have needed goes into `missing`, for whoever
    /// wonders why a program failed.
    #[must_use]
    pub fn new(rules: Vec<Rule>, missing: Arc<OnceLock<String>>) -> Self {
        Self { rules, missing, ..Self::default() }
    }

    /// `access` was refused.
    #[cold]
    pub(crate) fn refused(&self, access: NetworkAccess<'_>) {
        self.missing.get_or_init(|| access.to_string());
    }

    /// Whether one of the rules permits `access`.
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

    /// The guest's lookup of `name` returned `address`.
    pub fn learn(&self, name: &str, address: IpAddr) {
        // Only what a rule speaks of is worth remembering.
        let is_named =
            |rule: &Rule| rule.host().is_some_and(|host| matches!(host, Host::Name(known) if known.matches(name)));
        let mut looked_up = self.looked_up.borrow_mut();
        let known = looked_up.iter().any(|(known, told)| known == name && *told == address);
        if !known && self.rules.iter().any(is_named) {
            looked_up.push((name.to_owned(), address));
        }
    }

    fn grants(&self, rule: &Rule, access: NetworkAccess<'_>) -> bool {
        match (rule, access) {
            (Rule::All, _) => true,
            (Rule::Resolve(pattern), NetworkAccess::Resolve(name)) => pattern.matches(name),
            (Rule::Address { of: Use::Connect, host, ports }, NetworkAccess::Connect(address))
            | (
                Rule::Address { of: Use::Listen, host, ports },
                NetworkAccess::Listen(address) | NetworkAccess::Bind(address),
            )
            | (
                Rule::Address { of: Use::Udp, host, ports },
                NetworkAccess::Udp(address) | NetworkAccess::BindUdp(address),
            ) => ports.contains(&address.port()) && self.is_of(host, address.ip()),
            _ => false,
        }
    }

    fn is_of(&self, host: &Host, address: IpAddr) -> bool {
        match host {
            Host::Network(network) => network.contains(address),
            Host::Name(pattern) => {
                self.looked_up.borrow().iter().any(|(name, told)| *told == address && pattern.matches(name))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(texts: &[&str]) -> NetworkRules {
        NetworkRules::new(texts.iter().map(|text| text.parse().unwrap()).collect(), Arc::default())
    }

    fn connect(address: &str) -> NetworkAccess<'static> {
        NetworkAccess::Connect(address.parse().unwrap())
    }

    #[test]
    fn nothing_is_permitted_without_a_rule() {
        let none = NetworkRules::default();
        assert!(!none.permit(connect("127.0.0.1:80")));
        assert!(!none.permit(NetworkAccess::Resolve("localhost")));
    }

    #[test]
    fn a_rule_permits_its_own_use_only() {
        let rules = rules(&["connect=127.0.0.1:80"]);
        let address = "127.0.0.1:80".parse().unwrap();
        assert!(rules.permit(NetworkAccess::Connect(address)));
        assert!(!rules.permit(NetworkAccess::Listen(address)));
        assert!(!rules.permit(NetworkAccess::Udp(address)));
        assert!(!rules.permit(connect("127.0.0.1:81")));
        assert!(!rules.permit(connect("127.0.0.2:80")));
    }

    #[test]
    fn who_may_connect_may_bind_to_any_free_port_but_not_listen_there() {
        let any = "0.0.0.0:0".parse().unwrap();
        let tcp = rules(&["connect=127.0.0.1:80"]);
        assert!(tcp.permit(NetworkAccess::Bind(any)));
        assert!(!tcp.permit(NetworkAccess::Listen(any)));
        assert!(!tcp.permit(NetworkAccess::Bind("0.0.0.0:80".parse().unwrap())));
        assert!(!tcp.permit(NetworkAccess::BindUdp(any)));
        let udp = rules(&["udp=127.0.0.1:53"]);
        assert!(udp.permit(NetworkAccess::BindUdp(any)));
        assert!(!udp.permit(NetworkAccess::BindUdp("0.0.0.0:53".parse().unwrap())));
        assert!(!udp.permit(NetworkAccess::Bind(any)));
    }

    #[test]
    fn networks_and_port_ranges() {
        let rules = rules(&["connect=10.1.0.0/16:8000-8010", "connect=[fd00::]/8", "listen=127.0.0.1:0"]);
        assert!(rules.permit(connect("10.1.255.1:8010")));
        assert!(!rules.permit(connect("10.2.0.1:8010")));
        assert!(!rules.permit(connect("10.1.0.1:8011")));
        assert!(rules.permit(connect("[fd12::1]:1")));
        assert!(!rules.permit(connect("[fe80::1]:1")));
        assert!(rules.permit(NetworkAccess::Listen("127.0.0.1:0".parse().unwrap())));
        assert!(!rules.permit(NetworkAccess::Listen("0.0.0.0:0".parse().unwrap())));
    }

    #[test]
    fn an_address_in_the_clothes_of_the_other_family_is_the_same_address() {
        let rules = rules(&["connect=127.0.0.1:80"]);
        assert!(rules.permit(connect("[::ffff:127.0.0.1]:80")));
    }

    #[test]
    fn a_name_grants_what_the_guests_own_lookup_told() {
        let rules = rules(&["connect=db.example:5432", "resolve=db.example"]);
        assert!(rules.permit(NetworkAccess::Resolve("DB.example")));
        assert!(!rules.permit(NetworkAccess::Resolve("evil.example")));
        assert!(!rules.permit(connect("192.0.2.7:5432")));
        rules.learn("db.example", "192.0.2.7".parse().unwrap());
        rules.learn("evil.example", "192.0.2.8".parse().unwrap());
        assert!(rules.permit(connect("192.0.2.7:5432")));
        assert!(!rules.permit(connect("192.0.2.7:5433")));
        assert!(!rules.permit(connect("192.0.2.8:5432")));
    }

    #[test]
    fn what_is_missing_is_said_as_the_rule_to_add() {
        assert_eq!(connect("10.0.0.5:443").to_string(), "connect=10.0.0.5:443");
        assert_eq!(NetworkAccess::Resolve("a.example").to_string(), "resolve=a.example");
        assert!(rules(&[&connect("[::1]:443").to_string()]).permit(connect("[::1]:443")));
    }
}
