//! Resolution by the kernel: `openat2` with `RESOLVE_BENEATH`, so that no step leaves the directory, not even for a
//! moment.
//!
//! Hazards: `EXDEV` is a path that leaves it, and so `NotPermitted`. `EAGAIN` is what a path with `..` gets when anything
//! on the machine is renamed or mounted meanwhile: it is tried again a few times, then the walker takes over, which cannot
//! be disturbed so (it asks for no parent). A strict directory asks for more: `RESOLVE_NO_SYMLINKS`, and `RESOLVE_NO_XDEV`, since names may be told
//! apart in another way on another file system. It gives the kernel no `..`, so `EXDEV` can only be a mount on the way. `openat2` refuses flags it does not know and a mode without `O_CREAT`.

use callgate_system::path::Links;
use callgate_system::{Code, Result};
use rustix::fd::OwnedFd;
use rustix::fs::{CWD, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;

use crate::error::{coded, portable};

/// The most attempts at a resolution that is disturbed.
const ATTEMPTS: u32 = 16;

/// True if this kernel has `openat2` and nobody (such as an old container's seccomp filter) forbids it.
pub(super) fn probe() -> bool {
    let opened = rustix::fs::openat2(
        CWD,
        ".",
        OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC,
        Mode::empty(),
        ResolveFlags::BENEATH,
    );
    !matches!(opened, Err(Errno::NOSYS | Errno::PERM | Errno::INVAL | Errno::TOOBIG))
}

/// Opens `path` beneath `dir`; `None` where the kernel was disturbed too often to tell.
pub(super) fn open(dir: &OwnedFd, path: &str, links: Links, flags: OFlags, mode: Mode) -> Option<Result<OwnedFd>> {
    let mode = if flags.contains(OFlags::CREATE) { mode } else { Mode::empty() };
    let beneath = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
    let (resolve, crossing) = match links {
        Links::Followed => (beneath, Code::NotPermitted),
        Links::Refused => (beneath | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_XDEV, Code::Loop),
    };
    undisturbed(crossing, || rustix::fs::openat2(dir, path, flags, mode, resolve))
}

/// Attempts until nobody disturbs; `crossing` is what `EXDEV` means.
fn undisturbed<T>(crossing: Code, mut attempt: impl FnMut() -> rustix::io::Result<T>) -> Option<Result<T>> {
    for _ in 0..ATTEMPTS {
        return Some(match attempt() {
            Ok(fd) => Ok(fd),
            Err(Errno::AGAIN | Errno::INTR) => continue,
            Err(Errno::XDEV) => Err(coded(crossing, Errno::XDEV)),
            Err(errno) => Err(portable(errno)),
        });
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disturbed_resolution_is_tried_again_but_not_for_ever() {
        let mut left = 3;
        let opened = undisturbed(Code::NotPermitted, || {
            left -= 1;
            if left > 0 { Err(Errno::AGAIN) } else { Ok(7) }
        });
        assert_eq!((opened, left), (Some(Ok(7)), 0));

        let mut calls = 0;
        let opened = undisturbed::<()>(Code::NotPermitted, || {
            calls += 1;
            Err(Errno::AGAIN)
        });
        assert_eq!((opened, calls), (None, ATTEMPTS));
    }

    #[test]
    fn leaving_the_directory_is_not_permitted_and_keeps_its_errno() {
        let error = undisturbed::<()>(Code::NotPermitted, || Err(Errno::XDEV)).unwrap().unwrap_err();
        assert_eq!(error.to_string(), "not-permitted (EXDEV)");
        let error = undisturbed::<()>(Code::NotPermitted, || Err(Errno::NOENT)).unwrap().unwrap_err();
        assert_eq!(error.to_string(), "no-entry (ENOENT)");
    }
}
