//! The attributes behind the last hash, for the `stat` right behind it.
//!
//! wasi-libc makes each `stat` of two calls: `metadata-hash-at`, which is nothing but the identity among the attributes, and
//! then, for the same path, `stat-at`. Answering the second from the first saves its system calls.
//!
//! The path that is kept is one that a system has just taken, so it is below 4 KiB, and there is one; it is not charged.
//!
//! Hazard: an answer from memory is old. It is given to the very next call only, only where that call means the same file, and
//! only for [`FRESH`]; and an answer from memory is never remembered again. So what a guest is told was true less than
//! that ago, which it can't tell from another process being a moment slower.

use std::cell::{Cell, RefCell};

use callgate_system::{FileType, Follow, Nanoseconds, Stat};

/// How old an answer may be, in nanoseconds.
const FRESH: Nanoseconds = 20_000;

/// Where attributes were asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum At<'a> {
    /// Of what a descriptor is open on.
    Itself,
    /// Of a path below it.
    Path(Follow, &'a str),
}

/// What the last call saw.
#[derive(Default)]
pub(crate) struct Recent {
    seen: Cell<Option<Seen>>,
    path: RefCell<String>,
}

#[derive(Clone, Copy)]
struct Seen {
    moment: Moment,
    /// The descriptor that it was asked of.
    id: u32,
    /// How a path below it was followed; `None` for the descriptor itself.
    follow: Option<Follow>,
    stat: Stat,
}

/// A point in the life of a guest.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    /// Calls that have passed the gate, without the present one.
    pub(crate) calls: u64,
    /// The monotonic clock.
    pub(crate) now: Nanoseconds,
}

impl Recent {
    /// The call of this moment asked the system for `stat`.
    pub(crate) fn note(&self, moment: Moment, id: u32, at: At<'_>, stat: &Stat) {
        let follow = match at {
            At::Itself => None,
            At::Path(follow, path) => {
                let mut kept = self.path.borrow_mut();
                kept.clear();
                kept.push_str(path);
                Some(follow)
            }
        };
        self.seen.set(Some(Seen { moment, id, follow, stat: *stat }));
    }

    /// What the call before this moment's saw there, if anything.
    pub(crate) fn recall(&self, id: u32, at: At<'_>, moment: impl FnOnce() -> Moment) -> Option<Stat> {
        let seen = self.seen.take()?;
        let same_file = seen.id == id
            && match (seen.follow, at) {
                (None, At::Itself) => true,
                (Some(then), At::Path(now, path)) => seen.means_the_same(then, now) && *self.path.borrow() == path,
                _ => false,
            };
        let moment = same_file.then(moment)?;
        let is_next = seen.moment.calls + 1 == moment.calls;
        (is_next && moment.now.saturating_sub(seen.moment.now) <= FRESH).then_some(seen.stat)
    }
}

impl Seen {
    /// Whether a path leads to the same file when links are followed as `now` says: what is no link has none to follow.
    fn means_the_same(&self, then: Follow, now: Follow) -> bool {
        then == now || then == Follow::No && self.stat.kind != FileType::SymbolicLink
    }
}

#[cfg(test)]
mod tests {
    use callgate_system::Identity;

    use super::*;

    fn stat(kind: FileType) -> Stat {
        let identity = Identity { device: 1, file: 11 };
        Stat { kind, links: 1, size: 0, allocated: 0, accessed: None, modified: None, changed: None, identity }
    }

    fn at(calls: u64, now: Nanoseconds) -> Moment {
        Moment { calls, now }
    }

    const FILE: FileType = FileType::RegularFile;
    const LINK: FileType = FileType::SymbolicLink;
    const NOFOLLOW: At<'_> = At::Path(Follow::No, "a");
    const FOLLOW: At<'_> = At::Path(Follow::Yes, "a");

    #[test]
    fn it_holds_for_the_next_call_on_the_same_file() {
        let recent = Recent::default();
        for (noted, kind, asked) in [
            (NOFOLLOW, FILE, FOLLOW),
            (NOFOLLOW, FILE, NOFOLLOW),
            (NOFOLLOW, LINK, NOFOLLOW),
            (FOLLOW, FILE, FOLLOW),
            (At::Itself, FILE, At::Itself),
        ] {
            recent.note(at(7, 100), 3, noted, &stat(kind));
            assert_eq!(recent.recall(3, asked, || at(8, 100 + FRESH)), Some(stat(kind)), "{noted:?} {asked:?}");
        }
    }

    #[test]
    fn it_holds_for_nothing_else() {
        let recent = Recent::default();
        for (noted, kind, id, asked, moment) in [
            (NOFOLLOW, FILE, 3, FOLLOW, at(9, 100)),
            (NOFOLLOW, FILE, 3, FOLLOW, at(8, 101 + FRESH)),
            (NOFOLLOW, FILE, 4, FOLLOW, at(8, 100)),
            (NOFOLLOW, FILE, 3, At::Path(Follow::Yes, "b"), at(8, 100)),
            (NOFOLLOW, LINK, 3, FOLLOW, at(8, 100)),
            (FOLLOW, FILE, 3, NOFOLLOW, at(8, 100)),
            (NOFOLLOW, FILE, 3, At::Itself, at(8, 100)),
            (At::Itself, FILE, 3, NOFOLLOW, at(8, 100)),
        ] {
            recent.note(at(7, 100), 3, noted, &stat(kind));
            assert_eq!(recent.recall(id, asked, || moment), None, "{noted:?} {kind:?} {id} {asked:?} {moment:?}");
            assert_eq!(recent.recall(3, noted, || at(8, 100)), None, "once asked, it is gone");
        }
    }
}
