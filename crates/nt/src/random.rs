//! Random bytes: `ProcessPrng`, which never fails; `SystemFunction036` where that is missing.

use callgate_system::{Code, Random, Result};

use crate::nt::random;

/// The system's generator.
pub(crate) struct NtRandom;

impl Random for NtRandom {
    fn fill(&self, buffer: &mut [u8]) -> Result<()> {
        if random::fill(buffer) { Ok(()) } else { Err(Code::Io.into()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_of_a_large_buffer_is_filled() {
        let mut buffer = vec![0; (1 << 20) + 17];
        NtRandom.fill(&mut buffer).unwrap();
        // 2^-128 that the last sixteen are all zero by chance.
        assert_ne!(buffer[buffer.len() - 16..], [0; 16]);
        NtRandom.fill(&mut []).unwrap();
    }
}
