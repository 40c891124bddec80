//! Random bytes: whatever `getrandom` knows to be the system's own generator.

use callgate_system::{Code, Random, Result};

/// The system's generator.
pub(crate) struct PortableRandom;

impl Random for PortableRandom {
    fn fill(&self, buffer: &mut [u8]) -> Result<()> {
        getrandom::fill(buffer).map_err(|_| Code::Io.into())
    }
}
