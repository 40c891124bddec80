//! Policies: files that say which calls of a guest may happen, and where.
mod aspect;
mod decide;
mod destination;
mod error;
mod expect;
mod glob;
mod limit;
mod masks;
mod near;
#[cfg_attr(unix, path = "open/unix.rs")]
#[cfg_attr(not(unix), path = "open/other.rs")]
mod open;
mod parse;
mod policy;
mod rule;
mod source;
mod trie;

pub use error::PolicyError;
pub use glob::Case;
pub use policy::Policy;
