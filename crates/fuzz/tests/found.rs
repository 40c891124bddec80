//! Sequences that backends once disagreed on, as the run that found them printed them.

use callgate_fuzz::files::Operation::{CreateDirectory, SetTimes};
use callgate_fuzz::files::{Time, agree};
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
