//! `folded`: the time of stacks.

use callgate_gate::{Call, NetworkRules};
use callgate_trace::format::Folded;

use crate::guest::Guest;

fn new() -> Guest {
    Guest::new(Box::new(Folded::default()), NetworkRules::default())
}

/// The lines of a run, split at the last space, as the tools do it.
fn lines(guest: Guest) -> Vec<(String, u64)> {
    let text = String::from_utf8(guest.end()).expect("it is UTF-8");
    let split = |line: &str| {
        let (stack, time) = line.rsplit_once(' ').expect("a stack and a time");
        (stack.to_owned(), time.parse().expect("a number"))
    };
    text.lines().map(split).collect()
}

fn now(guest: &Guest, functions: &[&str], takes: u64) {
    guest.call_from(functions, Call::MonotonicNow, takes, Ok(1_u64));
}

#[test]
fn time_is_counted_for_the_stack_of_each_call_and_for_computing() {
    let guest = new();
    guest.compute(7);
    now(&guest, &["main", "read_all"], 100);
    guest.compute(40);
    guest.call_from(&["main", "write_all"], Call::GetRandomU64, 30, Ok(1_u64));
    guest.compute(2);
    now(&guest, &["main", "read_all"], 100);
    now(&guest, &["main", "read_all"], 1);
    guest.compute(5);
    now(&guest, &["main", "read_all"], 0);
    let expected = [
        ("main;read_all;monotonic-clock.now", 201),
        ("[guest]", 7),
        ("main;write_all;random.get-random-u64", 30),
        ("main;[guest]", 42),
        ("main;read_all;[guest]", 5),
    ];
    assert_eq!(lines(guest), expected.map(|(stack, time)| (stack.to_owned(), time)));
}

#[test]
fn a_name_cannot_end_its_frame_or_its_line() {
    let guest = new();
    now(&guest, &["take::<[u8; 4]>", "operator new(unsigned long)"], 3);
    assert_eq!(lines(guest), [("take::<[u8: 4]>;operator new(unsigned long);monotonic-clock.now".to_owned(), 3)]);
}

/// Of many calls few are sampled, and none is left out: the sum is the time of the run.
#[test]
fn most_calls_are_not_sampled_and_all_time_is_counted() {
    let guest = new();
    let mut sampled = 0;
    for number in 0..300_000_u64 {
        sampled += u32::from(guest.gate.wants_stack());
        guest.compute(1);
        // A loop of two calls: distances that are all even would show one of them only.
        now(&guest, &["main", if number % 2 == 0 { "even" } else { "odd" }], 10);
    }
    assert!((10_000..40_000).contains(&sampled), "{sampled}");
    let lines = lines(guest);
    assert_eq!(lines.iter().map(|(_, time)| time).sum::<u64>(), 3_300_000);
    for stack in ["main;even;monotonic-clock.now", "main;odd;monotonic-clock.now"] {
        let time = lines.iter().find(|(line, _)| line == stack).map(|(_, time)| *time);
        assert!(time.is_some_and(|time| (1_300_000..1_700_000).contains(&time)), "{stack} {time:?}");
    }
}

/// Where the first call of a function comes late, nobody may have looked at its stack.
#[test]
fn a_call_that_was_never_sampled_is_said_to_be_so() {
    let guest = new();
    for _ in 0..100_000 {
        now(&guest, &["main"], 1);
    }
    while guest.gate.wants_stack() {
        now(&guest, &["main"], 1);
    }
    guest.call_from(&["main"], Call::GetRandomU64, 50, Ok(1_u64));
    assert!(lines(guest).contains(&("[not sampled];random.get-random-u64".to_owned(), 50)));
}

#[test]
fn calls_within_a_call_are_counted_once() {
    let guest = new();
    let inner = || {
        guest.compute(10);
        guest.call(Call::GetRandomU64, 20, Ok(1_u64));
        guest.compute(30);
        Ok::<_, callgate_system::Error>(1_u64)
    };
    guest.gate.pass(Call::MonotonicNow, inner).unwrap();
    assert_eq!(lines(guest).iter().map(|(_, time)| time).sum::<u64>(), 60);
}

/// A program that makes ever new stacks of long names.
#[test]
fn what_is_kept_is_bounded() {
    let guest = new();
    for number in 0..4_096 {
        let names: Vec<_> = (0..100).map(|depth| format!("{number}-{depth}-{}", "x".repeat(500))).collect();
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        now(&guest, &names, 1);
    }
    let text = guest.end();
    assert!(text.len() < 33 << 20, "{}", text.len());
    assert!(text.windows(15).any(|bytes| bytes == b"[other stacks];"), "the rest is counted");
}
