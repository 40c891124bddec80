//! Looks for what nobody thought of: random sequences of file operations on all backends at once, whose answers must agree
//! ([`files`]), and hostile guests against the whole host
//! ([`guests`]), names that are swapped while they are used (`swaps`).
//!
//! Every case is made from a number, its seed, and is the same each time. `cargo test` runs a fixed few; `cargo xtask fuzz` runs
//! as many as its time allows.

#![forbid(unsafe_code)]

pub mod backends;
pub mod files;
pub mod guests;
#[cfg(unix)]
pub mod swaps;

/// What a panic says.
fn panicked(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without a word").to_owned()
}
