//! Security case 15: names that are swapped while somebody uses them. The user must never get anything from outside.
//! No timing makes this pass or fail.
//!
//! While the calls of a guest run, other threads exchange a directory and a link that leads out, move a directory out and back
//! in (so that its `..` is outside), and, where they may, mount one directory on another and take it off again.
//!
//! Hazard: mounting needs a mount namespace of one's own, else the mounts are everybody's.

#[cfg(target_os = "linux")]
mod exchange;
#[cfg(not(target_os = "linux"))]
#[path = "swap/exchange_by_rename.rs"]
mod exchange;
mod located;

pub use located::stress_located;

use std::fs;
use std::os::unix::fs::{MetadataExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

use callgate_system::{Code, Directory, Follow, NewTimestamp, OpenHow, Opened, System, Timestamp};
use tempfile::TempDir;

use self::exchange::exchange;
use crate::stage::{DIRECTORY, READ, read_all};

/// The way by which the link that a directory is swapped for leads out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// By its absolute path.
    Absolute,
    /// By `..`.
    Relative,
}

/// The directories of a stress.
///
/// In `root`: `d`, and `l`, a link to `outside`, which change places; `p/e`, which is moved to `away` and back; `n`, which is
/// mounted on `m`. Each file in `root` reads `inside`, each other one `outside`.
struct Scene {
    temporary: TempDir,
}

impl Scene {
    fn new(link: Link) -> Self {
        // In memory, where there is a place for it: on a disk the threads would wait for each other most of the time.
        let temporary = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir());
        let scene = Self { temporary: temporary.expect("a temporary directory") };
        for directory in ["root/d/e", "root/p/e/e", "root/n/e", "root/m", "outside/e", "away"] {
            fs::create_dir_all(scene.at(directory)).expect("a directory");
        }
        for inside in ["root/d", "root/d/e", "root/p", "root/p/e", "root/p/e/e", "root/n", "root/n/e"] {
            fs::write(scene.at(inside).join("secret"), "inside").expect("a file");
        }
        for outside in OUTSIDE {
            fs::write(scene.at(outside).join("secret"), "outside").expect("a file");
        }
        let target = match link {
            Link::Absolute => scene.at("outside"),
            Link::Relative => PathBuf::from("../outside"),
        };
        symlink(target, scene.at("root/l")).expect("a link");
        scene
    }

    fn at(&self, path: &str) -> PathBuf {
        self.temporary.path().join(path)
    }

    /// All that there is outside, but times that swapping itself changes.
    fn outside(&self) -> Vec<(String, String)> {
        let mut all = Vec::new();
        for directory in OUTSIDE {
            let names = fs::read_dir(self.at(directory)).expect("it can be listed");
            all.extend(
                names.map(|entry| (directory.to_owned(), format!("{:?}", entry.expect("an entry").file_name()))),
            );
            let path = self.at(directory).join("secret");
            let stat = fs::metadata(&path).expect("it is there");
            let touched = stat.mtime() == TOUCHED || fs::metadata(self.at(directory)).expect("too").mtime() == TOUCHED;
            all.push((fs::read_to_string(path).expect("text"), format!("{} {touched}", stat.nlink())));
        }
        all.sort();
        all
    }

    fn identities(&self) -> Vec<u128> {
        OUTSIDE.iter().map(|path| fs::metadata(self.at(path)).expect("it is there").ino().into()).collect()
    }
}

/// The directories that nobody may see.
const OUTSIDE: [&str; 3] = ["outside", "outside/e", "away"];

/// The time, in seconds, that a use sets.
const TOUCHED: i64 = 1;

/// Uses a root so many times, by every call that takes a path, while all around it is swapped; with `mounts`, mounts too.
///
/// # Panics
/// Where something outside was seen or changed.
pub fn stress(system: &dyn System, link: Link, mounts: bool, rounds: u32) {
    let scene = Scene::new(link);
    let (before, identities) = (scene.outside(), scene.identities());
    let root = system.open_root(scene.at("root").as_os_str()).expect("the root opens");
    let exchanging = || exchange(&scene.at("root/d"), &scene.at("root/l"));
    let moving = || {
        fs::rename(scene.at("root/p/e"), scene.at("away/e")).expect("it can be moved out");
        fs::rename(scene.at("away/e"), scene.at("root/p/e")).expect("it can be moved in");
    };
    let mounting = || {
        run("mount", &["--bind".as_ref(), &scene.at("root/n"), &scene.at("root/m")]);
        // Somebody may be in there; it goes when they do.
        run("umount", &["--lazy".as_ref(), &scene.at("root/m")]);
    };
    let disturbances: &[&(dyn Fn() + Sync)] =
        if mounts { &[&exchanging, &moving, &mounting] } else { &[&exchanging, &moving] };
    during(disturbances, || {
        for round in 0..rounds {
            let name = ["d", "l", "p/e", "p", "d", "l", "m", "m/../d"][round as usize % 8];
            use_once(&*root, name, &identities);
        }
    });
    assert_eq!(scene.outside(), before, "the outside is as it was");
}

/// The same with a file that is swapped for a link to one outside.
///
/// # Panics
/// Where the file outside was seen or changed.
pub fn stress_file(system: &dyn System, rounds: u32) {
    let scene = Scene::new(Link::Relative);
    let (file, link) = (scene.at("root/file"), scene.at("root/link"));
    fs::write(&file, "inside").expect("a file");
    symlink("../outside/secret", &link).expect("a link");
    let root = system.open_root(scene.at("root").as_os_str()).expect("the root opens");
    during(&[&|| exchange(&file, &link)], || {
        for _ in 0..rounds {
            match root.open("file", OpenHow { write: true, create: true, ..READ }) {
                Ok(Opened::File(file)) => {
                    assert_eq!(read_all(&*file).expect("it can be read"), b"inside");
                    file.write_at(b"inside", 0).expect("it can be written");
                }
                Ok(Opened::Directory(_)) => panic!("there is no directory"),
                // A name that turns into a link and back, as often as links may be followed, is a loop.
                Err(error) => assert!(matches!(error.code, Code::NotPermitted | Code::Loop), "{error}"),
            }
            for follow in [Follow::Yes, Follow::No] {
                if let Ok(stat) = root.stat("file", follow) {
                    assert_ne!(stat.size, 7, "`outside` has 7 bytes");
                }
            }
        }
    });
    assert_eq!(fs::read_to_string(scene.at("outside/secret")).expect("it is there"), "outside");
}

/// Everything that a guest can do with a name below a swapped one.
fn use_once(root: &dyn Directory, name: &str, outside: &[u128]) {
    let path = |last: &str| format!("{name}/{last}");
    for secret in [path("secret"), path("e/secret"), path("e/../secret"), path("./e/./secret"), path("../secret")] {
        if let Ok(Opened::File(file)) = root.open(&secret, READ) {
            assert_eq!(read_all(&*file).expect("it can be read"), b"inside", "{secret}");
        }
        if let Ok(stat) = root.stat(&secret, Follow::Yes) {
            assert_eq!(stat.size, 6, "{secret}: `outside` has 7 bytes");
        }
    }
    for directory in [path(""), path("."), path("e/.."), path(".."), name.to_owned()] {
        if let Ok(Opened::Directory(opened)) = root.open(&directory, DIRECTORY) {
            let identity = opened.metadata().expect("attributes").identity;
            assert!(!outside.contains(&identity.file), "{directory}");
        }
        if let Ok(stat) = root.stat(&directory, Follow::Yes) {
            assert!(!outside.contains(&stat.identity.file), "{directory}");
        }
    }
    change_once(root, name);
}

/// Makes changes, all of which must stay inside. The outside is looked at afterwards.
fn change_once(root: &dyn Directory, name: &str) {
    let path = |last: &str| format!("{name}/{last}");
    let _ = root.open(&path("made"), OpenHow { write: true, create: true, truncate: true, ..READ });
    let _ = root.create_directory(&path("made-directory"));
    let _ = root.symlink("x", &path("made-link"));
    let _ = root.link(&path("secret"), Follow::Yes, root, &path("made-name"));
    let _ = root.rename(&path("made"), root, &path("renamed"));
    let touched = NewTimestamp::At(Timestamp { seconds: TOUCHED, nanoseconds: 0 });
    let _ = root.set_times(&path("secret"), Follow::Yes, touched, touched);
    let _ = root.set_times(&path(""), Follow::Yes, touched, touched);
    let _ = root.set_times(&path("e/.."), Follow::No, touched, touched);
    for made in ["made", "made-link", "made-name", "renamed"] {
        let _ = root.unlink_file(&path(made));
    }
    let _ = root.remove_directory(&path("made-directory"));
}

/// Does `work` while each of `disturbances` is done again and again, by a thread of its own.
fn during(disturbances: &[&(dyn Fn() + Sync)], work: impl FnOnce()) {
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for disturb in disturbances {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    disturb();
                }
            });
        }
        let stopper = StopOnDrop(&stop);
        work();
        drop(stopper);
    });
}

/// A failed assertion must end the other threads, too.
struct StopOnDrop<'a>(&'a AtomicBool);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn run(program: &str, arguments: &[&Path]) {
    let status = Command::new(program).args(arguments).status().expect("it can be started");
    assert!(status.success(), "{program}: {status}");
}
