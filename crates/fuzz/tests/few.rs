//! A fixed few cases of each target, the same each time. `cargo xtask fuzz` runs as many as one has time for.

use std::collections::BTreeSet;
use std::path::Path;

use callgate_fuzz::backends::Backends;
use callgate_fuzz::files::Files;
use callgate_fuzz::guests::Guests;
use callgate_fuzz::modules::Modules;

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
fn the_host_outlives_hostile_modules() {
    let mut modules = Modules::new().expect("the engine is set up");
    for seed in 0..300 {
        if let Err(found) = modules.case(seed) {
            panic!("{found}");
        }
    }
    for call in modules.tally().calls() { println!("{call:?}"); }
}

fn guests() -> Guests {
    Guests::new(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit")).expect("the engine is set up")
}
