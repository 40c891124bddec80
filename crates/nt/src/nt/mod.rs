//! The calls of NT, thin and typed: each function is one call, its arguments as plain types, its status as a [`Status`].
//!
//! The only place with `unsafe`. Hazards of the whole family: a call on a handle opened without
//! `FILE_SYNCHRONOUS_IO_NONALERT` may still write to its buffers after it returned `PENDING`, so every handle here is
//! synchronous, but those that complete to a port; and `UNICODE_STRING` counts bytes in 16 bits, so a name is at most 32,767 units.

#![allow(unsafe_code, reason = "foreign functions")]

pub(crate) mod afd;
pub(crate) mod completion;
pub(crate) mod console;
pub(crate) mod directory;
pub(crate) mod file;
pub(crate) mod info;
pub(crate) mod object;
pub(crate) mod optional;
pub(crate) mod path;
pub(crate) mod process;
pub(crate) mod random;
pub(crate) mod reparse;
pub(crate) mod stream;
pub(crate) mod time;
pub(crate) mod winsock;

pub(crate) use self::object::{Handle, checked};
