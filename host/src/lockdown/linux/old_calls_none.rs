//! The older forms of system calls, which this architecture never had.

use nix::libc::c_long;

pub(super) const OLD: &[c_long] = &[];
