//! A copy of a file in memory that nobody can change, to be mapped as code: shorter than reading the file, whose bytes the engine would copy
//! twice again, into the mapping of the code and into an image of the program's data.

use std::fs::File;
use std::io::{self, Read as _, Seek as _};
use std::os::fd::AsRawFd as _;
use std::path::PathBuf;

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};
use rustix::process::{Resource, getrlimit};

/// Neither this process nor any other changes the copy from now on.
const SEALS: SealFlags = SealFlags::WRITE.union(SealFlags::SHRINK).union(SealFlags::GROW).union(SealFlags::SEAL);

/// A copy of the first `length` bytes of `file`, and a path that leads to it as long as it is open.
///
/// # Errors
/// If the file can't be read, or the system makes no such files, or none of that length.
pub(super) fn of(mut file: &File, length: u64) -> io::Result<(File, PathBuf)> {
    // To write more than that is a signal, which ends a process that doesn't expect it.
    if getrlimit(Resource::Fsize).current.is_some_and(|most| most < length) {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    let mut copy = File::from(memfd_create("callgate-code", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?);
    file.rewind()?;
    io::copy(&mut file.take(length), &mut copy)?;
    fcntl_add_seals(&copy, SEALS)?;
    let path = PathBuf::from(format!("/dev/fd/{}", copy.as_raw_fd()));
    Ok((copy, path))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write as _;

    use super::*;

    #[test]
    fn a_copy_stays_as_it_was() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"code, and more").unwrap();
        let (copy, path) = of(&file, 4).unwrap();
        file.rewind().unwrap();
        file.write_all(b"else").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"code");
        assert!((&copy).write_all(b"x").is_err());
        assert!(copy.set_len(0).is_err());
        assert!(fs::write(&path, "x").is_err());
    }
}
