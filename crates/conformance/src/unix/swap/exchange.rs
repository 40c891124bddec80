//! Two names change places in one step.

use std::path::Path;

use rustix::fs::{CWD, RenameFlags, renameat_with};

pub(super) fn exchange(one: &Path, other: &Path) {
    renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE).expect("the file system can exchange names");
}
