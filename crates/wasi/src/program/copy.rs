//! A copy of a file in memory that nobody can change, to be mapped as code: shorter than reading the file, whose bytes the engine would copy
//! twice again, into the mapping of the code and into an image of the program's data.

use std::fs::File;
use std::io::{self, Seek as _};
use std::os::fd::AsRawFd as _;
use std::path::PathBuf;

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};

/// Neither this process nor any other changes the copy from now on.
const SEALS: SealFlags = SealFlags::WRITE.union(SealFlags::SHRINK).union(SealFlags::GROW).union(SealFlags::SEAL);

/// A copy of all of `file`, and a path that leads to it as long as it is open.
///
/// # Errors
/// If the file can't be read, or the system makes no such files.
pub(super) fn of(file: &mut File) -> io::Result<(File, PathBuf)> {
    let mut copy = File::from(memfd_create("callgate-code", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?);
    file.rewind()?;
    io::copy(file, &mut copy)?;
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
        file.write_all(b"code").unwrap();
        let (copy, path) = of(&mut file).unwrap();
        file.write_all(b", changed").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"code");
        assert!((&copy).write_all(b"x").is_err());
        assert!(copy.set_len(0).is_err());
        assert!(fs::write(&path, "x").is_err());
    }
}
