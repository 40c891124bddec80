//! How much a guest may add to each of its mounts.
//!
//! What a call adds depends on what stands there: a write grows a file only behind its end, an unlinked file goes only with its
//! last name and its last handle. A [`Call`](crate::Call) doesn't know that, so a quota is kept around the directory of a mount, and
//! only of a mount that has one; no other call pays for it.
//!
//! What is counted: the bytes by which files became longer, holes included, what was written into holes that nobody had paid for
//! (`space`), and the names that were made, each less what went. Neither goes below zero, so removing what was there before gives no
//! more room than there was. Directories themselves, and the texts of links, count as names only.
//!
//! So a file counts for its size, less the holes that were in it when it was first seen. A file that the guest made has none: what
//! it did not write yet, it has paid for. The books know that as long as they can't see it.
//!
//! Hazards: one file may be reached through several mounts, so who holds it open is noted for all mounts of a guest
//! together; a mount without that, read-only ones included, could keep what another one counts as gone. What other
//! processes do with the same files meanwhile is seen as it stands at each call. The books are locked while the file
//! system works, which never waits.

mod books;
mod directory;
mod file;
mod space;

use std::sync::{Arc, Mutex};

use callgate_system::{Directory, Quota};

use crate::Mount;
use books::{Books, Ledger};
use directory::LimitedDirectory;

/// No limit.
const NONE: Quota = Quota { bytes: u64::MAX, entries: u64::MAX };

/// Keeps each of a guest's mounts within its own quota, or within `default` where it has none: what would add more is
/// [`callgate_system::Code::Quota`]. Renaming and linking from one mount to another is `CrossDevice` then. All mounts of the guest must
/// be in `mounts`; where none has a limit, they stay as they are.
pub fn limit(mounts: &mut [(Arc<Mount>, Arc<dyn Directory>)], default: Option<Quota>) {
    if default.is_none() && mounts.iter().all(|(mount, _)| mount.quota.is_none()) {
        return;
    }
    let books = Arc::new(Mutex::new(Books::default()));
    for (number, (mount, directory)) in mounts.iter_mut().enumerate() {
        let quota = mount.quota.or(default).unwrap_or(NONE);
        let ledger = Ledger { mount: number, quota, books: Arc::clone(&books) };
        *directory = Arc::new(LimitedDirectory::new(Arc::clone(directory), ledger));
    }
}
