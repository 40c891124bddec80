//! `--trace-format perfetto` and `folded`: files for tools of others.

use std::fs;

use callgate_tests::{Host, Run, each, everywhere};

use crate::places::Place;

const BIND: &str = "CALLGATE_BIND";

/// The trace that a run leaves in a file.
fn traced(run: Run, format: &str) -> Vec<u8> {
    let place = Place::new();
    let file = place.outside.join("trace");
    let run = run.dir(&place.data, "/data").option(format!("--trace={}", file.display()));
    run.with("--trace-format", format).arg("/data").run().well();
    fs::read(&file).expect("the trace can be read")
}

/// Stacks with their times.
fn stacks(trace: &[u8]) -> Vec<(&str, u64)> {
    let text = std::str::from_utf8(trace).expect("it is UTF-8");
    let split = text.lines().map(|line| line.rsplit_once(' ').expect("a stack and a time"));
    split.map(|(stack, time)| (stack, time.parse().expect("a number"))).collect()
}

/// Whichever way the calls come, the functions that lead to them are there, and no call of so short a run is without.
#[test]
fn stacks_lead_to_calls() {
    each(|host| {
        let direct = host.guest("files").host_env(BIND, "direct");
        let engine = host.guest("files").host_env(BIND, "engine");
        for run in [direct, engine, host.module("files")] {
            let trace = traced(run, "folded");
            let stacks = stacks(&trace);
            let leads = |stack: &str, names: &[&str]| {
                names.iter().try_fold(stack, |rest, name| rest.split_once(name).map(|(_, rest)| rest)).is_some()
            };
            let opens = ["_start;", ";files::main;", ";files::write_and_read;", ";descriptor.open-at"];
            for names in [&opens[..], &["_start;", ";files::main;", ";[guest]"]] {
                let found = stacks.iter().any(|(stack, time)| leads(stack, names) && *time > 0);
                assert!(found, "no stack has {names:?}:\n{}", String::from_utf8_lossy(&trace));
            }
            let without = stacks.iter().find(|(stack, _)| stack.starts_with("[not sampled]"));
            assert_eq!(without, None);
        }
    });
}

/// A guest that ends by a trap has called, too.
#[test]
fn stacks_of_a_guest_that_traps() {
    everywhere(|host| {
        let place = Place::new();
        let file = place.outside.join("trace");
        let run = host.guest("trap").option(format!("--trace={}", file.display())).with("--trace-format", "folded");
        run.arg("panic").run().trapped();
        let trace = fs::read(&file).expect("the trace can be read");
        assert!(stacks(&trace).iter().any(|(stack, _)| stack.contains("main") && stack.ends_with("get-arguments")));
    });
}

/// Packets, one after the other to the end of the file: each is field 1 of the trace, with its length.
fn packets(mut trace: &[u8]) -> Vec<&[u8]> {
    let mut packets = Vec::new();
    while let [first, rest @ ..] = trace {
        assert_eq!(*first, 0x0a, "packet {}", packets.len());
        let digits = rest.iter().take_while(|byte| **byte >= 0x80).count() + 1;
        let length = rest[..digits].iter().rev().fold(0, |length, byte| length << 7 | usize::from(byte & 0x7f));
        packets.push(&rest[digits..digits + length]);
        trace = &rest[digits + length..];
    }
    packets
}

#[test]
fn packets_of_a_run() {
    each(|host| {
        for run in [host.guest("files"), host.module("files")] {
            let trace = traced(run, "perfetto");
            let packets = packets(&trace);
            let has = |words: &[u8]| packets.iter().any(|packet| packet.windows(words.len()).any(|part| part == words));
            for words in ["descriptor.open-at", "/data/a.txt", "handles", "waits", "exited with code 0"] {
                assert!(has(words.as_bytes()), "{words} is in no packet");
            }
            assert!(packets.len() > 100, "{}", packets.len());
        }
    });
}

/// Bytes for a tool are of no use on a terminal.
#[test]
fn packets_need_a_file() {
    let run = Host::Native.guest("hello").option("--trace").with("--trace-format", "perfetto").run();
    run.refused(&["--trace", "perfetto", "--trace=FILE"]);
}
