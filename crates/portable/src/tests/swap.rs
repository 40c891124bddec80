//! A component that somebody swaps for a link to the outside, while a guest uses it.

use callgate_conformance::unix::swap::{Link, stress, stress_file, stress_located};

use crate::Portable;

const ROUNDS: u32 = 2_000;

#[test]
fn a_directory_swapped_for_a_link_never_shows_the_outside() {
    [Link::Absolute, Link::Relative].into_iter().for_each(|link| stress(&Portable::new(), link, false, ROUNDS));
}

#[test]
fn a_file_swapped_for_a_link_to_the_outside_is_never_read_or_written() {
    stress_file(&Portable::new(), ROUNDS);
}

#[test]
fn what_is_opened_is_at_the_place_that_was_known_before() {
    stress_located(&Portable::new(), ROUNDS);
}
