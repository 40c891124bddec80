//! The gate: the one place that every call of a guest passes.
//!
//! A host function says what it is about to do as a [`Call`], borrowed and without an allocation, and passes it together
//! with the act. The gate asks its deciders ([`Decider`]), lets the act happen or not, and tells its observers ([`Observer`]) what
//! became of it, arguments and reply as values ([`Value`]). With no deciders but its own, which are compiled into the host function, and
//! with no observers, that is one predictable branch.
//!
//! Hazard: what does not pass here can be neither refused nor recorded, so whatever a guest can observe must, time and
//! random bytes included.

mod call;
mod class;
mod decide;
mod end;
mod gate;
mod handle;
mod network;
mod observe;
pub mod quota;
mod reach;
mod sample;
#[cfg(test)]
mod tests;
mod value;

pub use call::Call;
pub use class::{Class, Classes, UnknownClass};
pub use decide::{Decider, Place, Reason, Resolved, Verdict};
pub use end::{CallError, RunEnd};
pub use gate::Gate;
pub use handle::{Handle, Mount};
pub use network::{Host, MissingRule, NamePattern, Network, NetworkAccess, NetworkRules, Rule, RuleError, Use};
pub use observe::{Event, GuestId, Notice, Observer, Outcome, Refusal, Stack};
pub use reach::Reach;
pub use value::{Flags, Reply, Streams, Value, kind_word};
