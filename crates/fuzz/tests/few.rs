//! A fixed few cases of each target, the same each time. `cargo xtask fuzz` runs as many as one has time for.

use std::collections::BTreeSet;
use std::path::Path;

use callgate_fuzz::backends::Backends;
use callgate_fuzz::costs::Costs;
use callgate_fuzz::files::Files;
use callgate_fuzz::guests::Guests;
use callgate_fuzz::modules::{Address, Argument, Launch, Memory, Modules, Script, call, holds, is_unnoticed};
use callgate_fuzz::passing::Passing;

#[test]
fn backends_agree_on_random_sequences() {
    let mut files = Files::new(Backends::all());
    for seed in 0..400 {
        if let Err(found) = files.case(seed) {
            panic!("{found}");
        }
    }
    // Else the sequences would agree on nothing much.
    let outcomes: BTreeSet<_> = files.tally().calls().map(|(_, outcome, _)| outcome).collect();
    let codes = [
        "bad-descriptor",
        "busy",
        "exist",
        "invalid",
        "is-directory",
        "loop",
        "name-too-long",
        "no-entry",
        "not-directory",
        "not-empty",
        "not-permitted",
    ];
    for code in codes {
        assert!(outcomes.contains(code), "no call was {code}");
    }
    let names: BTreeSet<_> = files.tally().calls().map(|(name, ..)| name).collect();
    for name in &names {
        let done = files.tally().calls().any(|(call, outcome, _)| call == *name && outcome == "ok");
        assert!(done, "{name} never succeeded");
    }
    assert_eq!(names.len(), callgate_fuzz::files::Operation::KINDS, "{names:?}");
}

#[test]
fn the_host_outlives_hostile_guests() {
    let mut guests = guests();
    for seed in 0..24 {
        guests.component(seed).unwrap_or_else(|error| panic!("seed {seed}: {error:#}"));
    }
    let ends: Vec<_> = guests.ends().map(|(_, end, _)| end).collect();
    assert!(ends.contains(&"exit code"), "no guest came to its end: {ends:?}");
    assert!(ends.iter().any(|end| end.starts_with("trap: ")), "no guest trapped: {ends:?}");
}

#[test]
fn the_host_outlives_broken_components() {
    let mut guests = guests();
    for seed in 0..150 {
        guests.garbage(seed).unwrap_or_else(|error| panic!("seed {seed}: {error:#}"));
    }
    assert!(guests.ends().any(|(_, end, _)| end == "not loaded"));
}

#[test]
fn machine_code_is_never_loaded() {
    let mut guests = guests();
    for seed in 0..100 {
        guests.compiled(seed).unwrap_or_else(|error| panic!("seed {seed}: {error:#}"));
    }
    assert!(guests.ends().any(|(_, end, _)| end == "refused"));
}

#[test]
fn how_a_component_is_bound_does_not_show() {
    let mut guests = guests();
    for seed in 0..40 {
        guests.both_ways(seed).unwrap_or_else(|error| panic!("seed {seed}: {error:#}"));
    }
    assert!(guests.ends().any(|(_, end, _)| end == "exit code"));
}

/// Operations of a system that random guests cause. Those that need a peer, or a socket in a state that is rare, are left out.
const CAUSED: &[&str] = &[
    "clock.monotonic",
    "clock.wall",
    "close",
    "directory.create_directory",
    "directory.link",
    "directory.metadata",
    "directory.open",
    "directory.read_entries",
    "directory.read_link",
    "directory.remove_directory",
    "directory.rename",
    "directory.set_own_times",
    "directory.set_times",
    "directory.stat",
    "directory.symlink",
    "directory.sync",
    "directory.unlink_file",
    "entries.holds",
    "entries.next",
    "file.advise",
    "file.read_at",
    "file.read_into",
    "file.set_size",
    "file.set_times",
    "file.stat",
    "file.sync",
    "file.write_at",
    "lookup.addresses",
    "network.resolve",
    "network.socket",
    "random.fill",
    "sink.write",
    "socket.bind",
    "socket.connect",
    "socket.family",
    "socket.option",
    "socket.set_option",
    "source.is_terminal",
    "source.read",
    "waiter.wait",
];

#[test]
fn nothing_passes_beside_the_gate() {
    let wit = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit");
    let mut passing = Passing::new(&wit).expect("the engine is set up");
    for seed in 0..40 {
        passing.component(seed).unwrap_or_else(|error| panic!("component {seed}: {error:#}"));
    }
    for seed in 0..300 {
        passing.module(seed).unwrap_or_else(|error| panic!("module {seed}: {error:#}"));
    }
    let missing: Vec<_> = CAUSED.iter().filter(|operation| !passing.seen().contains(*operation)).collect();
    assert!(missing.is_empty(), "no call caused {missing:?}; of all {:?}", passing.seen());
}

/// A module writes the clock's time into a file. The file is the same whether somebody observes or not.
#[test]
fn observers_take_no_time_of_a_guest() {
    is_unnoticed(&clock_in_a_file(64));
    let mut modules = Modules::new().expect("the engine is set up");
    for seed in 0..100 {
        if let Err(found) = modules.observed(seed) {
            panic!("{found}");
        }
    }
}

#[test]
fn costs_of_compiling_are_limited() {
    let mut costs = Costs::new().expect("callgate is built");
    for seed in 0..16 {
        costs.case(seed).unwrap_or_else(|error| panic!("seed {seed}: {error:#}"));
    }
    let [run, _, beyond] = costs.ends();
    assert!(run > 0 && beyond > 0, "{:?}", costs.ends());
}

#[test]
fn the_host_outlives_hostile_modules() {
    let mut modules = Modules::new().expect("the engine is set up");
    for seed in 0..200 {
        if let Err(found) = modules.case(seed) {
            panic!("{found}");
        }
    }
    // Else systems would agree on nothing much.
    let tally = modules.tally();
    let succeeded: BTreeSet<_> = tally.calls().filter(|(_, errno, _)| *errno == 0).map(|(name, ..)| name).collect();
    for name in ["fd_read", "fd_pwrite", "fd_readdir", "fd_renumber", "path_open", "path_rename", "poll_oneoff"] {
        assert!(succeeded.contains(name), "{name} never succeeded");
    }
    let errnos: BTreeSet<_> = tally.calls().map(|(_, errno, _)| errno).collect();
    let (badf, exist, fault, ilseq, inval, isdir, noent, nomem, notdir, perm, rofs, notcapable) =
        (8, 20, 21, 25, 28, 31, 44, 48, 54, 63, 69, 76);
    for errno in [badf, exist, fault, ilseq, inval, isdir, noent, nomem, notdir, perm, rofs, notcapable] {
        assert!(errnos.contains(&errno), "no call was answered with {errno}");
    }
    let ends: Vec<_> = tally.ends().map(|(end, _)| end).collect();
    assert!(ends.contains(&"returned") && ends.iter().any(|end| end.starts_with("trap: ")), "{ends:?}");
}

/// A module writes the clock's time into a file. No two systems have the same time.
#[test]
#[cfg_attr(windows, ignore = "the one in memory is alone here")]
#[should_panic(expected = "the trees afterwards differ at w/f")]
fn a_difference_between_systems_is_seen() {
    holds(&clock_in_a_file(32_768));
}

/// The same, where what is in memory is compared as well.
#[test]
#[cfg_attr(windows, ignore = "the one in memory is alone here")]
#[should_panic(expected = "call 1, call(\"clock_time_get\"")]
fn a_difference_in_memory_is_seen() {
    holds(&clock_in_a_file(64));
}

/// Writes what the clock says into a file, by way of `place` in memory.
fn clock_in_a_file(place: u32) -> Script {
    let (clock, list) = (Argument::Address(Address::At(place)), Argument::List(vec![(Address::At(place), 8)]));
    let number = Argument::Number;
    let open = [number(4), number(1), Argument::Path("f".into()), number(0), number(64), number(64), number(0)];
    let calls = vec![
        call("path_open", [&open[..], &[Argument::Address(Address::At(128))]].concat()),
        call("clock_time_get", [number(1), number(0), clock]),
        call("fd_write", [number(6), list, Argument::Address(Address::At(128))]),
    ];
    let memory = Memory::Pages(1);
    Script { tame: true, unstable: false, memory, launch: Launch::Invoked, handles: 100, quota: None, calls }
}

fn guests() -> Guests {
    Guests::new(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit")).expect("the engine is set up")
}

#[test]
fn wrong_calls_end_alike_in_both_ways() {
    let (called, count) = guests().wrong_calls().unwrap_or_else(|error| panic!("{error:#}"));
    assert!(count > 3_000, "{count} calls");
    assert!(called.len() > 90, "{} functions were called: {called:?}", called.len());
}
