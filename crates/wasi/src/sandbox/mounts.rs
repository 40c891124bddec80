//! The mounts of a run: what each of them promises, and what rules about paths need of them.

use std::sync::Arc;

use callgate_gate::Mount;
use callgate_system::{Directory, Result as SystemResult};

use super::MountError;

/// Has the directories of all mounts follow no link, and tells how names are told apart in each, as rules about paths need it.
///
/// # Errors
/// Those of [`Directory::strict`].
pub(super) fn make_strict(mounts: &mut [(Arc<Mount>, Arc<dyn Directory>)]) -> SystemResult<()> {
    for (mount, directory) in mounts {
        *directory = directory.strict()?;
        let (guest_path, names) = (mount.guest_path.clone(), directory.names());
        *mount = Arc::new(Mount { guest_path, names, ..**mount });
    }
    Ok(())
}

/// Errors where `inner` is a read-only mount whose files can be changed through `outer`, or one with a quota that `outer` has not.
pub(super) fn keeps_its_promise(
    inner: (&Mount, &dyn Directory),
    outer: (&Mount, &dyn Directory),
) -> Result<(), MountError> {
    let protects = inner.0.read_only || (inner.0.quota.is_some() && outer.0.quota.is_none());
    if !protects || outer.0.read_only {
        return Ok(());
    }
    let (inside, outside) = (inner.0.guest_path.clone(), outer.0.guest_path.clone());
    match inner.1.lies_within(outer.1) {
        Ok(false) => Ok(()),
        Ok(true) if inner.0.read_only => Err(MountError::Contradiction { read_only: inside, writable: outside }),
        Ok(true) => Err(MountError::Unlimited { limited: inside, unlimited: outside }),
        Err(why) => Err(MountError::Unclear { read_only: inside, writable: outside, why }),
    }
}

/// The components of a guest path that say where it is, so that `/data` and `/data/` are the same place.
pub(super) fn normal(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|component| !component.is_empty() && *component != ".")
}
