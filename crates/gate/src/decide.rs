//! Deciding on a call, before it happens.
//!
//! A decider is asked about every call, and allows or denies it; what one denies, no other can allow. The gate asks its own first, in
//! this order: rights that the guest gave away ([`Rights`]), read-only mounts ([`ReadOnlyMounts`]), rules about the network
//! ([`NetworkRules`](crate::NetworkRules)); then those of the guest's owner, in the order in which they were given.
//!
//! A quota is no decider: what a call adds depends on what the file system finds, so it is kept around the mount (`quota`).

use std::net::{IpAddr, SocketAddr};

use callgate_system::{Code, Names, Nanoseconds};

use crate::{Call, Event, Mount};

/// Decides which calls may happen.
pub trait Decider {
    /// Decides on `call`, which has not happened yet. Runs on the guest's thread, and for each call: it must be fast. One that
    /// has to ask somebody else bounds its wait by the time of the run. `resolved` is the place that the call reaches, where the gate knows it.
    ///
    /// Where some decider [asks about paths](Decider::asks_about_paths), a call that names paths may be asked about more than once: first with the
    /// place that the text of the path names, then with the place that it was found to lead to. The last verdict counts. Of a call whose path
    /// can't be resolved, the question is asked with the last place that was looked at, so that the error tells nothing of what is hidden.
    fn decide(&self, call: &Call<'_>, resolved: Option<&Resolved<'_>>) -> Verdict;

    /// True if it has rules about paths. Then the places that calls reach are resolved before it decides on them, and the calls act at these
    /// places and nowhere else. It is asked once, before the run, so a decider whose rules may change answers for all that it may get.
    fn asks_about_paths(&self) -> bool {
        false
    }

    /// The time for which `call`, which every decider allows, has to wait before it happens, in nanoseconds. The longest of all deciders
    /// counts; a wait ends with the time of the run.
    fn delay(&self, call: &Call<'_>, resolved: Option<&Resolved<'_>>) -> Nanoseconds {
        let _ = (call, resolved);
        0
    }

    /// A call has ended, or was refused.
    fn done(&self, event: &Event<'_>) {
        let _ = event;
    }

    /// A lookup by the guest answered that `name` has `address`: rules that name hosts hold for it from now on.
    fn learn(&self, name: &str, address: IpAddr) {
        let _ = (name, address);
    }

    /// True if the guest may see a datagram that came from `from`, to a socket that is bound to `local`.
    fn admits(&self, from: SocketAddr, local: SocketAddr) -> bool {
        let _ = (from, local);
        true
    }
}

/// The decision on a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing stands against it.
    Allow,
    /// The same, and this rule of the decider's wants it to be noted by whoever audits the run.
    Log(u32),
    /// It must not happen.
    Deny {
        /// The error that the guest is told, or that it traps with where the interface has no error there.
        code: Code,
        /// The reason, for observers.
        reason: Reason,
    },
}

impl Verdict {
    /// The errors that somebody outside of callgate may have a denial tell. Others would have a guest try again, or take what happened for
    /// something else.
    pub const CODES: &'static [Code] = &[
        Code::Access,
        Code::AccessDenied,
        Code::NotPermitted,
        Code::NoEntry,
        Code::ReadOnly,
        Code::Unsupported,
        Code::Io,
        Code::Quota,
        Code::InsufficientSpace,
        Code::ConnectionRefused,
        Code::RemoteUnreachable,
        Code::Timeout,
        Code::NameUnresolvable,
    ];

    /// True if the call may happen.
    #[inline(always)]
    #[must_use]
    pub fn is_allowed(self) -> bool {
        !matches!(self, Self::Deny { .. })
    }

    /// This verdict, if it denies; else the next one, noted if either is to be.
    #[inline(always)]
    #[must_use]
    pub fn and(self, next: impl FnOnce() -> Self) -> Self {
        match self {
            Self::Allow => next(),
            noted @ Self::Log(_) => match next() {
                Self::Allow => noted,
                other => other,
            },
            denied @ Self::Deny { .. } => denied,
        }
    }
}

/// The reason for which a call was denied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// The guest gave away the right that the call takes, or never had it.
    MissingRight,
    /// It would change something below a read-only mount.
    ReadOnlyMount,
    /// A name that no name server could know was to be looked up. No rule could permit that.
    InvalidName,
    /// No rule permits this use of the network.
    MissingRule,
    /// No rule of the policy allows it.
    NotAllowed,
    /// The broker denied it, or could not be asked.
    Broker,
    /// A limit of the run has no room for it.
    Limit,
    /// A rule of another decider, by the number that it has there.
    Rule(u32),
}

impl Reason {
    /// The word for it: `missing-rule`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::MissingRight => "missing-right",
            Self::ReadOnlyMount => "read-only-mount",
            Self::InvalidName => "invalid-name",
            Self::MissingRule => "missing-rule",
            Self::NotAllowed => "not-allowed",
            Self::Broker => "broker",
            Self::Limit => "limit",
            Self::Rule(_) => "rule",
        }
    }
}

/// The places that a call reaches, with no symbolic link left in them.
///
/// The text of a path does not say what a call does: any component of it may be a link. So a rule about paths is asked about the
/// outcome of resolving, and the call then acts on that outcome without resolving again. Resolving may cost system calls, so it is
/// done only for calls that name a path, and only where a decider [asks about paths](Decider::asks_about_paths). The place of a handle is
/// [its own](crate::Handle::place).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resolved<'a> {
    /// The place of the call's `path`.
    pub place: Place<'a>,
    /// The place of its `new_path`, for links and renames.
    pub new_place: Option<Place<'a>>,
}

/// A file or directory, or a name where none is yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    /// The mount that it lies beneath.
    pub mount: &'a Mount,
    /// The path beneath that mount, without a link, `.` or `..`, and without a `/` at either end; empty for the mount itself.
    pub path: &'a str,
    /// The way in which its names are told apart.
    pub names: Names,
}

/// Denies what the guest gave away the right to; preview1 alone has such rights.
pub(crate) struct Rights;

impl Decider for Rights {
    #[inline(always)]
    fn decide(&self, call: &Call<'_>, _: Option<&Resolved<'_>>) -> Verdict {
        match call.missing_right() {
            None => Verdict::Allow,
            Some(code) => Verdict::Deny { code, reason: Reason::MissingRight },
        }
    }
}

/// Denies changes below read-only mounts.
pub(crate) struct ReadOnlyMounts;

impl Decider for ReadOnlyMounts {
    #[inline(always)]
    fn decide(&self, call: &Call<'_>, _: Option<&Resolved<'_>>) -> Verdict {
        if call.changes_read_only_mount() {
            Verdict::Deny { code: Code::ReadOnly, reason: Reason::ReadOnlyMount }
        } else {
            Verdict::Allow
        }
    }
}
