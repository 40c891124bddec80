//! Limits of this process.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Lets this process have as many files and sockets open as it may at all: raises the soft limit, `RLIMIT_NOFILE`, to the
/// hard one.
///
/// The soft one is 1,024 on most systems, for the sake of programs that use `select`; nothing here does. It is the whole
/// process's, and is handed on to its children, so it is for a program to call, not for a library. Where it can't be
/// raised, it stays.
pub fn raise_open_files() {
    let limit = getrlimit(Resource::Nofile);
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
}
