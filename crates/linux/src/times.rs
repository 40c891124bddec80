//! Setting times: `utimensat`, on an open file or on a name, never through a link.
//!
//! Hazard: `AT_EMPTY_PATH`, the only way to set the times of an `O_PATH` handle, came with Linux 5.8.

use callgate_system::{NewTimestamp, Result};
use rustix::fd::AsFd;
use rustix::fs::{AtFlags, Timespec, Timestamps, UTIME_NOW, UTIME_OMIT};
use rustix::io::Errno;

/// Both times in the kernel's words. A time too far for the file system is cut to its range by the kernel.
///
/// # Errors
/// `Invalid` for nanoseconds of a second or more.
pub(crate) fn timestamps(accessed: NewTimestamp, modified: NewTimestamp) -> Result<Timestamps> {
    Ok(Timestamps { last_access: timespec(accessed)?, last_modification: timespec(modified)? })
}

/// Sets the times of an open file; `O_PATH` will do from Linux 5.8 on, and is `EBADF` before.
pub(crate) fn set(fd: impl AsFd, times: &Timestamps) -> rustix::io::Result<()> {
    match rustix::fs::futimens(&fd, times) {
        Err(Errno::BADF) => {
            set_path_only(fd, times).map_err(|errno| if errno == Errno::INVAL { Errno::BADF } else { errno })
        }
        result => result,
    }
}

/// Sets the times of an `O_PATH` handle; `EINVAL` before Linux 5.8.
pub(crate) fn set_path_only(fd: impl AsFd, times: &Timestamps) -> rustix::io::Result<()> {
    rustix::fs::utimensat(fd, "", times, AtFlags::EMPTY_PATH)
}

/// Sets the times of the plain name `name` in `dir`: of a link itself.
pub(crate) fn set_at(dir: impl AsFd, name: impl rustix::path::Arg, times: &Timestamps) -> rustix::io::Result<()> {
    if times.last_access.tv_nsec == UTIME_OMIT && times.last_modification.tv_nsec == UTIME_OMIT {
        // The kernel would not even look whether the name is there.
        return rustix::fs::statat(dir, name, AtFlags::SYMLINK_NOFOLLOW).map(drop);
    }
    rustix::fs::utimensat(dir, name, times, AtFlags::SYMLINK_NOFOLLOW)
}

fn timespec(time: NewTimestamp) -> Result<Timespec> {
    Ok(match time.validated()? {
        NewTimestamp::NoChange => Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT },
        NewTimestamp::Now => Timespec { tv_sec: 0, tv_nsec: UTIME_NOW },
        NewTimestamp::At(at) => Timespec { tv_sec: at.seconds, tv_nsec: at.nanoseconds.into() },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use callgate_system::{Code, Timestamp};

    #[test]
    fn a_nanosecond_is_never_taken_for_a_command() {
        // UTIME_NOW and UTIME_OMIT are nanoseconds above a second: a guest that passes them gets no such effect.
        for nanoseconds in [1_000_000_000, 0x3fff_ffff, 0x3fff_fffe, u32::MAX] {
            let time = NewTimestamp::At(Timestamp { seconds: 0, nanoseconds });
            assert_eq!(timestamps(time, NewTimestamp::Now).unwrap_err().code, Code::Invalid);
            assert_eq!(timestamps(NewTimestamp::NoChange, time).unwrap_err().code, Code::Invalid);
        }
    }

    #[test]
    fn extreme_seconds_are_the_kernels_matter_and_come_back_whole() {
        let file = tempfile::tempfile().unwrap();
        for seconds in [i64::MIN, -1, 0, i64::from(u32::MAX), i64::MAX - 1] {
            let time = NewTimestamp::At(Timestamp { seconds, nanoseconds: 999_999_999 });
            let set = set(&file, &timestamps(time, time).unwrap());
            assert!(matches!(set, Ok(()) | Err(Errno::INVAL | Errno::OVERFLOW)), "{seconds}: {set:?}");
            let stat = crate::stat::of(&file).unwrap();
            assert!(stat.modified.unwrap().nanoseconds < 1_000_000_000);
        }
    }
}
