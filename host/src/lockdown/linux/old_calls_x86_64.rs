//! The older forms of system calls, of which others are the newer, where they are still used.

use nix::libc::{self, c_long};

pub(super) const OLD: &[c_long] = &[
    // rustix, for `crates/linux/src/wait.rs` and `stdio.rs`.
    libc::SYS_poll,
    libc::SYS_epoll_wait,
    // glibc, for Rust's std: what writes --memory-out, and looks at the files of --policy.
    libc::SYS_rename,
    libc::SYS_unlink,
    libc::SYS_stat,
    libc::SYS_lstat,
    libc::SYS_readlink,
    // glibc, for Rust's std: a symbolic link's target, in `crates/portable`.
    libc::SYS_getdents,
];
