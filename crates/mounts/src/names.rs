//! Mounts on the names in a directory. A name on which something else is mounted is not the directory's own.

use std::fs::File;
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fd::BorrowedFd;
use rustix::fs::OFlags;
use rustix::io::Result;

use crate::path_of;
use crate::table::Table;

/// The places of all mounts, as they were when the table last changed. The mounts are the process's, so this is too.
static POINTS: Mutex<Option<Points>> = Mutex::new(None);

/// True if nothing is mounted on a name in `directory`, now. Costs a few system calls, however many mounts there are.
///
/// # Errors
/// If that can't be told: no table can be read, or the directory was moved, removed, or hidden by a mount.
pub fn none_mounted_in(directory: BorrowedFd<'_>) -> Result<bool> {
    let mut points = POINTS.lock().unwrap_or_else(PoisonError::into_inner);
    let current = match points.take() {
        Some(points) if !points.have_changed()? => points,
        _ => Points::read()?,
    };
    let none = current.none_in(&path_of(directory)?);
    *points = Some(current);
    Ok(none)
}

struct Points {
    /// The table, on which the kernel tells that it has changed since it was opened, or last asked.
    table: File,
    points: Vec<PathBuf>,
}

impl Points {
    fn read() -> Result<Self> {
        // Opened before it is read, so that no change between the two is lost.
        let flags = OFlags::RDONLY | OFlags::CLOEXEC;
        let table = rustix::fs::open("/proc/self/mountinfo", flags, rustix::fs::Mode::empty())?;
        Ok(Self { table: table.into(), points: Table::read()?.into_points() })
    }

    /// True if a mount came or went since the table was read.
    fn have_changed(&self) -> Result<bool> {
        let mut asked = [PollFd::from_borrowed_fd(self.table.as_fd(), PollFlags::PRI)];
        rustix::event::poll(&mut asked, Some(&Timespec { tv_sec: 0, tv_nsec: 0 }))?;
        Ok(asked[0].revents().intersects(PollFlags::PRI | PollFlags::ERR))
    }

    fn none_in(&self, directory: &Path) -> bool {
        !self.points.iter().any(|point| point.parent() == Some(directory))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn none_in(path: &Path) -> Result<bool> {
        none_mounted_in(File::open(path).unwrap().as_fd())
    }

    #[test]
    fn a_mount_is_on_a_name_of_its_parent() {
        let directory = tempfile::tempdir().unwrap();
        for _ in 0..2 {
            assert_eq!(none_in(Path::new("/")), Ok(false), "procfs is mounted there");
            assert_eq!(none_in(directory.path()), Ok(true));
        }
    }

    #[test]
    fn a_directory_without_a_path_is_not_vouched_for() {
        let directory = tempfile::tempdir().unwrap();
        let open = File::open(directory.path()).unwrap();
        drop(directory);
        assert!(none_mounted_in(open.as_fd()).is_err());
    }
}
