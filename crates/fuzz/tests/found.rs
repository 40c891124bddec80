//! Sequences that backends once disagreed on, as the run that found them printed them.

use callgate_fuzz::files::Operation::{CreateDirectory, Open, RemoveDirectory, Rename, SetTimes, Symlink};
use callgate_fuzz::files::{Time, agree, how};
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
