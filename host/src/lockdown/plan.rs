//! What a run needs of the system once it is locked down: the grants of the command line, in the kernel's terms.

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use callgate_policy::Guard;
use callgate_wasi::{Access, Rule, Use};

use crate::arguments::{BackendName, RunOptions};

/// A range of more ports than this counts as all of them: the kernel takes a call for each.
const MOST_PORTS: usize = 1024;

/// What stays permitted.
#[derive(Default)]
pub(crate) struct Plan {
    pub(super) folders: Vec<Folder>,
    /// TCP connections to these ports.
    pub(super) connect: Ports,
    /// TCP sockets at these ports.
    pub(super) bind: Ports,
    /// Sockets of TCP.
    pub(super) tcp: bool,
    /// Sockets of UDP.
    pub(super) udp: bool,
    /// Lookups of names.
    pub(super) lookups: bool,
}

/// What lies below a folder of this machine.
pub(super) struct Folder {
    pub(super) path: PathBuf,
    pub(super) writable: bool,
}

/// Ports of one use.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ports {
    All,
    These(Vec<u16>),
}

impl Default for Ports {
    fn default() -> Self {
        Self::These(Vec::new())
    }
}

impl Ports {
    fn add(&mut self, ports: RangeInclusive<u16>) {
        match self {
            Self::These(_) if ports.len() > MOST_PORTS => *self = Self::All,
            Self::These(these) => these.extend(ports),
            Self::All => {}
        }
    }
}

impl Plan {
    /// What the options grant, and what callgate itself needs for them until the end.
    pub(crate) fn new(options: &RunOptions, guard: Option<&Guard>) -> Self {
        let mut plan = Self::default();
        if options.backend != BackendName::Memory {
            for mount in &options.grants.mounts {
                plan.folder(Path::new(&mount.host), mount.access != Access::ReadOnly);
            }
            options.grants.network.iter().for_each(|option| plan.rule(&option.rule));
            // They are bound already, and accept.
            plan.tcp |= !options.grants.listen.is_empty();
        }
        // Editors replace a file, so that only its folder stays the same.
        for file in guard.iter().flat_map(|guard| guard.policy().files().map(Path::to_owned).collect::<Vec<_>>()) {
            plan.folder(parent(&file), false);
        }
        if let Some(out) = &options.memory.out {
            // It is written beside its place, and then put there.
            plan.folder(parent(out), true);
        }
        plan
    }

    /// True if these options look up names of this machine.
    pub(crate) fn needs_lookups(options: &RunOptions) -> bool {
        let grants = options.grants.network.iter().any(|option| matches!(option.rule, Rule::All | Rule::Resolve(_)));
        grants && options.backend != BackendName::Memory
    }

    fn folder(&mut self, path: &Path, writable: bool) {
        self.folders.push(Folder { path: path.to_owned(), writable });
    }

    fn rule(&mut self, rule: &Rule) {
        match rule {
            Rule::All => {
                (self.connect, self.bind) = (Ports::All, Ports::All);
                (self.tcp, self.udp, self.lookups) = (true, true, true);
            }
            Rule::Resolve(_) => self.lookups = true,
            Rule::Address { of: Use::Connect, ports, .. } => {
                self.tcp = true;
                self.connect.add(ports.clone());
                // A socket that connects has a port of its own, which the system picks.
                self.bind.add(0..=0);
            }
            Rule::Address { of: Use::Listen, ports, .. } => {
                self.tcp = true;
                self.bind.add(ports.clone());
            }
            Rule::Address { of: Use::Udp, .. } => self.udp = true,
        }
    }
}

/// The folder of a file.
fn parent(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_become_ports() {
        let mut plan = Plan::default();
        for rule in ["connect=10.0.0.1:443", "listen=127.0.0.1:80-81", "resolve=a.example"] {
            plan.rule(&rule.parse().unwrap());
        }
        assert_eq!((&plan.connect, &plan.bind), (&Ports::These(vec![443]), &Ports::These(vec![0, 80, 81])));
        assert_eq!((plan.tcp, plan.udp, plan.lookups), (true, false, true));
        plan.rule(&"connect=10.0.0.1".parse().unwrap());
        assert_eq!(plan.connect, Ports::All);
        plan.rule(&"udp=10.0.0.1:53".parse().unwrap());
        assert!(plan.udp);
    }
}
