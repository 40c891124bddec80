//! There is no procfs here.

use callgate_system::Result;
use cap_std::fs::Dir;

/// Where one mount meets procfs: nowhere.
#[derive(Clone, Copy)]
pub(crate) struct Procfs;

#[allow(clippy::unnecessary_wraps, clippy::unused_self, reason = "not so on Linux")]
impl Procfs {
    pub(crate) fn of(_root: &Dir) -> Self {
        Self
    }

    pub(crate) fn permit<T>(self, _opened: &T, _for_writing: bool) -> Result<()> {
        Ok(())
    }

    pub(crate) fn permit_names_in(self, _directory: &Dir) -> Result<()> {
        Ok(())
    }
}
