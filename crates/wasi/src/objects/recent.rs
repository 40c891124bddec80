//! The attributes that the last hash was made of, for the `stat` right after it.
//!
//! wasi-libc makes each `stat` of two calls: `metadata-hash-at`, which is nothing but the identity among the attributes, and
//! then, for the same path, `stat-at`. Answering the second from the first saves its system calls.
//!
//! The path that is kept is one that a system has just taken, so it is below 4 KiB. There is only one, so it is not charged.
//!
//! It makes each entry of a listing of two calls, too: `read-directory-entry`, and `metadata-hash-at` for the name that it got. Some
//! listings tell the identity along with the name, a system call for hundreds. As long as the guest does nothing but go on so, the
//! identities are those of the moment in which they were listed: whatever it could have learnt of later changes, it would have
//! learnt by another call.
//!
//! Hazard: an answer from memory is old. It is given to the very next call only, only where that call means the same file, and
//! only for [`FRESH`]. An answer from memory is never remembered again. So an answer was true less than that time ago, which
//! the guest can't tell from another process being a moment slower.

use std::cell::{Cell, RefCell};

use callgate_system::{Entry, FileType, Follow, Identity, Listed, Nanoseconds, Stat};

/// The greatest age of an answer that is given from memory, in nanoseconds.
const FRESH: Nanoseconds = 20_000;
/// The greatest age of an identity that a listing told, in nanoseconds: the time to go through the entries of one system call.
const FRESHLY_LISTED: Nanoseconds = 1_000_000;

/// The file whose attributes were asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum At<'a> {
    /// Of what a descriptor is open on.
    Itself,
    /// Of a path below it.
    Path(Follow, &'a str),
}

/// The memory of the last call: the attributes that it saw, and the entry that it told.
#[derive(Default)]
pub(crate) struct Recent {
    seen: Cell<Option<Seen>>,
    told: Cell<Option<Told>>,
    /// The last call from which no change of an entry could be learnt, but of the entry that the call before it told.
    asked: Cell<u64>,
    /// The path that either is about.
    path: RefCell<String>,
}

/// The attributes that a hash was made of.
#[derive(Clone, Copy)]
struct Seen {
    moment: Moment,
    /// The descriptor that it was asked of.
    id: u32,
    /// The rule by which a path below the descriptor was followed; `None` for the descriptor itself.
    follow: Option<Follow>,
    stat: Stat,
}

/// The entry that the last call told.
#[derive(Clone, Copy)]
struct Told {
    passed: u64,
    /// The directory that was listed.
    directory: usize,
    /// The identity of the file, if the listing was not interrupted.
    listed: Option<Listed>,
}

/// The progress of a listing while the guest does nothing else.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Course {
    /// The directory's object, by its address: its number may be another's by now.
    directory: usize,
    /// The last call that told an entry of it.
    passed: u64,
    /// True if the guest has done nothing else since the entries were listed that it goes through.
    is_unbroken: bool,
}

impl Course {
    /// A listing of `directory` begins with this call.
    pub(crate) fn begin(directory: usize, passed: u64) -> Self {
        Self { directory, passed, is_unbroken: true }
    }

    /// True if what this call told was listed after whatever the guest did that is not part of the listing, above all if it `is_new`, listed
    /// during this call. The call `asked` is part of the listing where it came right after the entry before.
    fn goes_on(&mut self, passed: u64, asked: u64, is_new: bool) -> bool {
        let after_an_entry = passed == self.passed + 1;
        let after_its_identity = passed == self.passed + 2 && asked == self.passed + 1;
        self.is_unbroken = is_new || (self.is_unbroken && (after_an_entry || after_its_identity));
        self.passed = passed;
        self.is_unbroken
    }
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

    /// The call that is the `passed`th told what never changes, such as which file a descriptor is of. C libraries ask that of a directory once its
    /// listing has begun; it tells of no change of an entry, so it does not interrupt the listing.
    pub(crate) fn note_constant(&self, passed: u64) {
        self.asked.set(passed);
    }

    /// The call that is the `passed`th told this entry, or none, in the course of a listing; what it told `is_new` if it was listed during the
    /// call.
    pub(crate) fn note_entry(&self, passed: u64, course: &mut Course, entry: Option<&Entry>, is_new: bool) {
        let goes_on = course.goes_on(passed, self.asked.get(), is_new);
        let Some(entry) = entry else { return };
        let mut kept = self.path.borrow_mut();
        kept.clear();
        kept.push_str(&entry.name);
        self.seen.set(None);
        let listed = entry.listed.filter(|_| goes_on);
        self.told.set(Some(Told { passed, directory: course.directory, listed }));
    }

    /// The identity of the entry that the call before the `passed`th told, where that is what this one asks for.
    pub(crate) fn recall_entry(
        &self,
        directory: usize,
        at: At<'_>,
        passed: u64,
        now: impl FnOnce() -> Nanoseconds,
    ) -> Option<Identity> {
        let told = self.told.take()?;
        let is_same = told.directory == directory && at == At::Path(Follow::No, &self.path.borrow());
        if told.passed + 1 != passed || !is_same {
            return None;
        }
        self.asked.set(passed);
        let listed = told.listed?;
        let age = now().checked_sub(listed.when)?;
        (age <= FRESHLY_LISTED).then_some(listed.identity)
    }

    /// The attributes that the call before this moment's saw there, if any.
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
    /// True if a path leads to the same file when links are followed as `now` says. A file that is no link has none to follow.
    fn means_the_same(&self, then: Follow, now: Follow) -> bool {
        then == now || then == Follow::No && self.stat.kind != FileType::SymbolicLink
    }
}

#[cfg(test)]
mod tests {
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

    fn entry(name: &str, file: u128, when: Nanoseconds) -> Entry {
        let listed = Some(Listed { identity: Identity { device: 1, file }, when });
        Entry { name: name.to_owned(), kind: FILE, listed }
    }

    /// A listing of the directory 3 that began with the seventh call.
    struct Listing {
        recent: Recent,
        course: Course,
    }

    impl Listing {
        fn new() -> Self {
            Self { recent: Recent::default(), course: Course::begin(3, 7) }
        }

        /// True if the entry that a call tells has an identity for the call after it.
        fn tells(&mut self, passed: u64, entry: &Entry, is_new: bool) -> bool {
            self.recent.note_entry(passed, &mut self.course, Some(entry), is_new);
            let when = entry.listed.map_or(0, |listed| listed.when);
            let path = At::Path(Follow::No, &entry.name);
            let identity = self.recent.recall_entry(3, path, passed + 1, || when + FRESHLY_LISTED);
            assert!(identity.is_none() || identity == entry.listed.map(|listed| listed.identity));
            identity.is_some()
        }
    }

    #[test]
    fn a_listing_that_is_not_interrupted_tells_identities() {
        let mut listing = Listing::new();
        assert!(listing.tells(8, &entry("a", 11, 100), false));
        let directory = Entry { listed: None, ..entry("b", 12, 100) };
        assert!(!listing.tells(10, &directory, false));
        assert!(listing.tells(12, &entry("c", 13, 100), false));
        // Nobody asked for the last.
        assert!(listing.tells(13, &entry("d", 14, 100), false));
        // Something else came between: what was listed before is old for ever, what is listed after is not.
        assert!(!listing.tells(16, &entry("e", 15, 100), false));
        assert!(!listing.tells(18, &entry("f", 16, 100), false));
        assert!(listing.tells(20, &entry("g", 17, 900), true));
        assert!(listing.tells(22, &entry("h", 18, 900), false));
    }

    /// The piece is listed by the call that tells a directory, or no entry at all; what the guest does after that counts.
    #[test]
    fn a_piece_that_begins_without_an_identity_grows_old_as_others_do() {
        let directory = Entry { listed: None, ..entry("b", 12, 900) };
        for first in [Some(&directory), None] {
            let mut listing = Listing::new();
            assert!(listing.tells(8, &entry("a", 11, 100), false));
            listing.recent.note_entry(10, &mut listing.course, first, true);
            assert!(!listing.tells(13, &entry("c", 13, 900), false), "{first:?}");
            let mut listing = Listing::new();
            listing.recent.note_entry(10, &mut listing.course, first, true);
            assert!(listing.tells(11, &entry("c", 13, 900), false), "{first:?}");
        }
    }

    #[test]
    fn what_never_changes_does_not_interrupt() {
        let mut listing = Listing::new();
        listing.recent.note_constant(8);
        assert!(listing.tells(9, &entry("a", 11, 100), false));
        listing.recent.note_constant(12);
        assert!(!listing.tells(13, &entry("b", 12, 100), false), "one call more came between");
    }

    #[test]
    fn what_comes_in_the_place_of_the_question_interrupts() {
        let (recent, mut course) = (Recent::default(), Course::begin(3, 7));
        for (name, passed) in [("a", 8), ("b", 10)] {
            recent.note_entry(passed, &mut course, Some(&entry(name, 11, 100)), false);
            let other = recent.recall_entry(3, At::Path(Follow::No, "another"), passed + 1, || 100);
            assert_eq!(other, None);
        }
        recent.note_entry(11, &mut course, Some(&entry("c", 11, 100)), false);
        assert_eq!(recent.recall_entry(3, At::Path(Follow::No, "c"), 12, || 100), None);
    }

    #[test]
    fn what_was_listed_before_something_else_is_old() {
        let mut listing = Listing::new();
        assert!(!listing.tells(9, &entry("a", 11, 100), false));
        assert!(!listing.tells(11, &entry("b", 12, 100), false));
        assert!(listing.tells(13, &entry("c", 13, 101), true));
    }

    #[test]
    fn an_identity_is_told_to_the_next_call_for_that_name_alone() {
        let recent = Recent::default();
        for (id, asked, passed, now) in [
            (3, NOFOLLOW, 10, 100),
            (3, NOFOLLOW, 9, 101 + FRESHLY_LISTED),
            // Another clock than the listing's.
            (3, NOFOLLOW, 9, 99),
            (4, NOFOLLOW, 9, 100),
            (3, FOLLOW, 9, 100),
            (3, At::Itself, 9, 100),
            (3, At::Path(Follow::No, "b"), 9, 100),
        ] {
            recent.note_entry(8, &mut Course::begin(3, 7), Some(&entry("a", 11, 100)), false);
            assert_eq!(recent.recall_entry(id, asked, passed, || now), None, "{id} {asked:?} {passed} {now}");
            assert_eq!(recent.recall_entry(3, NOFOLLOW, 9, || 100), None, "once asked, it is gone");
        }
    }
}
