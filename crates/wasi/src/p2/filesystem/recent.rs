//! The identity that the last call saw, for the call right behind it.
//!
//! Guests on wasi-libc ask `stat-at` and then, for the same path, `metadata-hash-at`, which is nothing but the identity
//! that `stat-at` had in hand. Answering the second from the first saves its system calls. It holds for the very next
//! call only, and only where that call means the same file. Nothing that the guest does can come between; where another
//! process swaps the file in between, the answer is that of a moment before.

use std::cell::{Cell, RefCell};

use callgate_system::{Follow, Identity, Stat};

/// What the last call saw.
#[derive(Default)]
pub(crate) struct Recent {
    seen: Cell<Option<Seen>>,
    path: RefCell<String>,
}

#[derive(Clone, Copy)]
struct Seen {
    /// The count of passed calls then.
    passed: u64,
    /// The descriptor that it was asked of.
    id: u32,
    /// How a path below it was followed; `None` for the descriptor itself.
    at: Option<Follow>,
    stat: (Identity, bool),
}

impl Recent {
    /// Call number `passed` saw `stat` at a path below descriptor `id`, or of the descriptor itself.
    pub(crate) fn note(&self, passed: u64, id: u32, at: Option<(Follow, &str)>, stat: &Stat) {
        let stat = (stat.identity, stat.followed);
        self.seen.set(Some(Seen { passed, id, at: at.map(|(follow, _)| follow), stat }));
        if let Some((_, path)) = at {
            let mut kept = self.path.borrow_mut();
            kept.clear();
            kept.push_str(path);
        }
    }

    /// What the call before number `passed` saw there.
    pub(crate) fn recall(&self, passed: u64, id: u32, at: Option<(Follow, &str)>) -> Option<Identity> {
        let seen = self.seen.take()?;
        let (identity, followed) = seen.stat;
        let same_file = match (seen.at, at) {
            (Some(then), Some((now, path))) => {
                (then == now || !followed && then == Follow::Yes) && *self.path.borrow() == path
            }
            (then, now) => then.is_none() && now.is_none(),
        };
        (seen.passed + 1 == passed && seen.id == id && same_file).then_some(identity)
    }
}

#[cfg(test)]
mod tests {
    use callgate_system::FileType;

    use super::*;

    fn stat(file: u128, followed: bool) -> Stat {
        Stat {
            kind: FileType::RegularFile,
            links: 1,
            size: 0,
            accessed: None,
            modified: None,
            changed: None,
            identity: Identity { device: 1, file },
            followed,
        }
    }

    #[test]
    fn it_holds_for_the_next_call_on_the_same_file() {
        let recent = Recent::default();
        recent.note(7, 3, Some((Follow::Yes, "a")), &stat(11, false));
        assert_eq!(recent.recall(8, 3, Some((Follow::No, "a"))), Some(Identity { device: 1, file: 11 }));
        recent.note(7, 3, None, &stat(11, false));
        assert_eq!(recent.recall(8, 3, None), Some(Identity { device: 1, file: 11 }));
    }

    #[test]
    fn it_holds_for_nothing_else() {
        let asked = [
            (9, 3, Some((Follow::Yes, "a"))),
            (8, 4, Some((Follow::Yes, "a"))),
            (8, 3, Some((Follow::Yes, "b"))),
            (8, 3, Some((Follow::No, "a"))),
            (8, 3, None),
        ];
        let recent = Recent::default();
        for (passed, id, at) in asked {
            recent.note(7, 3, Some((Follow::Yes, "a")), &stat(11, true));
            assert_eq!(recent.recall(passed, id, at), None, "{passed} {id} {at:?}");
            assert_eq!(recent.recall(8, 3, Some((Follow::Yes, "a"))), None, "once asked, it is gone");
        }
        // What was seen of a link itself says nothing of what it leads to.
        recent.note(7, 3, Some((Follow::No, "a")), &stat(11, false));
        assert_eq!(recent.recall(8, 3, Some((Follow::Yes, "a"))), None);
    }
}
