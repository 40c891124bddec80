//! The list of all cases.

use std::borrow::Cow;

use crate::stage::Stage;
use crate::{Check, Subject, behaviour, paths};

/// The groups, in the order of reports.
pub const GROUPS: &[&str] = &[
    "paths_open",
    "paths_attributes",
    "paths_links",
    "paths_names",
    "located",
    "opening",
    "reading",
    "writing",
    "sizes",
    "attributes",
    "identity",
    "naming",
    "links",
    "directories",
    "special",
    "handles",
    "clocks",
    "random",
    "waiting",
    "tcp",
    "udp",
    "lookup",
    "readiness",
    "security",
];

/// Every method of the traits that the suite must reach; each case is about one.
pub const CALLS: &[&str] = &[
    "System::open_root",
    "System::stdio",
    "Directory::open",
    "Directory::stat",
    "Directory::metadata",
    "Directory::read_entries",
    "Directory::create_directory",
    "Directory::remove_directory",
    "Directory::unlink_file",
    "Directory::symlink",
    "Directory::read_link",
    "Directory::link",
    "Directory::rename",
    "Directory::set_times",
    "Directory::set_own_times",
    "Directory::sync",
    "Directory::lies_within",
    "Directory::strict",
    "Directory::names",
    "Directory::listed_name",
    "Entries::next",
    "File::read_at",
    "File::read_into",
    "File::write_at",
    "File::append",
    "File::stat",
    "File::set_size",
    "File::set_times",
    "File::sync",
    "File::sync_data",
    "File::advise",
    "Clock::monotonic",
    "Clock::monotonic_resolution",
    "Clock::wall",
    "Clock::wall_resolution",
    "Random::fill",
    "Waiter::wait",
    "Network::socket",
    "Network::resolve",
    "Lookup::addresses",
    "Socket::bind",
    "Socket::connect",
    "Socket::finish_connect",
    "Socket::disconnect",
    "Socket::listen",
    "Socket::accept",
    "Socket::receive",
    "Socket::send",
    "Socket::receive_from",
    "Socket::send_to",
    "Socket::local_address",
    "Socket::remote_address",
    "Socket::option",
    "Socket::set_option",
    "Socket::shutdown",
    "Socket::abort",
];

/// One behaviour.
pub struct Case {
    /// One of [`GROUPS`].
    pub group: &'static str,
    /// The statement that must hold, unique in its group.
    pub name: Cow<'static, str>,
    /// The call it is about, one of [`CALLS`].
    pub call: &'static str,
    pub(crate) run: Run,
}

pub(crate) enum Run {
    Plain(fn(&Stage<'_>) -> Check),
    Path(Box<paths::Cell>),
}

impl Case {
    pub(crate) const fn new(
        group: &'static str,
        name: &'static str,
        call: &'static str,
        run: fn(&Stage<'_>) -> Check,
    ) -> Self {
        Self { group, name: Cow::Borrowed(name), call, run: Run::Plain(run) }
    }

    /// Runs it on fresh ground, or on `planted` where that is as good as fresh.
    pub(crate) fn run<'a>(&self, subject: &'a dyn Subject, planted: &mut Option<paths::Planted<'a>>) -> Check {
        match &self.run {
            Run::Plain(run) => run(&Stage::fresh(subject)),
            Run::Path(cell) => cell.run(subject, planted),
        }
    }
}

/// Every case, in the order of the groups.
#[must_use]
pub fn suite() -> Vec<Case> {
    let mut cases = paths::cases();
    cases.extend(behaviour::cases());
    let rank = |case: &Case| GROUPS.iter().position(|group| *group == case.group);
    cases.sort_by_key(rank);
    cases
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_case_has_a_known_group_and_call_and_a_name_of_its_own() {
        let mut seen = BTreeSet::new();
        for case in suite() {
            assert!(GROUPS.contains(&case.group), "{}", case.group);
            assert!(CALLS.contains(&case.call), "{}", case.call);
            assert!(seen.insert((case.group, case.name.to_string())), "twice: {}/{}", case.group, case.name);
        }
    }

    #[test]
    fn every_group_and_every_call_has_a_case() {
        let suite = suite();
        for group in GROUPS {
            assert!(suite.iter().any(|case| case.group == *group), "no case in {group}");
        }
        for call in CALLS {
            assert!(suite.iter().any(|case| case.call == *call), "no case for {call}");
        }
    }
}
