//! Sequences that backends once disagreed on, as the run that found them printed them; and modules that the host once did wrong by.

use callgate_fuzz::files::Operation::{CreateDirectory, Open, RemoveDirectory, Rename, SetTimes, Symlink};
use callgate_fuzz::files::{Text, Time, agree, how};
use callgate_fuzz::modules::Address::{At, End};
use callgate_fuzz::modules::Argument::{Address, Bytes, List, Number, Path};
use callgate_fuzz::modules::{Call, Launch, Memory, Script, call, holds};
use callgate_system::Follow;

use Follow::No;
use Time::Keep;

/// `utimensat` with no time to set succeeds without a look at the name.
#[test]
fn found_by_seed_1721() {
    agree(&[
        CreateDirectory { dir: 0, path: "a".into() },
        SetTimes { dir: 0, path: "a/b".into(), follow: No, accessed: Keep, modified: Keep },
    ]);
}

/// The same, of one name.
#[test]
fn found_by_seed_120() {
    agree(&[SetTimes { dir: 0, path: "a".into(), follow: No, accessed: Keep, modified: Keep }]);
}

/// Neither a directory nor to be followed: which is told of?
#[test]
fn found_by_seed_137() {
    agree(&[
        Symlink { dir: 0, target: "f".into(), path: "to_f".into() },
        Open { dir: 0, path: "to_f".into(), how: how("nofollow directory"), into: 0 },
    ]);
}

/// Into a directory that is removed, and was once below what is moved.
#[test]
fn found_by_seed_200350() {
    agree(&[
        CreateDirectory { dir: 0, path: "a".into() },
        CreateDirectory { dir: 0, path: "a/b".into() },
        CreateDirectory { dir: 0, path: "a/b/c".into() },
        Open { dir: 0, path: "a".into(), how: how("read directory"), into: 0 },
        Open { dir: 0, path: "a/b/c".into(), how: how("read directory"), into: 1 },
        RemoveDirectory { dir: 1, path: "b/c".into() },
        Rename { dir: 0, path: "a".into(), new_dir: 2, new_path: "b".into() },
    ]);
}

const WRITABLE: u64 = 4;

/// Answers at the very end of all addresses. The address after an event was computed, and that after a text.
#[test]
fn the_end_of_memory_is_that_of_addresses() {
    let end = |from| Address(End(from));
    let out = || Address(At(64));
    let zeros = |count| Bytes(vec![0; count]);
    let calls = vec![
        call("fd_write", [Number(1), end(-8), Number(1), out()]),
        call("poll_oneoff", [zeros(48), end(-32), Number(1), out()]),
        call("poll_oneoff", [zeros(48), end(-31), Number(1), out()]),
        call("fd_fdstat_get", [Number(WRITABLE), end(-24)]),
        call("fd_filestat_get", [Number(WRITABLE), end(-64)]),
        call("args_get", [end(-8), out()]),
        call("args_get", [out(), end(-17)]),
        call("args_get", [out(), end(-16)]),
        call("random_get", [end(-5), Number(5)]),
    ];
    let memory = Memory::Pages(1 << 16);
    let done = holds(&script(memory, 100, calls));
    let answers = [
        ("args_get", 0, 2),
        ("args_get", 21, 1),
        ("fd_fdstat_get", 0, 1),
        ("fd_filestat_get", 0, 1),
        ("fd_write", 0, 1),
        ("poll_oneoff", 0, 1),
        ("poll_oneoff", 21, 1),
        ("random_get", 0, 1),
    ];
    assert_eq!(done.calls().collect::<Vec<_>>(), answers);
}

/// The name of what is opened was as long as those of all that it was opened below: gigabytes with a thousand descriptors.
#[test]
fn names_grew_with_each_opening() {
    const FIRST: u64 = 6;
    const WRITE: u64 = 1 << 6;
    const ALL: u64 = (1 << 30) - 1 - WRITE;
    let open = |from| {
        let path = Path(Text::long("./", 2_047, ""));
        let out = Address(At(64));
        let [from, follow, directory, rights, flags] = [from, 1, 2, ALL, 0].map(Number);
        call("path_open", [from, follow, path, directory, rights.clone(), rights, flags, out])
    };
    let calls = (FIRST..FIRST + 600).map(|opened| open(if opened == FIRST { WRITABLE } else { opened - 1 })).collect();
    let memory = Memory::Pages(1);
    let done = holds(&script(memory, 1_000, calls));
    assert_eq!(done.calls().collect::<Vec<_>>(), [("path_open", 0, 600)]);
}

/// `pwrite` refuses an offset that no file has, also where it appends.
#[test]
fn an_appending_write_looks_at_its_offset() {
    const ALL: u64 = (1 << 30) - 1;
    let out = || Address(At(64));
    let write = |offset| call("fd_pwrite", [Number(6), List(vec![(At(40_960), 1)]), Number(offset), out()]);
    let (append, create) = (1, 1);
    let open = [WRITABLE, 1].map(Number).into_iter().chain([Path("g".into())]);
    let open: Vec<_> = open.chain([create, ALL, ALL, append].map(Number)).chain([out()]).collect();
    let calls = vec![call("path_open", open), write(1 << 63), write(0)];
    let memory = Memory::Pages(1);
    let done = holds(&script(memory, 100, calls));
    let answers = [("fd_pwrite", 0, 1), ("fd_pwrite", 28, 1), ("path_open", 0, 1)];
    assert_eq!(done.calls().collect::<Vec<_>>(), answers);
}

/// A tame script that is invoked, with so many handles.
fn script(memory: Memory, handles: usize, calls: Vec<Call>) -> Script {
    Script { tame: true, unstable: false, memory, launch: Launch::Invoked, handles, quota: None, calls }
}
