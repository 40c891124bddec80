//! Deciding on a call. Nothing here allocates.

use std::net::{IpAddr, SocketAddr};

use callgate_gate::{Call, Decider, Handle, NetworkAccess, Reason, Resolved, Verdict};
use callgate_system::{Code, OpenHow};

use crate::aspect::{self, Aspect, Few, RENAME_NEW};
use crate::glob::{Case, Glob, components};
use crate::limit::Meter;
use crate::masks::Masks;
use crate::policy::{Flow, Policy, denial, effect, noted};
use crate::rule::Rule;
use crate::trie::{Lost, Place, Trie};

/// Stands in front of a handle's name of which only the end is known.
const CUT: char = '\u{2026}';
/// The first byte of that.
const CUT_BYTE: u8 = 0xe2;

/// One end of a call: a handle, and a path below it.
type End<'a> = (Handle<'a>, &'a str);

/// The rules that meet one end of a call.
#[derive(Clone, Copy)]
struct Met<'a> {
    masks: Masks,
    /// The path, in two parts, where it is known.
    parts: Option<[&'a str; 2]>,
    place: Option<Place>,
}

impl Decider for Policy {
    #[inline]
    fn decide(&self, call: &Call<'_>, resolved: Option<&Resolved<'_>>) -> Verdict {
        let number = call.number();
        match self.flow[number] {
            Flow::Settled(verdict) if !is_bind_to_port(call) => verdict,
            Flow::Place => {
                let bits =
                    if let Call::OpenAt { how, .. } = call { self.of_opening(number, *how) } else { self.bits[number] };
                // The way that most calls go: one end, and nothing to say of it.
                if let Some(parts) = one_end(call, resolved)
                    && self.case == Case::Sensitive
                    && self.exact.plainly_allows(parts, bits, self.places)
                {
                    return Verdict::Allow;
                }
                self.at_place(aspect::of(call), call, resolved)
            }
            _ => self.at_address(aspect::of(call), call),
        }
    }

    fn learn(&self, name: &str, address: IpAddr) {
        self.destinations.learn(name, address);
    }

    fn admits(&self, from: SocketAddr, local: SocketAddr) -> bool {
        let stream = Handle { id: 0, name: "", mount: None, denied: None };
        let bit = aspect::known()[Call::UdpSend { stream, data: &[], remote_address: None }.number()].bit;
        let rules = |address| {
            let mut masks = self.addresses;
            masks |= self.destinations.masks(NetworkAccess::Udp(address));
            masks
        };
        let (sender, own) = (rules(from), rules(local));
        sender.deny & bit == 0 && (sender.permitted() | own.permitted()) & bit != 0
    }
}

impl Policy {
    /// The bits of an opening.
    #[inline]
    fn of_opening(&self, own: Aspect, how: OpenHow) -> u64 {
        let [read, write, create] = self.opening;
        let mut bits = if how.read { read } else { 0 };
        bits |= if how.write || how.truncate { write } else { 0 };
        bits |= if how.create { create } else { 0 };
        if bits == 0 { self.bits[own] } else { bits }
    }

    fn at_place(&self, few: Few, call: &Call<'_>, resolved: Option<&Resolved<'_>>) -> Verdict {
        let aspects = few.as_slice();
        let Some((first, second)) = ends(call) else {
            let nowhere = Met { masks: self.places, parts: None, place: None };
            return self.verdict(aspects, &nowhere);
        };
        let met = self.met(first, resolved.map(|resolved| resolved.place));
        match second {
            None => self.verdict(aspects, &met),
            Some(second) => {
                let new = self.met(second, resolved.and_then(|resolved| resolved.new_place));
                self.at_both(call, aspects, &met, &new)
            }
        }
    }

    /// Decides on a call with two ends, each of which must be allowed.
    fn at_both(&self, call: &Call<'_>, aspects: &[Aspect], old: &Met<'_>, new: &Met<'_>) -> Verdict {
        let (of_new, moves): (&[Aspect], _) = match call {
            Call::RenameAt { .. } => (&[RENAME_NEW], !self.is_alike(old, new)),
            Call::LinkAt { .. } => (aspects, self.gains(old, new)),
            _ => (aspects, false),
        };
        let verdict = self.verdict(aspects, old).and(|| self.verdict(of_new, new));
        verdict.and(|| {
            if moves { Verdict::Deny { code: Code::Access, reason: Reason::NotAllowed } } else { Verdict::Allow }
        })
    }

    /// True if what is renamed gains nothing, and nothing below it comes under other rules than before.
    fn is_alike(&self, old: &Met<'_>, new: &Met<'_>) -> bool {
        let alike_below = match (&old.place, &new.place) {
            (Some(old), Some(new)) => old.is_alike_below(new),
            _ => !self.has_paths,
        };
        alike_below && !self.gains(old, new)
    }

    /// True if a file may gain a use of its contents by its new name.
    fn gains(&self, old: &Met<'_>, new: &Met<'_>) -> bool {
        let is_known = new.place.is_some() || !self.has_paths;
        !is_known || new.masks.permitted() & !old.masks.permitted() & aspect::contents() != 0
    }

    /// The rules at one end of a call.
    #[inline]
    fn met<'a>(&self, (handle, path): End<'a>, resolved: Option<callgate_gate::Place<'a>>) -> Met<'a> {
        let Some(mount) = handle.mount else { return Met { masks: self.places, parts: None, place: None } };
        let (parts, mount, is_cut) = match resolved {
            Some(place) => ([&*place.mount.guest_path, place.path], place.mount, false),
            None => ([handle.name, path], mount, handle.name.starts_with(CUT)),
        };
        match self.trie().find(parts) {
            Ok(place) if !is_cut => {
                let mut masks = self.places;
                masks |= place.masks();
                Met { masks, parts: Some(parts), place: Some(place) }
            }
            Err(Lost::Wide) if !is_cut => self.one_by_one(parts),
            _ => self.anywhere(&mount.guest_path),
        }
    }

    /// The rules where all that is known is that a path lies below `mount`.
    #[cold]
    fn anywhere(&self, mount: &str) -> Met<'static> {
        let mut masks = self.places;
        let place = self.trie().find([mount, ""]).ok();
        match &place {
            Some(root) => masks |= self.trie().anywhere_below(root),
            None => masks.deny = u64::MAX,
        }
        Met { masks, parts: None, place: place.filter(Place::is_uniform) }
    }

    /// The rules of a path that is at too many nodes of the tree.
    #[cold]
    fn one_by_one<'a>(&self, parts: [&'a str; 2]) -> Met<'a> {
        let mut masks = self.places;
        for (_, rule) in self.rules().filter(|(_, rule)| rule.paths.is_some()) {
            if is_at(rule, parts, self.case) {
                masks |= effect(rule).0;
            }
        }
        Met { masks, parts: Some(parts), place: None }
    }

    fn trie(&self) -> &Trie {
        match self.case {
            Case::Sensitive => &self.exact,
            Case::Insensitive => &self.folded,
        }
    }

    /// The verdict of all rules that meet one end of a call.
    #[inline]
    fn verdict(&self, aspects: &[Aspect], met: &Met<'_>) -> Verdict {
        let bits = bits(aspects);
        if met.masks.permitted() & bits == bits && met.masks.watch & bits == 0 {
            return Verdict::Allow;
        }
        self.verdict_by_rule(aspects, met)
    }

    /// The same, where a rule has to be found that is to be named.
    #[cold]
    fn verdict_by_rule(&self, aspects: &[Aspect], met: &Met<'_>) -> Verdict {
        let holds = |rule: &Rule| match (&rule.paths, met.parts) {
            (None, _) => rule.to.is_none(),
            (Some(_), Some(parts)) => is_at(rule, parts, self.case),
            (Some(_), None) => false,
        };
        let about = || self.rules().filter(|(_, rule)| is_about(rule, aspects) && holds(rule));
        if met.masks.permitted() & bits(aspects) == bits(aspects) {
            return noted(about());
        }
        denial(about(), Code::Access).unwrap_or(Verdict::Deny { code: Code::Access, reason: Reason::NotAllowed })
    }

    /// The rules with limits that `call` counts for.
    pub(crate) fn limits<'a>(
        &'a self,
        call: &'a Call<'a>,
        resolved: Option<&'a Resolved<'a>>,
    ) -> impl Iterator<Item = (usize, &'a Rule, &'a Meter)> {
        let rules = self.limited.iter().map(|(number, meter)| (*number, &self.document.rules[*number], &**meter));
        rules.filter(move |(_, rule, _)| self.counts(rule, call, resolved))
    }

    fn counts(&self, rule: &Rule, call: &Call<'_>, resolved: Option<&Resolved<'_>>) -> bool {
        let few = aspect::of(call);
        let is_new = matches!(call, Call::RenameAt { .. }) && rule.aspects.contains(RENAME_NEW);
        if !is_about(rule, few.as_slice()) && !is_new {
            return false;
        }
        let of_place = |place: callgate_gate::Place<'_>| is_at(rule, [&place.mount.guest_path, place.path], self.case);
        match (&rule.paths, &rule.to, aspect::destination(call)) {
            (None, None, _) | (None, Some(_), None) => true,
            (None, Some(to), Some(access)) => to.iter().any(|to| self.destinations.holds(to, effect(rule).1, access)),
            (Some(_), ..) => match resolved {
                Some(resolved) => of_place(resolved.place) || resolved.new_place.is_some_and(of_place),
                None => {
                    let of_end =
                        |(handle, path): End<'_>| handle.mount.is_some() && is_at(rule, [handle.name, path], self.case);
                    ends(call).is_some_and(|(first, second)| of_end(first) || second.is_some_and(of_end))
                }
            },
        }
    }

    fn at_address(&self, few: Few, call: &Call<'_>) -> Verdict {
        let (aspects, access) = (few.as_slice(), aspect::destination(call));
        let mut masks = if access.is_some() { self.addresses } else { self.unaddressed };
        if let Some(access) = access {
            masks |= self.destinations.masks(access);
        }
        let is_permitted = masks.permitted() & bits(aspects) == bits(aspects);
        if is_permitted && masks.watch & bits(aspects) == 0 {
            return Verdict::Allow;
        }
        let holds = |rule: &Rule| match (&rule.to, access) {
            (None, _) => rule.paths.is_none(),
            (Some(to), Some(access)) => to.iter().any(|to| self.destinations.holds(to, effect(rule).1, access)),
            (Some(_), None) => false,
        };
        let about = || self.rules().filter(|(_, rule)| is_about(rule, aspects) && holds(rule));
        if is_permitted {
            return noted(about());
        }
        let refused = Verdict::Deny { code: Code::AccessDenied, reason: Reason::NotAllowed };
        denial(about(), Code::AccessDenied).unwrap_or(refused)
    }
}

fn bits(aspects: &[Aspect]) -> u64 {
    let known = aspect::known();
    aspects.iter().fold(0, |bits, aspect| bits | known[*aspect].bit)
}

fn is_about(rule: &Rule, aspects: &[Aspect]) -> bool {
    aspects.iter().any(|aspect| rule.aspects.contains(*aspect))
}

/// True if one of the rule's patterns is of this path.
pub(crate) fn is_at(rule: &Rule, parts: [&str; 2], case: Case) -> bool {
    let path = || parts.into_iter().flat_map(components);
    rule.paths.iter().flatten().any(|glob: &Glob| glob.matches(path(), case))
}

/// True for a bind to a port of the guest's choice, which is decided on by its address.
#[inline]
fn is_bind_to_port(call: &Call<'_>) -> bool {
    matches!(call, Call::TcpStartBind { local_address, .. } if local_address.port() != 0)
}

/// The two parts of the path of a call that has one end; none of other calls, of some that are rare, and where the path may be cut.
#[inline]
fn one_end<'a>(call: &Call<'a>, resolved: Option<&Resolved<'a>>) -> Option<[&'a str; 2]> {
    let (handle, path) = match call {
        Call::OpenAt { dir, path, .. }
        | Call::StatAt { dir, path, .. }
        | Call::ReadlinkAt { dir, path }
        | Call::UnlinkFileAt { dir, path }
        | Call::CreateDirectoryAt { dir, path }
        | Call::MetadataHashAt { dir, path, .. } => (dir, *path),
        Call::Read { file, .. }
        | Call::Write { file, .. }
        | Call::Stat { file }
        | Call::MetadataHash { file }
        | Call::ReadViaStream { file, .. }
        | Call::ReadDirectory { dir: file }
        | Call::ReadDirectoryEntry { entries: file } => (file, ""),
        _ => return None,
    };
    match resolved {
        Some(resolved) => Some([&resolved.place.mount.guest_path, resolved.place.path]),
        None if handle.mount.is_none() || handle.name.as_bytes().first() == Some(&CUT_BYTE) => None,
        None => Some([handle.name, path]),
    }
}

/// The ends of a call; none of a call that is at no place.
fn ends<'a>(call: &Call<'a>) -> Option<(End<'a>, Option<End<'a>>)> {
    Some(match *call {
        Call::OpenAt { dir, path, .. }
        | Call::StatAt { dir, path, .. }
        | Call::CreateDirectoryAt { dir, path }
        | Call::SetTimesAt { dir, path, .. }
        | Call::ReadlinkAt { dir, path }
        | Call::RemoveDirectoryAt { dir, path }
        | Call::SymlinkAt { dir, path, .. }
        | Call::UnlinkFileAt { dir, path }
        | Call::MetadataHashAt { dir, path, .. } => ((dir, path), None),
        Call::RenameAt { dir, path, new_dir, new_path } | Call::LinkAt { dir, path, new_dir, new_path, .. } => {
            ((dir, path), Some((new_dir, new_path)))
        }
        Call::IsSameObject { file, other } => ((file, ""), Some((other, ""))),
        Call::StreamSplice { stream, src, .. } | Call::StreamBlockingSplice { stream, src, .. } => {
            ((stream, ""), Some((src, "")))
        }
        Call::Read { file, .. } | Call::Write { file, .. } | Call::Stat { file } => ((file, ""), None),
        // Every other call acts on one handle alone.
        _ => ((call.arguments().find_map(|(_, value)| as_handle(value))?, ""), None),
    })
}

fn as_handle(value: callgate_gate::Value<'_>) -> Option<Handle<'_>> {
    if let callgate_gate::Value::Handle(handle) = value { Some(handle) } else { None }
}
