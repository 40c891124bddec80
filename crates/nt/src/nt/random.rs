//! The system's generator of random bytes.

use super::optional::entry_points;

/// Fills `buffer`; `false` where this system has no generator.
pub(crate) fn fill(buffer: &mut [u8]) -> bool {
    if let Some(process_prng) = entry_points().process_prng {
        // SAFETY: the pointer and the length are those of the buffer.
        return unsafe { process_prng(buffer.as_mut_ptr(), buffer.len()) } != 0;
    }
    let Some(rtl_gen_random) = entry_points().rtl_gen_random else { return false };
    buffer.chunks_mut(1 << 20).all(|part| {
        let length = u32::try_from(part.len()).unwrap_or(0);
        // SAFETY: the pointer and the length, at most 1 MiB, are those of the part.
        unsafe { rtl_gen_random(part.as_mut_ptr(), length) != 0 }
    })
}
