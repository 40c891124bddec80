//! Files that are nearly components: cut off, with bits flipped, parts doubled or overwritten; and text that is nearly the text
//! format's.

use fastrand::Rng;

/// A broken copy of `good`.
pub(crate) fn broken(good: &[u8], random: &mut Rng) -> Vec<u8> {
    let mut bytes = good.to_vec();
    for _ in 0..random.usize(1..4) {
        spoil(&mut bytes, random);
    }
    bytes
}

/// Does something to them that files may suffer.
pub(super) fn spoil(bytes: &mut Vec<u8>, random: &mut Rng) {
    if bytes.is_empty() {
        return;
    }
    let at = random.usize(0..bytes.len());
    let length = random.usize(0..64).min(bytes.len() - at);
    match random.u32(0..8) {
        0 => bytes.truncate(at),
        1 => bytes.drain(at..at + length).for_each(drop),
        2 => bytes[at..at + length].iter_mut().for_each(|byte| *byte = random.u8(..)),
        3 => {
            let part = bytes[at..at + length].to_vec();
            let to = random.usize(0..bytes.len());
            bytes.splice(to..to, part);
        }
        // Lengths and counts are written so.
        4 => bytes.splice(at..=at, [0xff, 0xff, 0xff, 0xff, 0x0f]).for_each(drop),
        _ => {
            for _ in 0..random.usize(1..5) {
                let at = random.usize(0..bytes.len());
                bytes[at] ^= 1 << random.u32(0..8);
            }
        }
    }
}

/// A component in the text format, with everything that is easily too much.
pub(crate) const TEXT: &str = r#"(component
  (core module $m
    (memory (export "memory") 65536)
    (table 4294967295 funcref)
    (func (export "run") (result i32) (loop (br 0)) (i32.const 0)))
  (core instance $i (instantiate $m))
  (func $run (result (result)) (canon lift (core func $i "run")))
  (instance $r (export "run" (func $run)))
  (export "wasi:cli/run@0.2.6" (instance $r)))
"#;
