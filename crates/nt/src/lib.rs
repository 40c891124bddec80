//! The system that callgate runs guests on under Windows, over NT's own calls: what ntdll exports, not Win32.
//!
//! Where things are: `nt` is the thin, typed layer over the calls, and the only place with `unsafe`; `resolve` turns paths into handles
//! beneath a directory, by the portable walker; `directory`, `file` and `entries` are the handles; `net` is the network, and the
//! one place that sleeps; `names` says which names exist here; `error` is the one table of status codes.
//!
//! On other systems only the rules and tables are compiled, so that their tests run everywhere.

#![cfg_attr(
    not(windows),
    allow(dead_code, reason = "elsewhere only the rules and tables are compiled, for their tests")
)]

mod error;
mod names;
mod net;
mod open;
mod reparse;
mod resolve;
mod times;
mod utf;
mod wake;

#[cfg(windows)]
mod clock;
#[cfg(windows)]
mod directory;
#[cfg(windows)]
mod entries;
#[cfg(windows)]
mod file;
#[cfg(windows)]
mod naming;
#[cfg(windows)]
mod nt;
#[cfg(windows)]
mod objects;
#[cfg(windows)]
mod random;
#[cfg(windows)]
mod stat;
#[cfg(windows)]
mod stdio;
#[cfg(windows)]
mod symlink;
#[cfg(windows)]
mod system;
#[cfg(windows)]
mod within;

#[cfg(windows)]
pub use crate::nt::process::{Usage, terminate, usage};
#[cfg(windows)]
pub use crate::system::Nt;
