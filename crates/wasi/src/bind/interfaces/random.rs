//! `wasi:random`: random, insecure, insecure-seed.

use crate::bind::component::{Answer, Give as _, Parameter, Plain};
use crate::calls::random;

super::interfaces! {
    "wasi:random/random" {
        "get-random-bytes" (len: u64) -> Plain<Vec<u8>> = random::get_random_bytes;
        "get-random-u64" () -> Plain<u64> = random::get_random_u64;
    }
    "wasi:random/insecure" {
        "get-insecure-random-bytes" (len: u64) -> Plain<Vec<u8>> = random::get_insecure_random_bytes;
        "get-insecure-random-u64" () -> Plain<u64> = random::get_insecure_random_u64;
    }
    "wasi:random/insecure-seed" {
        "insecure-seed" () -> Plain<(u64, u64)> = random::insecure_seed;
    }
}
