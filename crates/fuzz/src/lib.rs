//! Looks for what nobody thought of: random sequences of file operations on all backends at once, whose answers must agree
//! ([`files`]); hostile components and compiled files ([`guests`]) and modules ([`modules`]) against the whole host; programs
//! that cost their compiler too much ([`costs`]); operations beside the gate ([`passing`]); names that are swapped while they are used (`swaps`).
//!
//! Every case is made from a number, its seed, and is the same each time. `cargo test` runs a fixed few; `cargo xtask fuzz` runs
//! as many as its time allows.

#![forbid(unsafe_code)]

pub mod backends;
pub mod costs;
pub mod files;
pub mod guests;
pub mod modules;
mod mounts;
pub mod passing;
mod seeded;
#[cfg(unix)]
pub mod swaps;
mod watch;

/// The message of a panic.
fn panicked(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without a word").to_owned()
}

/// The end of a run without the numbers in it, so that similar ends are counted together.
fn kind(reason: &str) -> String {
    reason.split(|c: char| c.is_ascii_digit()).collect::<Vec<_>>().join("#").chars().take(90).collect()
}
