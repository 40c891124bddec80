//! Random bytes and numbers, secure and not.

use std::collections::HashSet;
use std::process::ExitCode;

use programs::{Outcome, check, run, same};
use wasip2::random::{insecure, insecure_seed, random};

fn main() -> ExitCode {
    run(|| {
        bytes("get-random-bytes", random::get_random_bytes)?;
        bytes("get-insecure-random-bytes", insecure::get_insecure_random_bytes)?;
        numbers("get-random-u64", random::get_random_u64)?;
        numbers("get-insecure-random-u64", insecure::get_insecure_random_u64)?;
        same("the seed of a run", insecure_seed::insecure_seed(), insecure_seed::insecure_seed())?;
        check("the seed is not zero", insecure_seed::insecure_seed() != (0, 0))?;
        let hashed = std::collections::HashMap::from([(1, 2)]);
        same("a hash map, seeded by random bytes", hashed.get(&1), Some(&2))?;
        println!("sample {:016x}", random::get_random_u64());
        Ok(())
    })
}

fn bytes(name: &str, get: fn(u64) -> Vec<u8>) -> Outcome {
    for length in [0, 1, 7, 256, 257, 100_000] {
        same(format!("{name} of {length}"), get(length).len() as u64, length)?;
    }
    let sample = get(100_000);
    let mut counts = [0_u32; 256];
    for byte in &sample {
        counts[usize::from(*byte)] += 1;
    }
    // 391 are expected of each: 200 and 600 are more than nine standard deviations off.
    check(format!("{name}: every byte is about as frequent"), counts.iter().all(|count| (200..600).contains(count)))?;
    check(format!("{name}: two calls differ"), get(32) != get(32))
}

fn numbers(name: &str, get: fn() -> u64) -> Outcome {
    let seen: HashSet<u64> = (0..1000).map(|_| get()).collect();
    same(format!("{name}: different numbers of 1000"), seen.len(), 1000)
}
