//! Sealed files, for who is bound by modes and who isn't.

use callgate_conformance::unix::sealed;

use super::unprivileged;
use crate::Linux;

#[test]
fn sealed_files_are_not_written() {
    for openat2 in [true, false] {
        sealed(&Linux::with_openat2(openat2));
        unprivileged(|| sealed(&Linux::with_openat2(openat2)));
    }
}
