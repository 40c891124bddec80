//! The gate: the one place that every call of a guest passes.
//!
//! A host function says what it is about to do as a [`Call`], borrowed and without an allocation, and passes it together
//! with the act. The gate refuses it, or lets it happen and shows the outcome to its hook. Without a hook that is one
//! predictable branch.
//!
//! Hazard: what does not pass here can be neither refused nor recorded, so whatever a guest can observe must, time and
//! random bytes included.

mod call;
mod ended;
mod gate;
mod handle;
mod network;
pub mod quota;
mod reply;
#[cfg(test)]
mod tests;
mod trace;

pub use call::Call;
pub use ended::{Break, Ended};
pub use gate::{Gate, Hook, Outcome};
pub use handle::{Handle, Mount};
pub use network::{MissingRule, NetworkAccess, NetworkRules, Rule, RuleError};
pub use reply::{AsReply, Reply};
pub use trace::Trace;
