//! The broker seam: a decider that asks another process, one JSON line a question and one a verdict (docs/policy.md).
//!
//! A broker narrows what a guest was granted and never widens it: it is one decider of several, and is asked last.
//!
//! Hazards: the broker may hang, lie or die, and the guest chooses the names in a question. So a question and an answer are bounded, each wait
//! has an end, and whatever goes wrong denies: the call at hand, and all that would be asked after it.

mod answer;
mod broker;
mod cache;
#[cfg_attr(unix, path = "connect/unix.rs")]
#[cfg_attr(not(unix), path = "connect/other.rs")]
mod connect;
mod link;
mod question;
#[cfg(all(test, unix))]
mod tests;

pub use broker::{Broker, Options, Say, asked_by_default};
pub use link::Peer;
