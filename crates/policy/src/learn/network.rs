//! The peers and names that a run used.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use callgate_gate::{Call, Class, NetworkAccess, NetworkRules};

use super::tree::Used;
use crate::rule::{as_connection, parse_to};

/// Peers and names of one class that are kept, and answers to lookups.
const MOST: usize = 1024;

/// Where the network was used.
#[derive(Default)]
pub(super) struct Peers {
    used: BTreeMap<Class, BTreeMap<Peer, Used>>,
    /// The names that led to an address, the last answer of each.
    names: BTreeMap<IpAddr, String>,
    /// Addresses of this side at which the system picked a port, which is another one each time.
    any_port: BTreeSet<IpAddr>,
    /// Those with a port of the program's choice.
    chosen: BTreeSet<SocketAddr>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Peer {
    Name(String),
    Address(SocketAddr),
}

impl Peers {
    /// Notes a use; false if there is no room for it.
    pub(super) fn add(&mut self, class: Class, access: NetworkAccess<'_>, call: &'static str) -> bool {
        let peer = match (access, as_connection(access)) {
            (NetworkAccess::Resolve(name), _) => Peer::Name(name.to_owned()),
            (_, Some(address)) => Peer::Address(address),
            (_, None) => return true,
        };
        let used = self.used.entry(class).or_default();
        if used.len() >= MOST && !used.contains_key(&peer) {
            return false;
        }
        let first = || {
            let example = match &peer {
                Peer::Name(name) => name.clone(),
                Peer::Address(address) => address.to_string(),
            };
            Used::by(call, &example)
        };
        let first = first();
        used.entry(peer).or_insert(first).count += 1;
        true
    }

    /// Remembers which port was the program's choice.
    pub(super) fn note_bind(&mut self, call: &Call<'_>) {
        if let Call::TcpStartBind { local_address, .. } = call {
            if local_address.port() == 0 && self.any_port.len() < MOST {
                self.any_port.insert(local_address.ip());
            } else if self.chosen.len() < MOST {
                self.chosen.insert(*local_address);
            }
        }
    }

    pub(super) fn learn(&mut self, name: &str, address: IpAddr) {
        let address = address.to_canonical();
        if self.names.len() < MOST || self.names.contains_key(&address) {
            self.names.insert(address, name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase());
        }
    }

    pub(super) fn has(&self, class: Class) -> bool {
        self.used.contains_key(&class)
    }

    /// The words for `to`, by class, each with what needed it.
    pub(super) fn words(&self) -> BTreeMap<Class, BTreeMap<String, Used>> {
        let mut all: BTreeMap<Class, BTreeMap<String, Used>> = BTreeMap::new();
        for (class, peers) in &self.used {
            let words = all.entry(*class).or_default();
            for (peer, used) in peers {
                if let Some(word) = self.word(*class, peer) {
                    words.entry(word).and_modify(|known| known.and(used)).or_insert_with(|| used.clone());
                }
            }
        }
        all
    }

    /// None for what no rule can name: such a lookup fails in any case.
    fn word(&self, class: Class, peer: &Peer) -> Option<String> {
        match peer {
            Peer::Name(name) => {
                let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
                parse_to(&name).is_ok().then_some(name)
            }
            Peer::Address(address) => {
                let named = self.names.get(&address.ip().to_canonical());
                let named = named.filter(|_| matches!(class, Class::Connect | Class::Udp));
                let named = named.and_then(|name| by_name(name, *address));
                Some(named.unwrap_or_else(|| self.by_address(class, *address)))
            }
        }
    }

    fn by_address(&self, class: Class, address: SocketAddr) -> String {
        let is_picked = self.any_port.contains(&address.ip()) && !self.chosen.contains(&address);
        // The zone of a link is none of a rule's.
        match (class, address.ip()) {
            (Class::Listen, IpAddr::V4(ip)) if is_picked => ip.to_string(),
            (Class::Listen, IpAddr::V6(ip)) if is_picked => format!("[{ip}]"),
            (_, ip) => SocketAddr::new(ip, address.port()).to_string(),
        }
    }
}

/// The name with the port, if a rule that names it would permit this address.
fn by_name(name: &str, address: SocketAddr) -> Option<String> {
    let word = format!("{name}:{}", address.port());
    let rule: callgate_gate::Rule = format!("connect={word}").parse().ok()?;
    let rules = NetworkRules::new(vec![rule], Arc::default());
    rules.learn(name, address.ip());
    rules.permit(NetworkAccess::Connect(address)).then_some(word)
}
