//! Where a call goes on the network, and the rules that hold there.
//!
//! Addresses are found by their prefix, and there by their port; each rule's entries were sorted for that. Names are few, and gone
//! through one by one: a rule that names a host holds for the addresses that the guest's own lookups told, as with `--net`.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use callgate_gate::{NetworkAccess, NetworkRules, Rule as NetworkRule};

use crate::masks::Masks;
use crate::rule::{Named, To, as_connection};

/// The rules by where a call goes.
pub(crate) struct Destinations {
    v4: Prefixes,
    v6: Prefixes,
    names: Vec<(Named, Masks)>,
    /// What each `*` holds for.
    all_names: Masks,
    learned: Mutex<NetworkRules>,
}

/// The masks of entries of one family, by the length of their prefix, then by prefix, then by port.
#[derive(Default)]
struct Prefixes(Vec<(u32, Vec<(u128, Ports)>)>);

/// Ranges of ports that do not overlap, in order: the first port of each, and what holds from there on.
#[derive(Default)]
struct Ports(Vec<(u16, Masks)>);

type Collected = BTreeMap<u32, BTreeMap<u128, Vec<(RangeInclusive<u16>, Masks)>>>;

impl Destinations {
    pub(crate) fn new<'a>(entries: impl Iterator<Item = (&'a To, Masks)>) -> Self {
        let (mut v4, mut v6) = (Collected::new(), Collected::new());
        let mut names = Vec::new();
        let mut all_names = Masks::default();
        let mut add = |address: IpAddr, bits: u32, ports: &RangeInclusive<u16>, masks: Masks| {
            let (family, bits) = match (address, address.to_canonical()) {
                (IpAddr::V6(_), IpAddr::V4(_)) => (&mut v4, bits.saturating_sub(96)),
                (IpAddr::V4(_), _) => (&mut v4, bits),
                (IpAddr::V6(_), _) => (&mut v6, bits),
            };
            let prefix = key(address.to_canonical()) & mask(bits);
            family.entry(bits).or_default().entry(prefix).or_default().push((ports.clone(), masks));
        };
        for (to, masks) in entries {
            match to {
                To::All(ports) => {
                    all_names |= masks;
                    add(IpAddr::from([0; 4]), 0, ports, masks);
                    add(IpAddr::from([0; 16]), 0, ports, masks);
                }
                To::Network(network, ports) => add(network.address(), network.bits().into(), ports, masks),
                To::Named(named) => names.push((named.clone(), masks)),
            }
        }
        let rules = names.iter().flat_map(|(named, masks)| named.forms(*masks).iter().cloned()).collect();
        let learned = Mutex::new(NetworkRules::new(rules, Arc::default()));
        Self { v4: Prefixes::new(v4), v6: Prefixes::new(v6), names, all_names, learned }
    }

    /// The rules that hold for `access`.
    pub(crate) fn masks(&self, access: NetworkAccess<'_>) -> Masks {
        match (access, as_connection(access)) {
            (NetworkAccess::Resolve(name), _) => self.of_name(name),
            (_, Some(address)) => self.of_address(address),
            (_, None) => Masks::default(),
        }
    }

    fn of_name(&self, name: &str) -> Masks {
        let mut masks = self.all_names;
        for (named, own) in &self.names {
            if named.pattern.matches(name) {
                masks |= *own;
            }
        }
        masks
    }

    fn of_address(&self, address: SocketAddr) -> Masks {
        let ip = address.ip().to_canonical();
        let family = if ip.is_ipv4() { &self.v4 } else { &self.v6 };
        let mut masks = family.find(key(ip), address.port());
        if !self.names.is_empty() {
            let learned = self.learned();
            for (named, own) in &self.names {
                // They were parsed as rules about connections, and stand for every use.
                let holds = |form| learned.grants(form, NetworkAccess::Connect(address));
                if named.forms(*own).iter().any(holds) {
                    masks |= *own;
                }
            }
        }
        masks
    }

    /// True if an entry of a rule with this effect holds for `access`.
    pub(crate) fn holds(&self, to: &To, masks: Masks, access: NetworkAccess<'_>) -> bool {
        match (access, as_connection(access), to) {
            (NetworkAccess::Resolve(name), ..) => is_of(to, name),
            (_, Some(address), To::Named(named)) => {
                let learned = self.learned();
                named.forms(masks).iter().any(|form| learned.grants(form, NetworkAccess::Connect(address)))
            }
            (_, Some(address), _) => is_at(to, address),
            (_, None, _) => false,
        }
    }

    /// A lookup by the guest answered that `name` has `address`.
    pub(crate) fn learn(&self, name: &str, address: IpAddr) {
        if !self.names.is_empty() {
            self.learned().learn(name, address);
        }
    }

    fn learned(&self) -> MutexGuard<'_, NetworkRules> {
        self.learned.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Named {
    /// The rules of the network's that stand for an entry with this effect. What allows must not lead further than its owner is trusted
    /// to; what denies or notes holds wherever the name led.
    fn forms(&self, masks: Masks) -> &[NetworkRule] {
        if masks.allow == 0 { &self.forms[1..] } else { &self.forms[..1] }
    }
}

impl Prefixes {
    fn new(collected: Collected) -> Self {
        let prefixes =
            |of: BTreeMap<u128, Vec<_>>| of.into_iter().map(|(prefix, entries)| (prefix, Ports::new(&entries)));
        Self(collected.into_iter().map(|(bits, of)| (bits, prefixes(of).collect())).collect())
    }

    fn find(&self, key: u128, port: u16) -> Masks {
        let mut masks = Masks::default();
        for (bits, prefixes) in &self.0 {
            let prefix = key & mask(*bits);
            if let Ok(at) = prefixes.binary_search_by_key(&prefix, |(prefix, _)| *prefix) {
                masks |= prefixes[at].1.find(port);
            }
        }
        masks
    }
}

impl Ports {
    fn new(entries: &[(RangeInclusive<u16>, Masks)]) -> Self {
        let ends = entries.iter().filter_map(|(ports, _)| ports.end().checked_add(1));
        let mut starts: Vec<u16> = entries.iter().map(|(ports, _)| *ports.start()).chain(ends).collect();
        starts.sort_unstable();
        starts.dedup();
        // What begins, and what ends, at each start: so that many entries take no time with the square of their number.
        let mut counts = Counts::default();
        let mut changes: Vec<(u16, bool, Masks)> = Vec::with_capacity(entries.len() * 2);
        for (ports, masks) in entries {
            changes.push((*ports.start(), true, *masks));
            changes.extend(ports.end().checked_add(1).map(|end| (end, false, *masks)));
        }
        changes.sort_unstable_by_key(|(at, ..)| *at);
        let mut changes = changes.into_iter().peekable();
        let mut ranges = Vec::with_capacity(starts.len());
        for start in starts {
            while let Some((_, begins, masks)) = changes.next_if(|(at, ..)| *at == start) {
                counts.change(masks, begins);
            }
            ranges.push((start, counts.masks()));
        }
        Self(ranges)
    }

    fn find(&self, port: u16) -> Masks {
        let after = self.0.partition_point(|(start, _)| *start <= port);
        after.checked_sub(1).map_or_else(Masks::default, |at| self.0[at].1)
    }
}

/// How many entries hold, for each bit.
#[derive(Default)]
struct Counts {
    deny: [u32; 16],
    allow: [u32; 16],
    watch: [u32; 16],
}

impl Counts {
    fn change(&mut self, masks: Masks, begins: bool) {
        let all = [(&mut self.deny, masks.deny), (&mut self.allow, masks.allow), (&mut self.watch, masks.watch)];
        for (counts, mask) in all {
            for (bit, count) in counts.iter_mut().enumerate().filter(|(bit, _)| mask & 1 << bit != 0) {
                debug_assert!(bit < 16);
                *count = if begins { *count + 1 } else { count.saturating_sub(1) };
            }
        }
    }

    fn masks(&self) -> Masks {
        let of = |counts: &[u32; 16]| {
            counts.iter().enumerate().fold(0, |mask, (bit, count)| mask | u64::from(*count != 0) << bit)
        };
        Masks { deny: of(&self.deny), allow: of(&self.allow), watch: of(&self.watch) }
    }
}

/// In the upper end, where prefixes begin.
fn key(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(address.to_bits()) << 96,
        IpAddr::V6(address) => address.to_bits(),
    }
}

fn mask(bits: u32) -> u128 {
    u128::MAX.checked_shl(128 - bits.min(128)).unwrap_or(0)
}

/// True if the entry holds for this address without any lookup.
pub(crate) fn is_at(to: &To, address: SocketAddr) -> bool {
    match to {
        To::All(ports) => ports.contains(&address.port()),
        To::Network(network, ports) => ports.contains(&address.port()) && network.contains(address.ip().to_canonical()),
        To::Named(_) => false,
    }
}

/// True if the entry holds for lookups of this name.
pub(crate) fn is_of(to: &To, name: &str) -> bool {
    match to {
        To::All(_) => true,
        To::Network(..) => false,
        To::Named(named) => named.pattern.matches(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::parse_to;

    fn allow(bit: u32) -> Masks {
        Masks { allow: 1 << bit, ..Masks::default() }
    }

    fn table(entries: &[(&str, Masks)]) -> Destinations {
        let entries: Vec<_> = entries.iter().map(|(text, masks)| (parse_to(text).expect(text), *masks)).collect();
        Destinations::new(entries.iter().map(|(to, masks)| (to, *masks)))
    }

    fn at(table: &Destinations, address: &str) -> u64 {
        table.masks(NetworkAccess::Connect(address.parse().unwrap())).allow
    }

    #[test]
    fn prefixes_and_ports_come_together() {
        let table = table(&[
            ("10.0.0.0/8:443", allow(0)),
            ("10.1.0.0/16:400-500", allow(1)),
            ("10.1.2.3", allow(2)),
            ("*:443", allow(3)),
            ("[fd00::]/8:80", allow(4)),
            ("10.1.0.0/16:450-65535", allow(5)),
        ]);
        for (address, bits) in [
            ("10.9.9.9:443", 0b1001),
            ("10.1.9.9:443", 0b1011),
            ("10.1.9.9:460", 0b10_0010),
            ("10.1.9.9:65535", 0b10_0000),
            ("10.1.2.3:1", 0b100),
            ("11.0.0.1:443", 0b1000),
            ("[::ffff:10.9.9.9]:443", 0b1001),
            ("[fd12::1]:80", 0b1_0000),
            ("[fd12::1]:443", 0b1000),
            ("[::1]:1", 0),
        ] {
            assert_eq!(at(&table, address), bits, "{address}");
        }
    }

    #[test]
    fn names_hold_for_what_the_guest_looked_up() {
        let deny = Masks { deny: 1, ..Masks::default() };
        let table = table(&[("*.example.com:443", allow(0)), ("evil.example.com", deny)]);
        let masks = |address: &str| table.masks(NetworkAccess::Connect(address.parse().unwrap()));
        assert_eq!(masks("93.184.216.34:443"), Masks::default());
        table.learn("www.example.com", "93.184.216.34".parse().unwrap());
        table.learn("evil.example.com", "127.0.0.1".parse().unwrap());
        assert_eq!(masks("93.184.216.34:443"), allow(0));
        assert_eq!(masks("93.184.216.34:80"), Masks::default());
        assert_eq!(masks("127.0.0.1:443"), deny, "what denies holds wherever the name led");
        let named = |name| table.masks(NetworkAccess::Resolve(name));
        assert_eq!(named("www.example.com").allow, 1);
        assert_eq!(named("example.com"), Masks::default());
    }
}
