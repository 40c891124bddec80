//! Procfs, which is not to be reached although it lies beneath a mount. See `callgate_mounts::Procfs`.

use std::os::fd::AsFd;

use callgate_system::{Code, Result};
use cap_std::fs::Dir;

use crate::error::Portable as _;

/// Where one mount meets procfs.
#[derive(Clone, Copy)]
pub(crate) struct Procfs(callgate_mounts::Procfs);

impl Procfs {
    /// For all that is below `root`.
    pub(crate) fn of(root: &Dir) -> Self {
        Self(callgate_mounts::Procfs::of(root.as_fd()))
    }

    /// Errors where what was opened must not be handed out.
    pub(crate) fn permit(self, opened: &impl AsFd, for_writing: bool) -> Result<()> {
        permit(self.0.forbids(opened.as_fd(), for_writing))
    }

    /// Errors where no name in `directory` may be acted on.
    pub(crate) fn permit_names_in(self, directory: &Dir) -> Result<()> {
        permit(self.0.forbids_names_in(directory.as_fd()))
    }
}

fn permit(is_forbidden: rustix::io::Result<bool>) -> Result<()> {
    if is_forbidden.portable()? { Err(Code::NotPermitted.into()) } else { Ok(()) }
}
