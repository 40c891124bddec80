//! Attacks that worked once, or that work elsewhere: each is tried as its inventor tried it. docs/security.md has the table.

mod compiled_code;
mod compiling;
mod host_memory;
mod mounts;
mod names;
mod procfs;
mod quotas;
mod time_limit;
mod trace;
mod untrusted_text;

pub(crate) use compiled_code::{forger, self_change};
pub(crate) use host_memory::*;
pub(crate) use procfs::procfs;
pub(crate) use quotas::holes;
