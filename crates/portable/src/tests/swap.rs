//! A component that somebody swaps for a link to the outside, while a guest uses it. No timing makes this pass or fail:
//! whatever the guest gets must not be from outside.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use callgate_system::{Directory, Follow, NewTimestamp, OpenHow, Opened, System as _, Timestamp};

use crate::Portable;

const ROUNDS: u32 = 2_000;
const READ: OpenHow = OpenHow {
    read: true,
    write: false,
    follow: Follow::Yes,
    create: false,
    exclusive: false,
    truncate: false,
    directory: false,
    sync: false,
    sync_data: false,
};
const MAKE: OpenHow = OpenHow { write: true, create: true, truncate: true, ..READ };

/// A failed assertion must end the other thread, too.
struct StopOnDrop<'a>(&'a AtomicBool);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Puts the directory, then the link, in the place of `d`, all the time.
fn swap(root: &Path, stop: &AtomicBool) {
    let at = |name: &str| root.join(name);
    while !stop.load(Ordering::Relaxed) {
        for (aside, name) in [("directory", "link"), ("link", "directory")] {
            fs::rename(at("d"), at(aside)).unwrap();
            fs::rename(at(name), at("d")).unwrap();
        }
    }
}

/// Everything that a guest can do with a name below the swapped one.
fn use_once(root: &dyn Directory) {
    for secret in ["d/secret", "d/e/secret", "d/e/../secret", "d/./e/./secret"] {
        if let Ok(Opened::File(file)) = root.open(secret, READ) {
            let mut text = Vec::with_capacity(64);
            file.read_at(&mut text, 0).unwrap();
            assert_eq!(text, b"inside", "{secret}");
        }
        if let Ok(stat) = root.stat(secret, Follow::Yes) {
            assert_eq!(stat.size, 6, "{secret}: `outside` has 7 bytes");
        }
    }
    // What these change, they change inside; the outside is looked at afterwards.
    let _ = root.open("d/made", MAKE);
    let _ = root.create_directory("d/made-directory");
    let _ = root.symlink("x", "d/made-link");
    let _ = root.link("d/secret", Follow::Yes, root, "d/made-name");
    let _ = root.rename("d/made", root, "d/renamed");
    let epoch = NewTimestamp::At(Timestamp { seconds: 1, nanoseconds: 0 });
    let _ = root.set_times("d/secret", Follow::Yes, epoch, epoch);
    let _ = root.set_times("d/", Follow::Yes, epoch, epoch);
    for made in ["made", "made-link", "made-name", "renamed"] {
        let _ = root.unlink_file(&format!("d/{made}"));
    }
    let _ = root.remove_directory("d/made-directory");
}

/// Names, contents and times.
fn described(outside: &Path) -> String {
    let mut lines = Vec::new();
    for directory in [outside.to_owned(), outside.join("e")] {
        lines.push(format!("{:?}", fs::metadata(&directory).unwrap().modified().unwrap()));
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            let content = fs::read_to_string(&path).unwrap_or_default();
            lines.push(format!("{} {content} {:?}", path.display(), fs::metadata(&path).unwrap().modified().unwrap()));
        }
    }
    lines.sort();
    lines.join("\n")
}

#[test]
fn a_directory_swapped_for_a_link_never_shows_the_outside() {
    let temporary = tempfile::tempdir().unwrap();
    let (root, outside) = (temporary.path().join("root"), temporary.path().join("outside"));
    for (directory, content) in [(root.join("d"), "inside"), (outside.clone(), "outside")] {
        fs::create_dir_all(directory.join("e")).unwrap();
        fs::write(directory.join("secret"), content).unwrap();
        fs::write(directory.join("e/secret"), content).unwrap();
    }
    let before = described(&outside);
    let opened = Portable::new().open_root(root.as_os_str()).unwrap();
    for target in [outside.as_path(), Path::new("../outside")] {
        symlink(target, root.join("link")).unwrap();
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| swap(&root, &stop));
            let _stopper = StopOnDrop(&stop);
            for _ in 0..ROUNDS {
                use_once(&*opened);
            }
        });
        assert_eq!(described(&outside), before);
        fs::remove_file(root.join("link")).unwrap();
    }
}
