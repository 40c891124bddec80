//! Security case 15: a component that somebody swaps for a link to the outside, while a guest uses it.

use callgate_conformance::unix::swap::{Link, stress, stress_file, stress_located};

use crate::Linux;

const ROUNDS: u32 = 2_000;

#[test]
fn a_directory_swapped_for_an_absolute_link_never_shows_the_outside() {
    [true, false].into_iter().for_each(|openat2| stress(&Linux::with_openat2(openat2), Link::Absolute, false, ROUNDS));
}

#[test]
fn a_directory_swapped_for_a_relative_link_never_shows_the_outside() {
    [true, false].into_iter().for_each(|openat2| stress(&Linux::with_openat2(openat2), Link::Relative, false, ROUNDS));
}

#[test]
fn a_file_swapped_for_a_link_to_the_outside_is_never_read_or_written() {
    [true, false].into_iter().for_each(|openat2| stress_file(&Linux::with_openat2(openat2), ROUNDS));
}

#[test]
fn what_is_opened_is_at_the_place_that_was_known_before() {
    [true, false].into_iter().for_each(|openat2| stress_located(&Linux::with_openat2(openat2), ROUNDS));
}
