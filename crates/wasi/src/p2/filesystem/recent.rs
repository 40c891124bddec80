//! The identity that the last call saw, for the call right behind it.
//!
//! Guests on wasi-libc ask `stat-at` and then, for the same path, `metadata-hash-at`, which is nothing but the identity
//! that `stat-at` had in hand. Answering the second from the first saves its system call. It holds for the very next
//! call only and for the same handle and path; nothing that the guest does can come between, and another process that
//! swaps the file in between is answered as if it had come a moment later.

use std::cell::{Cell, RefCell};

use callgate_system::{Follow, Identity};

/// What the last call saw.
#[derive(Default)]
pub(crate) struct Recent {
    /// The count of passed calls when it was seen, the identity, the descriptor and, for a path, how it was followed.
    seen: Cell<Option<(u64, Identity, u32, Option<Follow>)>>,
    path: RefCell<String>,
}

impl Recent {
    /// Call number `passed` saw `identity` at `path` below descriptor `id`, or of the descriptor itself.
    pub(crate) fn note(&self, passed: u64, identity: Identity, id: u32, at: Option<(Follow, &str)>) {
        self.seen.set(Some((passed, identity, id, at.map(|(follow, _)| follow))));
        if let Some((_, path)) = at {
            let mut kept = self.path.borrow_mut();
            kept.clear();
            kept.push_str(path);
        }
    }

    /// What the call before number `passed` saw there.
    pub(crate) fn recall(&self, passed: u64, id: u32, at: Option<(Follow, &str)>) -> Option<Identity> {
        let (seen, identity, seen_id, follow) = self.seen.take()?;
        let same_path = match at {
            Some((asked, path)) => follow == Some(asked) && *self.path.borrow() == path,
            None => follow.is_none(),
        };
        (seen + 1 == passed && seen_id == id && same_path).then_some(identity)
    }
}
