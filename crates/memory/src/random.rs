//! Random bytes that are the same for the same seed.
//!
//! The generator is ChaCha with 12 rounds: its output is specified and does not change with the crate's version, it passes
//! for fit for keys in all but the seed, and one seed has 2^64 streams that tell nothing of each other. The bytes that
//! guests ask for and the faults of the network have one each, so neither disturbs the other.
//!
//! Hazard: whoever knows the seed knows every byte. Keys made here protect nothing.

use std::sync::{Mutex, PoisonError};

use callgate_system::{Random, Result};
use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};

/// The purpose of a stream of the seed.
#[derive(Clone, Copy)]
pub(crate) enum Purpose {
    /// Bytes for guests.
    Bytes = 0,
    /// Faults of the network.
    Faults = 1,
}

/// One stream of a seed.
pub(crate) struct Generator(ChaCha12Rng);

impl Generator {
    pub(crate) fn new(seed: u64, purpose: Purpose) -> Self {
        let mut generator = ChaCha12Rng::seed_from_u64(seed);
        generator.set_stream(purpose as u64);
        Self(generator)
    }

    /// A number below `bound`, every one as likely as the next up to 1 in 2^64 / `bound`; 0 where that is 0.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        // The upper half: below `bound`.
        ((u128::from(self.0.next_u64()) * u128::from(bound)) >> 64) as u64
    }
}

/// The bytes for guests.
pub(crate) struct MemoryRandom(Mutex<Generator>);

impl MemoryRandom {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Mutex::new(Generator::new(seed, Purpose::Bytes)))
    }
}

impl Random for MemoryRandom {
    fn fill(&self, buffer: &mut [u8]) -> Result<()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).0.fill_bytes(buffer);
        Ok(())
    }
}
