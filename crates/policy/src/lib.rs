//! Policies: files that say which calls of a guest may happen, and where.
//!
//! A [`Policy`] is compiled from TOML to tables, and decides in some ten nanoseconds without an allocation, however many rules it has. A
//! [`Guard`] puts one to work in a run: it says what it refuses, and takes up a changed file. The language is in docs/policy.md.
//!
//! A policy narrows what its guest was granted and never widens it: it is one decider of several, and each of them can deny.

mod ask;
mod aspect;
mod decide;
mod destination;
mod error;
mod expect;
mod glob;
mod guard;
mod limit;
mod masks;
mod near;
#[cfg_attr(unix, path = "open/unix.rs")]
#[cfg_attr(not(unix), path = "open/other.rs")]
mod open;
mod parse;
mod policy;
mod report;
mod rule;
mod source;
#[cfg(test)]
mod tests;
mod trie;

pub use ask::Answer;
pub use error::PolicyError;
pub use glob::Case;
pub use guard::{Duty, Guard, Say};
pub use policy::Policy;
