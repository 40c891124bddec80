//! Random arguments by purpose: mostly ones that get somewhere, now and then what no compiler would ever pass.
//!
//! Hazard: a tame module must do the same on every system. So what systems answer differently (times, file numbers, random
//! bytes) goes to [`UNTOLD`] or nowhere, and nothing is taken from there.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::functions::Parameter as P;
use super::layout::{DATA, LISTENER, OPENED, OUT, READ_ONLY, UNTOLD, UNTOLD_BYTES, WRITABLE};
use super::script::Address::{At, End};
use super::script::{Address, Argument};
use crate::files::{MARKS, paths, targets};

/// The possible arguments of one parameter, or of those that belong together.
type Values = BoxedStrategy<Vec<Argument>>;

/// The values of `parameter`.
pub(crate) fn values(parameter: P, tame: bool) -> Values {
    match parameter {
        P::Descriptor | P::Directory | P::Socket | P::Number => numbers(descriptor(parameter, tame)),
        P::Path => path(tame),
        P::Gathered => list(tame),
        P::Scattered => prop_oneof![10 => list(tame), 1 => list(false)].boxed(),
        P::Subscriptions => subscriptions(tame),
        P::Told(_) | P::Out => prop_oneof![20 => Just(At(OUT)), 1 => edge(), 1 => anywhere(tame)].prop_map(one).boxed(),
        P::ToldAmong(_) | P::Untold => prop_oneof![20 => Just(At(UNTOLD)), 2 => outside(tame)].prop_map(one).boxed(),
        P::Room => room(prop_oneof![20 => Just(At(OUT)), 2 => edge(), 1 => anywhere(tame)].boxed(), tame),
        P::UntoldRoom => room(prop_oneof![20 => Just(At(UNTOLD)), 2 => outside(tame)].boxed(), tame),
        P::Lookup => numbers(flags(1)),
        P::OpenFlags => {
            numbers(prop_oneof![6 => select(vec![0, 1, 2, 1, 9, 5, 8]), 3 => 0..16_u64, 1 => flags(4)].boxed())
        }
        P::DescriptorFlags => numbers(prop_oneof![9 => select(vec![0, 0, 0, 1, 4, 5]), 1 => flags(5)].boxed()),
        P::TimeFlags | P::SendFlags => numbers(flags(4)),
        P::ReceiveFlags | P::ShutdownFlags => numbers(flags(2)),
        P::Whence => numbers(small(3)),
        P::Advice => numbers(small(6)),
        P::Clock => numbers(small(4)),
        P::Signal => numbers(prop_oneof![8 => select(vec![0, 16, 17, 27]), 1 => small(31)].boxed()),
        P::Code => numbers(prop_oneof![3 => 0..256_u64, 1 => any::<u32>().prop_map(u64::from)].boxed()),
        P::Offset | P::Length => numbers(offset(tame)),
        P::Distance => numbers(distance()),
        P::Cookie => numbers(prop_oneof![4 => Just(0), 4 => 1..12_u64, 1 => select(EDGES.to_vec())].boxed()),
        P::Rights => numbers(rights()),
        P::Inheriting => numbers(prop_oneof![2 => Just(0), 2 => Just(DIRECTORY | FILE), 1 => rights()].boxed()),
        P::Time => numbers(time()),
        P::Pages => numbers(small(3)),
    }
}

/// Numbers that are easily too much.
const EDGES: [u64; 9] =
    [255, 256, 65_535, 65_536, i32::MAX as u64, 1 << 31, u32::MAX as u64, i64::MAX as u64, u64::MAX];

fn one(address: Address) -> Vec<Argument> {
    vec![Argument::Address(address)]
}

fn numbers(number: BoxedStrategy<u64>) -> Values {
    number.prop_map(|number| vec![Argument::Number(number)]).boxed()
}

/// Below `count`, or far above.
fn small(count: u64) -> BoxedStrategy<u64> {
    prop_oneof![20 => 0..count, 1 => Just(count), 1 => select(EDGES.to_vec())].boxed()
}

/// Of so many that are defined, or others.
fn flags(count: u32) -> BoxedStrategy<u64> {
    small(1 << count)
}

fn descriptor(parameter: P, tame: bool) -> BoxedStrategy<u64> {
    let opened =
        prop_oneof![2 => OPENED..OPENED + 6, if parameter == P::Descriptor { 2 } else { 0 } => OPENED..OPENED + 2];
    let wrong = select(vec![7, 8, 49, 50, 999, 1_000, 100_000, 1 << 31, u64::from(u32::MAX)]);
    let others = prop_oneof![6 => 0..OPENED + 12, 1 => wrong];
    let weights = match parameter {
        P::Directory => [14, 5, 8, 0, 2],
        P::Number => [1, 1, 8, 1, 4],
        P::Socket if tame => [1, 1, 4, 1, 4],
        P::Socket => [1, 1, 10, 8, 2],
        _ => [3, 2, 26, 1, 5],
    };
    prop_oneof![
        weights[0] => Just(WRITABLE),
        weights[1] => Just(READ_ONLY),
        weights[2] => opened,
        weights[3] => Just(LISTENER),
        weights[4] => others,
    ]
    .boxed()
}

/// At the end of memory or of all addresses, or not aligned.
fn edge() -> BoxedStrategy<Address> {
    let places =
        vec![At(0), At(OUT + 1), End(-8), End(-7), End(-4), End(-1), End(0), End(1), At(u32::MAX), At(1 << 31)];
    select(places).boxed()
}

/// Anything; where a tame module has everything else.
fn anywhere(tame: bool) -> BoxedStrategy<Address> {
    let tame = if tame { 0 } else { 1 };
    prop_oneof![1 => (DATA..DATA + 20_000).prop_map(At), tame => any::<u32>().prop_map(At), tame => (0..1_u32 << 19).prop_map(At)]
        .boxed()
}

/// Where no memory is, though it grow; or anywhere.
fn outside(tame: bool) -> BoxedStrategy<Address> {
    let far = select(vec![At(u32::MAX), At(u32::MAX - 7), At(1 << 31)]);
    let near = if tame { 0 } else { 1 };
    prop_oneof![1 => far, near => edge(), near => anywhere(false)].boxed()
}

/// An address with a length, both wrong now and then.
fn room(address: BoxedStrategy<Address>, tame: bool) -> Values {
    let much = u64::from(UNTOLD_BYTES);
    // More than any memory here has.
    let huge = select(vec![1 << 24, (64 << 20) + 1, 1 << 31, u64::from(u32::MAX)]);
    let all = select(vec![1 << 16, 1 << 19, 1 << 23]);
    let wild = if tame { 0 } else { 2 };
    let length = prop_oneof![16 => 0..much, 8 => 0..40_u64, 2 => Just(much), 1 => huge, wild => all];
    (address, length).prop_map(|(address, length)| vec![Argument::Address(address), Argument::Number(length)]).boxed()
}

fn path(tame: bool) -> Values {
    let text = prop_oneof![
        6 => select(vec!["a", "b", "c", "f", "g", "a/f", "a/g", "a/b", "to_a/g"]).prop_map(Into::into),
        12 => paths(),
        1 => targets(),
        2 => select(vec![
            "beside", "../beside", "../beside.d", "../beside.d/x", "over/beside", "over", "over/f", "out/secret", "../r/f",
            "../w/f", "/f", "/w/f", "absolute/passwd", "../../outside/secret", "to_a/f", "a/../../r",
        ]).prop_map(Into::into),
    ];
    let text = text.prop_map(|text| vec![Argument::Path(text)]);
    let bytes = select(vec![&b"caf\xe9"[..], b"\xff", b"a/\xc0\x80", b"\xed\xa0\x80", b"a\0", b"\0"]);
    let bytes =
        bytes.prop_map(|bytes| vec![Argument::Bytes(bytes.to_vec()), Argument::Number(bytes.len() as u64)]).boxed();
    let length = select(vec![0, 1, 2, 8, 4_096, 1 << 24, 1 << 31, u64::from(u32::MAX)]);
    let place = prop_oneof![4 => edge(), 1 => anywhere(tame)];
    let raw = (place, length).prop_map(|(at, length)| vec![Argument::Address(at), Argument::Number(length)]);
    prop_oneof![40 => text, 1 => bytes, 1 => raw].boxed()
}

/// Buffers: mostly few; overlapping, empty, of everything, or more than may be.
fn list(tame: bool) -> Values {
    let length = prop_oneof![8 => 0..20_u32, 3 => 0..5_000_u32, 1 => select(vec![1 << 16, 1 << 19, 1 << 31, u32::MAX])];
    let place = prop_oneof![30 => (DATA..DATA + 20_000).prop_map(At), 1 => edge(), 1 => anywhere(tame)];
    let buffer = (place, length).prop_map(move |(at, length)| match at {
        // Not into what is untold: it lies before what these begin with.
        At(at) if tame && at < UNTOLD => (At(at), length.min(UNTOLD - at)),
        _ => (at, length),
    });
    let few = vec(buffer.clone(), 0..4);
    let many = (buffer, select(vec![100, 1_024, 1_025])).prop_map(|(buffer, count)| vec![buffer; count]);
    let list = prop_oneof![40 => few, 1 => many].prop_map(|list| vec![Argument::List(list)]);
    let count = select(vec![0, 1, 2, 1_025, 1 << 29, u64::from(u32::MAX)]);
    let raw = (edge(), count).prop_map(|(at, count)| vec![Argument::Address(at), Argument::Number(count)]);
    prop_oneof![40 => list, 1 => raw].boxed()
}

/// A subscription, as it lies in memory.
fn subscription() -> impl Strategy<Value = Vec<u8>> {
    let clock = (Just(0_u8), prop_oneof![12 => 0..2_u64, 1 => small(4)]);
    let stream = (1..3_u8, descriptor(P::Descriptor, true));
    let wrong = (any::<u8>(), select(EDGES.to_vec()));
    let kind_and_on = prop_oneof![12 => clock, 12 => stream, 1 => wrong];
    let timeout = prop_oneof![16 => 0..1_000_000_u64, 1 => time()];
    let flags = prop_oneof![6 => Just(0_u8), 3 => Just(1), 1 => select(vec![2, 255])];
    (any::<u64>(), kind_and_on, timeout, flags).prop_map(|(userdata, (kind, on), timeout, flags)| {
        let precision = 0_u64;
        let words = [userdata, kind.into(), on & u64::from(u32::MAX), timeout, precision, flags.into()];
        words.iter().flat_map(|word| word.to_le_bytes()).collect()
    })
}

fn subscriptions(tame: bool) -> Values {
    let few = vec(subscription(), 1..4).prop_map(|all| (all.len() as u64, all.concat()));
    let wrong = select(vec![0, 1, 5, 65_536, 65_537, u64::from(u32::MAX)]);
    let events = prop_oneof![20 => Just(At(UNTOLD)), 1 => outside(tame)];
    let usual = (few, prop_oneof![12 => Just(None), 1 => wrong.prop_map(Some)], events);
    let usual = usual.prop_map(|((count, bytes), wrong, events)| {
        vec![Argument::Bytes(bytes), Argument::Address(events), Argument::Number(wrong.unwrap_or(count))]
    });
    // As many as may be, of zeros: a clock's, met at once.
    let most = vec![Argument::Address(At(1 << 20)), Argument::Address(At(5 << 20)), Argument::Number(1 << 16)];
    prop_oneof![30 => usual, 1 => Just(most)].boxed()
}

/// As of the file operations: no file that takes space for nothing, none that some systems only could have. An untamed module
/// asks for those, too.
fn offset(tame: bool) -> BoxedStrategy<u64> {
    let edge = i64::MAX as u64;
    let wild = if tame { 0 } else { 1 };
    prop_oneof![
        8 => 0..20_u64,
        2 => 0..10_000_u64,
        1 => select(vec![70_000, 1 << 20]),
        1 => select(vec![edge + 1, u64::MAX]),
        wild => select(vec![1 << 32, 1 << 40, 1 << 44, edge, edge - 4_095]),
    ]
    .boxed()
}

fn distance() -> BoxedStrategy<u64> {
    let far = select(vec![i64::MIN, i64::MIN + 1, i64::MAX, -1_000_000]);
    prop_oneof![8 => -20..20_i64, 2 => 0..10_000_i64, 1 => far].prop_map(|distance| distance as u64).boxed()
}

/// The rights of each kind of descriptor.
const FILE: u64 = 0x1ff | 1 << 21 | 1 << 22 | 1 << 23 | 1 << 27;
const DIRECTORY: u64 = 0x7ff_fe19 & !(1 << 22);

/// All, what a kind of descriptor has, nearly that, or any.
fn rights() -> BoxedStrategy<u64> {
    const ALL: u64 = (1 << 30) - 1;
    const READ_AND_WRITE: u64 = 1 << 1 | 1 << 6;
    let usual = vec![ALL, u64::MAX, READ_AND_WRITE, FILE, DIRECTORY, DIRECTORY | FILE, 1 << 1, 1 << 6, 0];
    let kind = select(vec![FILE, DIRECTORY, DIRECTORY | FILE]);
    let nearly = (kind, 0..30_u32).prop_map(|(rights, bit)| rights & !(1 << bit));
    prop_oneof![6 => select(usual), 2 => nearly, 1 => any::<u64>()].boxed()
}

fn time() -> BoxedStrategy<u64> {
    let known = MARKS
        .iter()
        .filter_map(|mark| Some(u64::try_from(mark.seconds).ok()? * 1_000_000_000 + u64::from(mark.nanoseconds)));
    let edges = vec![0, 1, 999_999_999, 1_000_000_000, i64::MAX as u64, 1 << 63, u64::MAX];
    prop_oneof![2 => select(known.collect::<Vec<_>>()), 1 => select(edges)].boxed()
}
