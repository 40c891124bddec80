//! Random hostile modules. The first entry of a choice is the one that a failing module shrinks to.

use callgate_system::Quota;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::Union;

use super::functions::FUNCTIONS;
use super::layout::{LISTENER, OUT, READ_ONLY, WRITABLE};
use super::script::{Address, Argument, Call, Launch, Memory, Script, call};
use super::values::values;

/// The most calls of one module, those aside that make descriptors to begin with.
const LONGEST: usize = 40;

/// Modules, tame or not; most with a few descriptors.
pub(crate) fn scripts(tame: bool) -> BoxedStrategy<Script> {
    let memory = prop_oneof![
        40 => select(vec![1, 1, 1, 2, 8, 128]).prop_map(Memory::Pages),
        1 => Just(Memory::Pages(0)),
        1 => select(vec![Memory::Misnamed, Memory::Hidden, Memory::Wide, Memory::Shared, Memory::Missing]),
    ];
    let launch = prop_oneof![
        8 => Just(Launch::Invoked),
        3 => select(vec![Launch::Initialized, Launch::Started, Launch::Command, Launch::Twice]),
    ];
    let set = vec(proptest::bool::weighted(0.85), openers().len());
    let header = (memory, launch, proptest::bool::weighted(0.1), select(vec![1_000, 1_000, 50, 1_000, 8]), quotas());
    let script = move |((memory, launch, unstable, handles, quota), set, work): (_, Vec<bool>, Vec<Call>)| {
        let openers = openers().into_iter().zip(set).filter_map(|(opener, set)| set.then_some(opener));
        Script { tame, unstable, memory, launch, handles, quota, calls: openers.chain(work).collect() }
    };
    (header, set, vec(calls(tame), 1..LONGEST)).prop_map(script).boxed()
}

/// Modules that every host of preview1 can run: tame ones, which begin by setting that no socket waits.
pub(crate) fn comparable() -> BoxedStrategy<Script> {
    const NONBLOCK: u64 = 1 << 2;
    let plain = |script: Script| {
        let memory = match script.memory {
            Memory::Pages(pages) => Memory::Pages(pages.clamp(1, 8)),
            _ => Memory::Pages(1),
        };
        let first = call("fd_fdstat_set_flags", [Argument::Number(LISTENER), Argument::Number(NONBLOCK)]);
        let calls = std::iter::once(first).chain(script.calls).collect();
        Script { unstable: false, memory, launch: Launch::Invoked, handles: 1_000, quota: None, calls, ..script }
    };
    scripts(true).prop_map(plain).boxed()
}

/// None, one that is soon reached, and one that a whole file fits into.
fn quotas() -> impl Strategy<Value = Option<Quota>> {
    let quotas = [None, None, Some(Quota { bytes: 100, entries: 3 }), Some(Quota { bytes: 70_000, entries: 100 })];
    select(quotas.to_vec())
}

/// Files and directories, of both mounts.
fn openers() -> Vec<Call> {
    const CREATE: u64 = 1;
    const DIRECTORY: u64 = 2;
    vec![
        open(WRITABLE, "f", 0),
        open(WRITABLE, "g", CREATE),
        open(WRITABLE, "a", DIRECTORY),
        open(READ_ONLY, "f", 0),
        open(READ_ONLY, "a", DIRECTORY),
    ]
}

fn open(directory: u64, path: &str, flags: u64) -> Call {
    const ALL: u64 = (1 << 30) - 1;
    const TO_READ: u64 = ALL & !(1 << 6);
    let rights = if directory == WRITABLE { ALL } else { TO_READ };
    let number = Argument::Number;
    let (out, path) = (Argument::Address(Address::At(OUT)), Argument::Path(path.into()));
    call("path_open", [number(directory), number(1), path, number(flags), number(rights), number(ALL), number(0), out])
}

fn calls(tame: bool) -> impl Strategy<Value = Call> {
    let functions = FUNCTIONS.iter().map(|function| {
        let values: Vec<_> = function.parameters.iter().map(|parameter| values(*parameter, tame)).collect();
        (function.weight, values.prop_map(|values| call(function.name, values.concat())))
    });
    Union::new_weighted(functions.collect())
}
