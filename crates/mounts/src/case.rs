//! The case of letters in names: whether it tells two names in a directory apart.
//!
//! Some file systems ignore it everywhere. Others do so in the directories that are marked, which must be empty when that happens; what is
//! made in such a directory is marked too. The mark is a flag of the directory itself, so a directory below one that is not marked may be.
//!
//! Hazard: XFS and ZFS can be made so that they ignore case, and tell nobody by these calls.

use rustix::fd::BorrowedFd;
use rustix::fs::{FsWord, Mode, OFlags};
use rustix::io::Errno;

/// File systems whose names ignore case, or which may have been mounted so, by the magic numbers of linux/magic.h and of their own sources:
/// FAT, exFAT, NTFS by three drivers (the last one shares its number with all that FUSE serves), HFS, HFS+, JFS, SMB 1 and SMB 2, AFFS, HPFS, ISO 9660.
const IGNORING: &[u32] = &[
    0x4d44,
    0x2011_bab0,
    0x5346_544e,
    0x7366_746e,
    0x6573_5546,
    0x4244,
    0x482b,
    0x3153_464a,
    0xff53_4d42,
    0xfe53_4d42,
    0xadff,
    0xf995_e849,
    0x9660,
];

/// `FS_CASEFOLD_FL` of linux/fs.h.
const CASEFOLD: u32 = 0x4000_0000;

/// True if names in `directory` that differ in the case of letters alone may be the same name, also where that can't be told.
#[must_use]
pub fn ignores_case(directory: BorrowedFd<'_>) -> bool {
    match rustix::fs::fstatfs(directory) {
        Ok(system) if !is_ignoring(system.f_type) => is_marked(directory),
        _ => true,
    }
}

/// Where the word has 32 bits, it has a sign on some architectures.
#[allow(clippy::unnecessary_cast, clippy::cast_lossless, reason = "the width of the word depends on the architecture")]
fn is_ignoring(magic: FsWord) -> bool {
    let magic = magic as i64 & 0xffff_ffff;
    IGNORING.iter().any(|known| i64::from(*known) == magic)
}

fn is_marked(directory: BorrowedFd<'_>) -> bool {
    let asked = match rustix::fs::ioctl_getflags(directory) {
        // It was opened with O_PATH, to be passed through.
        Err(Errno::BADF) => {
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
            let Ok(readable) = rustix::fs::openat(directory, ".", flags, Mode::empty()) else { return true };
            rustix::fs::ioctl_getflags(readable)
        }
        asked => asked,
    };
    match asked {
        Ok(flags) => flags.bits() & CASEFOLD != 0,
        // The file system has no such flags.
        Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::os::fd::AsFd as _;

    use super::*;

    #[test]
    fn an_ordinary_directory_tells_case_apart() {
        let directory = tempfile::tempdir().unwrap();
        assert!(!ignores_case(File::open(directory.path()).unwrap().as_fd()));
        assert!(!ignores_case(File::open("/proc").unwrap().as_fd()));
        let passed = rustix::fs::open(directory.path(), OFlags::PATH | OFlags::CLOEXEC, Mode::empty()).unwrap();
        assert!(!ignores_case(passed.as_fd()));
    }

    #[test]
    fn file_systems_are_known_by_the_lower_32_bits() {
        let vfat: FsWord = 0x4d44;
        assert!(is_ignoring(vfat) && is_ignoring(vfat | !0xffff_ffff));
        assert!(!is_ignoring(0xef53), "ext4");
    }
}
