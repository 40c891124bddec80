//! Sealed files ([`SEAL`](callgate_system::SEAL)) don't open for writing. The kernel refuses that by itself, but not to root, nor to who
//! else overrides the modes of files; then each file that was opened for writing is looked at, and cut only thereafter.

use callgate_system::{Code, OpenHow, Result, is_sealed};
use rustix::fd::OwnedFd;
use rustix::fs::{FileType, OFlags};
use rustix::io::Errno;
use rustix::thread::CapabilitySet;

use crate::error::{Portable as _, coded};

/// The party that keeps the files of a mount sealed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sealing {
    Kernel,
    Ours,
}

impl Sealing {
    /// As this thread may open files now.
    pub(crate) fn here() -> Self {
        match rustix::thread::capabilities(None) {
            Ok(sets) if !sets.effective.contains(CapabilitySet::DAC_OVERRIDE) => Self::Kernel,
            _ => Self::Ours,
        }
    }

    /// The flag that has the kernel cut what it opens.
    pub(crate) fn truncation(self, how: OpenHow) -> OFlags {
        if how.truncate && self == Self::Kernel { OFlags::TRUNC } else { OFlags::empty() }
    }

    /// True if a file that is there would be cut after it was opened, and one that is not would be made. To cut an empty file costs a fifth of
    /// what it takes to make and remove one, so it is tried first whether it can be made.
    pub(crate) fn cuts_later(self, how: OpenHow) -> bool {
        self == Self::Ours && how.write && how.truncate && how.create && !how.exclusive
    }

    /// Errors where `fd`, just opened, is a sealed file that was opened for writing; else cuts it, where the kernel hasn't.
    pub(crate) fn finish(self, fd: &OwnedFd, how: OpenHow) -> Result<()> {
        if !how.write || self == Self::Kernel {
            return Ok(());
        }
        let stat = rustix::fs::fstat(fd).portable()?;
        // Nothing else is sealed, or can be cut; O_TRUNC says nothing of it.
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Ok(());
        }
        if is_sealed(stat.st_mode) {
            return Err(coded(Code::Access, Errno::ACCESS));
        }
        if how.truncate && !(how.create && how.exclusive) { rustix::fs::ftruncate(fd, 0).portable() } else { Ok(()) }
    }
}
