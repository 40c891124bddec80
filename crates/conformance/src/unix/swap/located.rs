//! Names swapped between the question of a rule and the act: whatever is done must be done at the place that the rule was asked about.

use std::fs;
use std::os::unix::fs::symlink;
use std::sync::Arc;

use callgate_system::path::place_of;
use callgate_system::{Code, Directory, Ending, Follow, Located, OpenHow, Opened, Result, System, locate};

use super::during;
use super::exchange::exchange;
use crate::stage::{READ, read_all};

/// Opens files so many times by the way that calls take under rules about paths, while a directory and a link to another one change places, and a
/// file and a link to another one. Each file tells its directory.
///
/// # Panics
/// Where a file was opened at another place than was known before.
pub fn stress_located(system: &dyn System, rounds: u32) {
    let temporary = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("a temporary directory");
    let at = |path: &str| temporary.path().join(path);
    for (directory, content) in [("shown", "shown"), ("hidden", "hidden")] {
        fs::create_dir(at(directory)).expect("a directory");
        fs::write(at(directory).join("f"), content).expect("a file");
    }
    symlink("hidden", at("link")).expect("a link");
    fs::write(at("file"), "shown").expect("a file");
    symlink("hidden/f", at("file-link")).expect("a link");
    let root = system.open_root(temporary.path().as_os_str()).expect("the root opens");
    let strict = root.strict().expect("it can be strict");
    let directories = || exchange(&at("shown"), &at("link"));
    let files = || exchange(&at("file"), &at("file-link"));
    during(&[&directories, &files], || {
        for round in 0..rounds {
            let path = ["shown/f", "link/f", "file", "file-link", "./shown/../link/f"][round as usize % 5];
            for how in [READ, OpenHow { write: true, create: true, ..READ }] {
                let Some((place, Opened::File(file))) = open(&strict, path, how) else { continue };
                let content = read_all(&*file).expect("it can be read");
                let known: &[u8] = if place.starts_with("hidden") { b"hidden" } else { b"shown" };
                assert_eq!(content, known, "{path} at {place}");
            }
        }
    });
}

/// What was opened, and the place that was known before.
fn open(strict: &Arc<dyn Directory>, path: &str, how: OpenHow) -> Option<(String, Opened)> {
    if let Ok(place) = place_of("", path)
        && let Ok(opened) = known(strict.open(path, how))
    {
        return Some((place.into_owned(), opened));
    }
    let Located { place, directory, name, .. } = locate(strict, path, Ending::File(Follow::Yes)).ok()?;
    Some((place, known(directory.open(&name, how)).ok()?))
}

/// The errors that a swapped name may lead to, and no other.
fn known(opened: Result<Opened>) -> Result<Opened> {
    if let Err(error) = &opened {
        assert!(matches!(error.code, Code::Loop | Code::NotDirectory | Code::NoEntry), "{error}");
    }
    opened
}
