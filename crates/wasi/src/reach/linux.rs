//! Files that are mounted, as containers do it with single files.

use std::path::Path;

use rustix::fs::{AtFlags, CWD, StatxAttributes, StatxFlags, statx};

/// True if another file is mounted here, which then lies elsewhere too. Says yes where the kernel doesn't tell (before 5.8).
pub(super) fn is_mount(file: &Path) -> bool {
    let Ok(found) = statx(CWD, file, AtFlags::empty(), StatxFlags::empty()) else { return true };
    let tells = found.stx_attributes_mask.contains(StatxAttributes::MOUNT_ROOT);
    !tells || found.stx_attributes.contains(StatxAttributes::MOUNT_ROOT)
}
