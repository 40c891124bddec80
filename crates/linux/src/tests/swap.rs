//! Security case 15: a component that somebody swaps for a link to the outside, while a guest uses it. No timing makes
//! this pass or fail: whatever the guest gets must not be from outside.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, symlink};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use callgate_system::{Code, Directory, Follow, NewTimestamp, OpenHow, Opened, Timestamp};
use rustix::fs::{CWD, RenameFlags, renameat_with};

use super::{READ, both_ways, text};

const ROUNDS: u32 = 2_000;

/// `root/d` is a directory, `root/l` a link to `outside`; both hold `secret`. They change places all the time.
struct Scene {
    _temporary: tempfile::TempDir,
    root: PathBuf,
    outside: PathBuf,
}

impl Scene {
    fn new(target: &str) -> Self {
        let temporary = tempfile::tempdir().unwrap();
        let (root, outside) = (temporary.path().join("root"), temporary.path().join("outside"));
        fs::create_dir_all(root.join("d/e")).unwrap();
        fs::create_dir_all(outside.join("e")).unwrap();
        for (directory, content) in [(root.join("d"), "inside"), (outside.clone(), "outside")] {
            fs::write(directory.join("secret"), content).unwrap();
            fs::write(directory.join("e/secret"), content).unwrap();
        }
        let target = target.replace("OUTSIDE", outside.to_str().unwrap());
        symlink(target, root.join("l")).unwrap();
        Self { _temporary: temporary, root, outside }
    }

    /// Swaps until told to stop.
    fn swapping<T>(&self, use_it: impl FnOnce() -> T) -> T {
        let (d, l) = (self.root.join("d"), self.root.join("l"));
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    renameat_with(CWD, &d, CWD, &l, RenameFlags::EXCHANGE).expect("the file system can exchange names");
                }
            });
            let stopper = StopOnDrop(&stop);
            let result = use_it();
            drop(stopper);
            result
        })
    }
}

/// A failed assertion must end the other thread too.
struct StopOnDrop<'a>(&'a AtomicBool);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Everything that a guest can do with a name below the swapped one.
fn use_once(root: &dyn Directory, name: &str, outside: u64) {
    let path = |last: &str| format!("{name}/{last}");
    for secret in [path("secret"), path("e/secret"), path("e/../secret"), path("./e/./secret")] {
        if let Ok(Opened::File(file)) = root.open(&secret, READ) {
            assert_eq!(text(&*file), "inside", "{secret}");
        }
        if let Ok(stat) = root.stat(&secret, Follow::Yes) {
            assert_eq!(stat.size, 6, "{secret}: `outside` has 7 bytes");
        }
    }
    for directory in [path(""), path("."), path("e/.."), name.to_owned()] {
        if let Ok(Opened::Directory(directory)) = root.open(&directory, OpenHow { directory: true, ..READ }) {
            assert_ne!(directory.metadata().unwrap().identity.file, u128::from(outside));
        }
        if let Ok(stat) = root.stat(&directory, Follow::Yes) {
            assert_ne!(stat.identity.file, u128::from(outside), "{directory}");
        }
    }
    // What these change, they change inside; the outside is looked at afterwards.
    let _ = root.open(&path("made"), OpenHow { write: true, create: true, truncate: true, ..READ });
    let _ = root.create_directory(&path("made-directory"));
    let _ = root.symlink("x", &path("made-link"));
    let _ = root.link(&path("secret"), Follow::Yes, root, &path("made-name"));
    let _ = root.rename(&path("made"), root, &path("renamed"));
    let epoch = NewTimestamp::At(Timestamp { seconds: 1, nanoseconds: 0 });
    let _ = root.set_times(&path("secret"), Follow::Yes, epoch, epoch);
    let _ = root.set_times(&path(""), Follow::Yes, epoch, epoch);
    for made in ["made", "made-link", "made-name", "renamed"] {
        let _ = root.unlink_file(&path(made));
    }
    let _ = root.remove_directory(&path("made-directory"));
}

fn stress(target: &str) {
    let scene = Scene::new(target);
    let outside = fs::metadata(&scene.outside).unwrap().ino();
    let names = |directory: &Path| {
        let mut names: Vec<_> = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let before = (names(&scene.outside), names(&scene.outside.join("e")));
    both_ways(&scene.root, |_, root| {
        scene.swapping(|| {
            for round in 0..ROUNDS {
                use_once(&*root, if round % 2 == 0 { "d" } else { "l" }, outside);
            }
        });
        assert_eq!((names(&scene.outside), names(&scene.outside.join("e"))), before);
        for secret in ["secret", "e/secret"] {
            let path = scene.outside.join(secret);
            assert_eq!(fs::read_to_string(&path).unwrap(), "outside");
            let stat = fs::metadata(&path).unwrap();
            assert_eq!((stat.nlink(), stat.mtime() > 1), (1, true), "neither linked nor touched");
        }
        assert!(fs::metadata(&scene.outside).unwrap().mtime() > 1, "not touched");
    });
}

#[test]
fn a_directory_swapped_for_an_absolute_link_never_shows_the_outside() {
    stress("OUTSIDE");
}

#[test]
fn a_directory_swapped_for_a_relative_link_never_shows_the_outside() {
    stress("../outside");
}

#[test]
fn a_file_swapped_for_a_link_to_the_outside_is_never_read_or_written() {
    let scene = Scene::new("../outside/secret");
    fs::remove_dir_all(scene.root.join("d")).unwrap();
    fs::write(scene.root.join("d"), "inside").unwrap();
    both_ways(&scene.root, |way, root| {
        scene.swapping(|| {
            for _ in 0..ROUNDS {
                match root.open("d", OpenHow { write: true, create: true, ..READ }) {
                    Ok(Opened::File(file)) => {
                        assert_eq!(text(&*file), "inside", "{way}");
                        file.write_at(b"inside", 0).unwrap();
                    }
                    Ok(Opened::Directory(_)) => panic!("{way}: there is no directory"),
                    // A name that turns into a link and back, as often as links may be followed, is a loop.
                    Err(error) => assert!(matches!(error.code, Code::NotPermitted | Code::Loop), "{way}: {error}"),
                }
                for follow in [Follow::Yes, Follow::No] {
                    if let Ok(stat) = root.stat("d", follow) {
                        assert_ne!(stat.size, 7, "{way}");
                    }
                }
            }
        });
    });
    assert_eq!(fs::read_to_string(scene.outside.join("secret")).unwrap(), "outside");
}
