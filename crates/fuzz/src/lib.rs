//! Looks for what nobody thought of: random sequences of file operations on all backends at once, whose answers must agree
//! ([`files`]), and hostile guests against the whole host.
//!
//! Every case is made from a number, its seed, and is the same each time. `cargo test` runs a fixed few; `cargo xtask fuzz` runs
//! as many as its time allows.

#![forbid(unsafe_code)]

pub mod backends;
pub mod files;
