//! Random bytes: `getrandom`, which waits only until the kernel's generator is seeded, once after a boot.

use callgate_system::{Code, Random, Result};
use rustix::io::Errno;
use rustix::rand::{GetRandomFlags, getrandom};

use crate::error::coded;

/// The kernel's generator.
pub(crate) struct LinuxRandom;

impl Random for LinuxRandom {
    fn fill(&self, buffer: &mut [u8]) -> Result<()> {
        let mut rest = buffer;
        while !rest.is_empty() {
            // Large requests come in parts, and a signal ends one early.
            match getrandom(&mut *rest, GetRandomFlags::empty()) {
                Ok(filled) => rest = &mut rest[filled..],
                Err(Errno::INTR) => {}
                Err(errno) => return Err(coded(Code::Io, errno)),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_of_a_large_buffer_is_filled() {
        let mut buffer = vec![0; 1 << 20];
        LinuxRandom.fill(&mut buffer).unwrap();
        // 2^-128 that the last sixteen are all zero by chance.
        assert_ne!(buffer[buffer.len() - 16..], [0; 16]);
        LinuxRandom.fill(&mut []).unwrap();
    }
}
