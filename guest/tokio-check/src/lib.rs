//! The parts that the programs share: a body of bytes, and a function that the C library lacks.

pub mod fcntl;

/// Bytes in which no piece could stand for another.
#[must_use]
pub fn bytes(seed: usize, length: usize) -> Vec<u8> {
    let byte = |index: u32| (index.wrapping_mul(2_654_435_761) >> 24) as u8;
    (seed as u32..).map(byte).take(length).collect()
}
