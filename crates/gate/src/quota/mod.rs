//! The quotas on what a guest may add to each of its mounts.
//!
//! The amount that a call adds depends on the files: a write grows a file only past its end, and an unlinked file goes only with
//! its last name and its last handle. A [`Call`](crate::Call) doesn't know the files. So a quota is a wrapper around the directory
//! of a mount, and only of a mount that has a quota; no other call pays for it.
//!
//! A quota counts bytes and names. The bytes are those by which files became longer, holes included, and those written into holes
//! that nobody had paid for (`space`), less those that were removed. The names are those that were made, less those that were
//! removed. Neither count goes below zero, so removing what was there before gives no more room than there was. Directories
//! themselves, and the texts of links, count as names only.
//!
//! So a file counts for its size, less the holes that were in it when it was first seen. A file that the guest made has none: the
//! guest has paid for the bytes that it did not write yet. The books remember that as long as the file's attributes don't show it.
//!
//! Hazards: one file may be reached through several mounts. So its open handles are noted for all mounts of a guest together,
//! read-only ones included: a mount left out could keep a file that another one counts as gone. Changes that other processes make
//! to the same files meanwhile are seen as they stand at each call. The books stay locked while the file system works, which
//! never waits.

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
