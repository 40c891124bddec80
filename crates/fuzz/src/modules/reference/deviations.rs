//! The differences on purpose between the answers of callgate and of `wasi-common`: the only list of them. A deviation that explains
//! one difference comes before one that explains many.

use super::answer::Answer::{self, Exited, Returned, Trapped};
use crate::modules::functions::{EXIT, Parameter as P, RAISE, find};
use crate::modules::layout::{PAGE, UNTOLD_BYTES};
use crate::modules::script::{Address, Argument, Call};

/// A call that two hosts answered differently.
pub(super) struct Differing<'a> {
    pub(super) call: &'a Call,
    pub(super) ours: Answer,
    pub(super) theirs: Answer,
}

/// Answers that differ, and why.
pub struct Deviation {
    /// Functions, or how the names of some begin; every one where there is none.
    calls: &'static [&'static str],
    when: fn(&Differing<'_>) -> bool,
    /// The answer of callgate, with its source, and that of `wasi-common`.
    pub reason: &'static str,
}

impl Deviation {
    pub(super) fn explains(&self, differing: &Differing<'_>) -> bool {
        let name = &differing.call.function;
        let is_named = self.calls.is_empty() || self.calls.iter().any(|call| name.starts_with(call));
        is_named && (self.when)(differing)
    }
}

const BADF: u16 = 8;
const FAULT: u16 = 21;
const ILSEQ: u16 = 25;
const INVAL: u16 = 28;
const ISDIR: u16 = 31;
const LOOP: u16 = 32;
const NAMETOOLONG: u16 = 37;
const NOENT: u16 = 44;
const NOTCONN: u16 = 53;
const NOTDIR: u16 = 54;
const NOTSOCK: u16 = 57;
const NOTSUP: u16 = 58;
const SPIPE: u16 = 70;
const NOTCAPABLE: u16 = 76;
const DONE: u16 = 0;

/// The most bytes of a path that Linux takes, with the NUL at its end.
const PATH_MAX: usize = 4_096;

/// All of them.
pub(super) const DEVIATIONS: &[Deviation] = &[
    Deviation {
        calls: &[EXIT],
        when: |it| matches!((it.ours, it.theirs), (Exited, Trapped)),
        reason: "a program ends with any code, of which the low byte counts, as exit(3) has it; they allow 0 to 125",
    },
    Deviation {
        calls: &[RAISE],
        when: |it| it.theirs == Trapped,
        reason: "a signal does what it does to a process that does not handle it (signal(7)); they have none",
    },
    Deviation {
        calls: &["clock_"],
        when: |it| it.errnos() == (INVAL, BADF),
        reason: "an unknown clock is `inval`, as clock_gettime(2) and the witx have it; they say `badf`",
    },
    Deviation {
        calls: &["args_", "environ_"],
        when: |it| it.errnos() == (DONE, DONE) && it.addresses_are_close(),
        reason: "of results in one place, that which is written last is left; no order is promised",
    },
    Deviation {
        calls: &["fd_fdstat_get"],
        when: |it| it.errnos() == (DONE, DONE) && it.told_alike(),
        reason: "rights are those that a descriptor has, and enforced; theirs are the same for all directories, none for files",
    },
    Deviation {
        calls: &["fd_fdstat_get"],
        when: |it| it.errnos() == (DONE, DONE) && it.number(P::Descriptor) < 3,
        reason: "standard output has no flags until some are set; theirs is kept in memory, and said to append",
    },
    Deviation {
        calls: &["fd_fdstat_set_rights"],
        when: |it| it.errno_of_theirs() == NOTSUP,
        reason: "rights can be given away, and `notcapable` answers who wants more, as the witx has it; they have no such call",
    },
    Deviation {
        calls: &["fd_readdir"],
        when: |it| it.errno_of_theirs() == ILSEQ,
        reason: "a name that is not UTF-8 is left out of a listing; with them it ends the listing",
    },
    Deviation {
        calls: &["fd_readdir"],
        when: |it| it.errnos() == (NOENT, DONE),
        reason: "a directory that is removed is `noent`, as getdents(2) has it; they look only when there is room for a name",
    },
    Deviation {
        calls: &["fd_prestat_"],
        when: |it| matches!(it.errnos(), (BADF, NOTDIR | NOTSUP) | (DONE, BADF | NOTDIR)),
        reason: "what is no mount is `badf`, at which C libraries stop looking, but for a socket of the host's before the mounts",
    },
    Deviation {
        calls: &["path_", "fd_readdir"],
        when: |it| it.errnos() == (NOTDIR, BADF),
        reason: "a path below what is no directory is `notdir`, as openat(2) has it; they say `badf`",
    },
    Deviation {
        calls: &["path_link"],
        when: |it| it.errno_of_theirs() == INVAL && it.number(P::Lookup) & 1 == 1,
        reason: "a link that is named can be followed, as by linkat(2); they refuse that",
    },
    Deviation {
        calls: &["path_open"],
        when: |it| it.errno_of_theirs() == INVAL && it.number(P::OpenFlags) & 2 == 2 && it.number(P::OpenFlags) != 2,
        reason: "O_DIRECTORY goes with other flags where open(2) lets it; they refuse all of them",
    },
    Deviation {
        calls: &["path_open"],
        when: |it| it.errno_of_theirs() == INVAL && it.number(P::OpenFlags) & 8 == 8,
        reason: "a file is truncated though it be opened to be read only, as by open(2); they say `inval`",
    },
    Deviation {
        calls: &["path_open"],
        when: |it| it.errno_of_theirs() == NOTSUP && it.number(P::DescriptorFlags) & (2 | 8 | 16) != 0,
        reason: "a file can be opened for synchronous writing, as by open(2); they have that not",
    },
    Deviation {
        calls: &["path_open"],
        when: |it| it.errno_of_theirs() == ISDIR && it.number(P::DescriptorFlags) & 1 == 1,
        reason: "a directory can be opened with O_APPEND, as by open(2); they open to write for that",
    },
    Deviation {
        calls: &["path_open"],
        when: |it| it.errnos() == (NOTDIR, LOOP) && it.number(P::OpenFlags) & 2 == 2,
        reason: "a link that is not followed is no directory for O_DIRECTORY, as by open(2); they say `loop` first",
    },
    Deviation {
        calls: &["path_"],
        when: |it| it.paths().any(|path| path.len() >= PATH_MAX),
        reason: "a path is shorter than PATH_MAX, 4,096 bytes, as path_resolution(7) has it; they take it apart before",
    },
    Deviation {
        calls: &["path_"],
        when: |it| it.both_fail() && (it.errno_of_ours() == NAMETOOLONG || it.has_raw_path()),
        reason: "of two things that are wrong, either may be told: a text that is no path, before what the file system says",
    },
    Deviation {
        calls: &["path_"],
        when: |it| it.paths().any(|path| path.ends_with(['/', '.'])),
        reason: "slashes and dots at the end are what path_resolution(7), rename(2) and rmdir(2) make of them; they strip or refuse them",
    },
    Deviation {
        calls: &["fd_filestat_set_times", "path_filestat_set_times"],
        when: |it| it.errno_of_theirs() == INVAL && it.number(P::TimeFlags) & (it.number(P::TimeFlags) >> 1) & 5 != 0,
        reason: "a time that is set both to now and to another is `inval`, after descriptor and path; with them before",
    },
    Deviation {
        calls: &["path_filestat_set_times"],
        when: |it| it.errnos() == (NOENT, DONE) && it.number(P::TimeFlags) == 0,
        reason: "a name that is not there is `noent` though nothing be set; utimensat(2) then does not look, on Linux alone",
    },
    Deviation {
        calls: &["fd_filestat_set_times"],
        when: |it| matches!(it.errnos(), (NOTCAPABLE, BADF | DONE)),
        reason: "times of a stream or socket can't be set: it never had that right",
    },
    Deviation {
        calls: &["fd_filestat_set_size"],
        when: |it| matches!(it.errnos(), (INVAL, BADF | DONE)),
        reason: "what is no file or not open for writing is `inval`, as ftruncate(2) has it; they open to write more than was asked",
    },
    Deviation {
        calls: &["fd_sync", "fd_datasync"],
        when: |it| it.errnos() == (INVAL, DONE),
        reason: "what can't be synchronised is `inval`, as by fsync(2); with them nothing is done",
    },
    Deviation {
        calls: &["fd_fdstat_set_flags"],
        when: |it| it.errnos() == (NOTSUP, INVAL),
        reason: "flags of synchronous writing can't be set later, which is `notsup`; they say `inval`",
    },
    Deviation {
        calls: &["fd_fdstat_set_flags"],
        when: |it| it.errnos() == (DONE, BADF) || it.errnos() == (DONE, INVAL),
        reason: "O_NONBLOCK and O_APPEND can be set on any stream or socket, as by fcntl(2)",
    },
    Deviation {
        calls: &["fd_seek", "fd_tell", "fd_pread", "fd_pwrite", "fd_advise", "fd_allocate"],
        when: |it| matches!(it.errnos(), (SPIPE, BADF | INVAL | NOTSUP)),
        reason: "a stream or socket has no offsets, which is `spipe`, as lseek(2) has it",
    },
    Deviation {
        calls: &["fd_seek"],
        when: |it| it.errnos() == (BADF, INVAL),
        reason: "a descriptor is looked up before the offset is looked at; with them a negative one is `inval` before",
    },
    Deviation {
        calls: &["fd_advise", "fd_allocate"],
        when: |it| it.errnos() == (INVAL, DONE) && it.number(P::Offset) > i64::MAX as u64,
        reason: "an offset that no file can have is `inval`; Linux alone does not look",
    },
    Deviation {
        calls: &["fd_read", "fd_pread", "fd_write", "fd_pwrite"],
        when: |it| it.errnos() == (DONE, DONE) && it.buffers() > 1,
        reason: "several buffers are filled or written as one, up to 64 KiB, larger ones the first alone; they read into the first",
    },
    Deviation {
        calls: &["fd_read", "fd_pread", "fd_write", "fd_pwrite"],
        when: |it| matches!(it.errnos(), (BADF | INVAL | SPIPE, DONE)) && it.buffers_are_empty(),
        reason: "of nothing, too, it is told that it can't be read or written, or not there, as by preadv(2); they don't look",
    },
    Deviation {
        calls: &["fd_read", "fd_pread", "fd_write", "fd_pwrite", "sock_recv", "sock_send"],
        when: |it| it.errno_of_ours() == INVAL && it.buffers() > 1_024,
        reason: "more than 1,024 buffers are `inval`, as writev(2) has it (IOV_MAX)",
    },
    Deviation {
        calls: &["sock_"],
        when: |it| matches!(it.errnos(), (NOTSOCK | NOTCONN | INVAL, BADF)),
        reason: "what is no socket is `notsock`, what is not connected `notconn`, as recv(2) has it; they say `badf`",
    },
    Deviation {
        calls: &["poll_oneoff"],
        when: |it| matches!(it.errno_of_theirs(), BADF | INVAL | NOTSUP),
        reason: "what can't be waited for is told in its event, and the time of day can be; with them the whole call fails",
    },
    Deviation {
        calls: &[],
        when: |it| it.theirs == Trapped && it.has_undefined(),
        reason: "undefined flags and numbers are `inval`, as by Linux, undefined rights no more than none; with them they trap",
    },
    Deviation {
        calls: &[],
        when: |it| it.theirs == Trapped && it.has_odd_address(),
        reason: "an address need not be aligned, one outside the memory is `fault`, as by Linux; with them both trap",
    },
    Deviation {
        calls: &[],
        when: |it| it.errno_of_ours() == FAULT && it.has_odd_address(),
        reason: "all addresses are looked at before anything is done; with them when they are needed",
    },
];

impl Differing<'_> {
    fn errno_of_ours(&self) -> u16 {
        self.ours.errno()
    }

    fn errno_of_theirs(&self) -> u16 {
        self.theirs.errno()
    }

    fn errnos(&self) -> (u16, u16) {
        (self.errno_of_ours(), self.errno_of_theirs())
    }

    fn both_fail(&self) -> bool {
        self.errno_of_ours() != DONE && self.errno_of_theirs() != DONE && self.theirs != Trapped
    }

    /// True if a path may be invalid: of any bytes, empty, or with a NUL in it.
    fn has_raw_path(&self) -> bool {
        self.given().into_iter().any(|(parameter, argument)| match argument {
            Argument::Path(path) => path.as_str().is_empty() || path.as_str().contains('\0'),
            _ => parameter == P::Path,
        })
    }

    fn told_alike(&self) -> bool {
        matches!((self.ours, self.theirs), (Returned { told, .. }, Returned { told: other, .. }) if told == other)
    }

    /// The arguments of the call, each with the parameter that it is for. An argument of two numbers comes with the first one's parameter.
    fn given(&self) -> Vec<(P, &Argument)> {
        let mut arguments = self.call.arguments.iter();
        let mut given = Vec::new();
        for parameter in find(&self.call.function).map_or(&[][..], |function| function.parameters) {
            let mut missing = parameter.types().len();
            while missing > 0 {
                let Some(argument) = arguments.next() else { return given };
                given.push((*parameter, argument));
                let takes = if matches!(argument, Argument::Path(_) | Argument::List(_)) { 2 } else { 1 };
                missing = missing.saturating_sub(takes);
            }
        }
        given
    }

    /// The number given for such a parameter; 0 where there is none.
    fn number(&self, wanted: P) -> u64 {
        let given = self.given().into_iter().find_map(|(parameter, argument)| match argument {
            Argument::Number(number) if parameter == wanted => Some(*number),
            _ => None,
        });
        given.unwrap_or(0)
    }

    fn paths(&self) -> impl Iterator<Item = &str> {
        self.call.arguments.iter().filter_map(|argument| match argument {
            Argument::Path(path) => Some(path.as_str()),
            _ => None,
        })
    }

    /// The number of buffers that the call names.
    fn buffers(&self) -> u64 {
        let count = self.given().into_iter().filter_map(|(parameter, argument)| match (parameter, argument) {
            (_, Argument::List(list)) => Some(list.len() as u64),
            (P::Gathered | P::Scattered, Argument::Number(count)) => Some(*count),
            _ => None,
        });
        count.sum()
    }

    fn buffers_are_empty(&self) -> bool {
        let mut lists = self.call.arguments.iter().filter_map(|argument| match argument {
            Argument::List(list) => Some(list.iter().all(|(_, length)| *length == 0)),
            _ => None,
        });
        lists.next().unwrap_or(self.buffers() == 0)
    }

    /// True if two answers are so close together that they may overlap.
    fn addresses_are_close(&self) -> bool {
        const ANSWER: u32 = 64;
        let places = self.call.arguments.iter().filter_map(|argument| match argument {
            Argument::Address(Address::At(at)) => Some(*at),
            // The pages of memory are few, and that is near the end.
            Argument::Address(Address::End(_)) => Some(u32::MAX),
            _ => None,
        });
        let places: Vec<_> = places.collect();
        matches!(places.as_slice(), [first, second] if first.abs_diff(*second) < ANSWER)
    }

    /// True if a number is none of those that its parameter has names for.
    fn has_undefined(&self) -> bool {
        self.given().into_iter().any(|(parameter, argument)| match argument {
            Argument::Number(number) => *number >= names(parameter),
            _ => false,
        })
    }

    /// True if an address is not aligned, or if what it points to may lie outside the memory.
    fn has_odd_address(&self) -> bool {
        let is_odd = |address: &Address| match address {
            Address::At(at) => at % 8 != 0 || u64::from(*at) >= PAGE,
            Address::End(_) => true,
        };
        self.given().into_iter().any(|(parameter, argument)| match argument {
            Argument::Address(address) => is_odd(address),
            Argument::List(list) => list.iter().any(|(at, length)| match at {
                Address::At(at) => u64::from(*at) + u64::from(*length) > PAGE,
                Address::End(_) => true,
            }),
            Argument::Number(length) => match parameter {
                P::Path | P::Room | P::UntoldRoom => *length > UNTOLD_BYTES.into(),
                P::Gathered | P::Scattered | P::Subscriptions => *length > 1_024,
                _ => false,
            },
            Argument::Path(_) | Argument::Bytes(_) => false,
        })
    }
}

/// The number after the last that such a parameter has a name for, or of which its type has room.
fn names(parameter: P) -> u64 {
    match parameter {
        P::Lookup => 1 << 1,
        P::OpenFlags | P::TimeFlags => 1 << 4,
        P::DescriptorFlags => 1 << 5,
        P::ReceiveFlags | P::ShutdownFlags => 1 << 2,
        P::SendFlags => 1,
        P::Whence => 3,
        P::Advice => 6,
        P::Clock => 4,
        P::Signal => 31,
        P::Rights | P::Inheriting => 1 << 30,
        _ => u64::MAX,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modules::script::call;

    const SUCCESS: Answer = Returned { errno: DONE, digest: 0, told: 0 };

    fn differing(call: &Call, ours: Answer, theirs: Answer) -> Differing<'_> {
        Differing { call, ours, theirs }
    }

    fn is_explained(it: &Differing<'_>) -> bool {
        DEVIATIONS.iter().any(|deviation| deviation.explains(it))
    }

    fn open(flags: u64, out: u32) -> Call {
        let number = Argument::Number;
        let path = Argument::Path("f".into());
        let out = Argument::Address(Address::At(out));
        call("path_open", [number(4), number(1), path, number(flags), number(2), number(2), number(16), out])
    }

    #[test]
    fn numbers_are_found_by_their_purpose() {
        let open = open(9, 64);
        let it = differing(&open, SUCCESS, Trapped);
        let found =
            [P::Directory, P::Lookup, P::OpenFlags, P::Rights, P::DescriptorFlags].map(|purpose| it.number(purpose));
        assert_eq!(found, [4, 1, 9, 2, 16]);
    }

    #[test]
    fn a_plain_call_is_not_explained_by_a_trap() {
        assert!(!is_explained(&differing(&open(9, 64), SUCCESS, Trapped)));
        assert!(is_explained(&differing(&open(16, 64), SUCCESS, Trapped)));
        assert!(is_explained(&differing(&open(9, 65), SUCCESS, Trapped)));
        assert!(is_explained(&differing(&open(9, PAGE as u32), SUCCESS, Trapped)));
    }

    #[test]
    fn other_answers_to_a_plain_call_are_differences() {
        let plain = call("fd_tell", [Argument::Number(6), Argument::Address(Address::At(64))]);
        let other = Returned { errno: DONE, digest: 0, told: 7 };
        assert!(!is_explained(&differing(&plain, SUCCESS, other)));
        assert!(!is_explained(&differing(&plain, Returned { errno: BADF, digest: 0, told: 0 }, SUCCESS)));
    }
}
