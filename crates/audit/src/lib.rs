//! Audits: what was refused to a guest, and what a rule wanted noted, in a file that shows when somebody changed it.
//!
//! An [`Audit`] is an observer of the gate. Each line of its file has the hash of the line before, so that lines can't be removed, changed or
//! exchanged without a trace; [`verify`] looks for those. A noted call has a line before it happens, and what can't be written does not
//! happen. docs/audit.md says what the lines hold.
//!
//! Hazard: a chain without a key proves nothing to whoever does not know its head. Somebody who may write the file can hash it anew.

mod chain;
mod file;
mod log;
#[cfg(test)]
mod tests;
mod verify;

pub use chain::{Head, Key, KeyError};
pub use file::{AuditFile, OpenError};
pub use log::{Audit, Recording, Sink};
pub use verify::{Report, verify};
