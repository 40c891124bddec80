//! Random bytes.

use crate::Result;

/// A source of random bytes.
pub trait Random: Send + Sync {
    /// Fills all of `buffer` with bytes fit for keys. Waits only while the system's generator is not yet seeded. A system that
    /// behaves the same in every run gives bytes that whoever knows its seed knows.
    ///
    /// # Errors
    /// [`crate::Code::Io`] where the system has no source.
    fn fill(&self, buffer: &mut [u8]) -> Result<()>;
}
