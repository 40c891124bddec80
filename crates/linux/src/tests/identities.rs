//! The identities that listings tell.

use std::fs::{self, File};
use std::os::fd::AsFd as _;
use std::os::unix::fs::symlink;

use callgate_system::{Directory, Entry, FileType, Follow, System as _};

use super::both_ways;
use crate::Linux;

fn entries(directory: &dyn Directory) -> Vec<Entry> {
    let mut entries = directory.read_entries().unwrap();
    std::iter::from_fn(|| entries.next().unwrap()).collect()
}

/// On file systems that are known, and this test's should be one: most temporary folders are on ext4 or tmpfs.
#[test]
fn a_listing_tells_what_stat_tells() {
    let place = tempfile::tempdir().unwrap();
    for number in 0..300 {
        fs::write(place.path().join(format!("file {number}")), "").unwrap();
        symlink("nowhere", place.path().join(format!("link {number}"))).unwrap();
    }
    fs::create_dir(place.path().join("directory")).unwrap();
    let kind = rustix::fs::fstatfs(File::open(place.path()).unwrap().as_fd()).unwrap().f_type;
    let is_known = [0xEF53, 0x5846_5342, 0x0102_1994].contains(&kind);
    both_ways(place.path(), |way, directory| {
        let all = entries(&*directory);
        assert_eq!(all.len(), 601, "{way}");
        let mut told = 0;
        for entry in all {
            let stat = directory.stat(&entry.name, Follow::No).unwrap();
            assert!(entry.listed.is_none_or(|listed| listed.identity == stat.identity), "{way}: {}", entry.name);
            assert!(entry.listed.is_none() || stat.kind != FileType::Directory, "{way}: {}", entry.name);
            told += usize::from(entry.listed.is_some());
        }
        // Few may be left for the last piece, which are asked about one by one.
        assert!(if is_known { told > 580 } else { told == 0 }, "{way}: {told} of a file system {kind:x}");
    });
}

#[test]
fn a_few_entries_are_not_worth_it() {
    let place = tempfile::tempdir().unwrap();
    for number in 0..10 {
        fs::write(place.path().join(format!("file {number}")), "").unwrap();
    }
    let directory = Linux::new().open_root(place.path().as_os_str()).unwrap();
    assert!(entries(&*directory).iter().all(|entry| entry.listed.is_none()));
}

/// A procfs has other numbers, and devices of its own.
#[test]
fn other_file_systems_are_not_believed() {
    for path in ["/proc/self/task/self", "/proc/self/fd", "/sys/kernel", "/proc/sys/kernel"] {
        let Ok(directory) = Linux::new().open_root(path.as_ref()) else { continue };
        assert!(entries(&*directory).iter().all(|entry| entry.listed.is_none()), "{path}");
    }
}
