//! Sealed files.

use callgate_conformance::unix::sealed;

use crate::Portable;

#[test]
fn sealed_files_are_not_written() {
    sealed(&Portable::new());
}
