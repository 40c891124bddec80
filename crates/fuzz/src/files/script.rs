//! Random sequences of operations. Names are few, so that operations meet; paths are hostile one time in four.
//!
//! The first entry of a choice is the one that a failing sequence shrinks to.

use callgate_system::{Advice, Follow};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::operation::{How, Operation, Text, Time, how};
use super::world::{DIRECTORIES, FILES, READINGS};

/// The longest sequence.
const LONGEST: usize = 48;

/// Sequences, most on a tree that is full of traps already.
pub(crate) fn scripts() -> BoxedStrategy<Vec<Operation>> {
    let set = vec(proptest::bool::weighted(0.85), traps().len());
    let work = vec(operation(), 1..LONGEST);
    let script = |(set, work): (Vec<bool>, Vec<Operation>)| {
        let traps = traps().into_iter().zip(set).filter_map(|(trap, set)| set.then_some(trap));
        traps.chain(work).collect()
    };
    (set, work).prop_map(script).boxed()
}

/// Directories, files and links of every kind.
fn traps() -> Vec<Operation> {
    let directory = |path: &str| Operation::CreateDirectory { dir: 0, path: path.into() };
    let link = |path: &str, target: &str| Operation::Symlink { dir: 0, target: target.into(), path: path.into() };
    let file = |path: &str, into| Operation::Open { dir: 0, path: path.into(), how: how("read write create"), into };
    vec![
        directory("a"),
        directory("a/b"),
        directory("a/b/c"),
        file("f", 0),
        Operation::WriteAt { file: 0, offset: 0, length: 5, byte: b'f' },
        file("a/f", 1),
        Operation::Open { dir: 0, path: "a".into(), how: how("read directory"), into: 0 },
        Operation::Open { dir: 0, path: "a/b".into(), how: how("read directory"), into: 1 },
        Operation::Open { dir: 0, path: "a/b/c".into(), how: how("read directory"), into: 2 },
        Operation::Link { dir: 0, path: "f".into(), follow: Follow::No, new_dir: 0, new_path: "a/b/g".into() },
        link("to_a", "a"),
        link("to_f", "f"),
        link("to_f_slash", "f/"),
        link("a/up", ".."),
        link("a/over", "../../outside"),
        link("a/evil", "over/"),
        link("dangling", "nothing"),
        link("dangling_far", "a/b/nothing/"),
        link("loop", "loop"),
        link("around", "a/../a/up/to_a/b/../f"),
        Operation::PlantLink { name: "absolute", text: "/" },
        Operation::PlantLink { name: "absolute_in_b", text: "/etc/passwd" },
        Operation::PlantRawName,
    ]
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![180 => on_names(), 60 => attributes(), 50 => readings(), 120 => files(), 1 => syncs()]
}

/// Seldom: a disk takes longer for one than for all else.
fn syncs() -> impl Strategy<Value = Operation> {
    prop_oneof![
        dir().prop_map(|dir| Operation::SyncDirectory { dir }),
        (0..FILES, any::<bool>()).prop_map(|(file, data_only)| Operation::SyncFile { file, data_only }),
    ]
}

fn on_names() -> impl Strategy<Value = Operation> {
    let two = || (dir(), path(), dir(), path());
    prop_oneof![
        8 => (dir(), path(), open_how(), 0..FILES).prop_map(|(dir, path, how, into)| Operation::Open { dir, path, how, into }),
        3 => (dir(), path()).prop_map(|(dir, path)| Operation::CreateDirectory { dir, path }),
        4 => (dir(), path()).prop_map(|(dir, path)| Operation::RemoveDirectory { dir, path }),
        4 => (dir(), path()).prop_map(|(dir, path)| Operation::UnlinkFile { dir, path }),
        3 => (dir(), target(), path()).prop_map(|(dir, target, path)| Operation::Symlink { dir, target, path }),
        2 => (dir(), path()).prop_map(|(dir, path)| Operation::ReadLink { dir, path }),
        3 => (two(), follow()).prop_map(|((dir, path, new_dir, new_path), follow)| {
            Operation::Link { dir, path, follow, new_dir, new_path }
        }),
        8 => two().prop_map(|(dir, path, new_dir, new_path)| Operation::Rename { dir, path, new_dir, new_path }),
    ]
}

fn attributes() -> impl Strategy<Value = Operation> {
    let times = || (time(), time());
    prop_oneof![
        4 => (dir(), path(), follow()).prop_map(|(dir, path, follow)| Operation::Stat { dir, path, follow }),
        2 => dir().prop_map(|dir| Operation::Metadata { dir }),
        3 => (dir(), path(), follow(), times()).prop_map(|(dir, path, follow, (accessed, modified))| {
            Operation::SetTimes { dir, path, follow, accessed, modified }
        }),
        1 => (dir(), times()).prop_map(|(dir, (accessed, modified))| Operation::SetOwnTimes { dir, accessed, modified }),
        1 => dir().prop_map(|dir| Operation::CloseDirectory { dir }),
    ]
}

fn readings() -> impl Strategy<Value = Operation> {
    prop_oneof![
        (dir(), 0..READINGS).prop_map(|(dir, into)| Operation::ReadEntries { dir, into }),
        (0..READINGS).prop_map(|reading| Operation::NextEntry { reading }),
        (0..READINGS).prop_map(|reading| Operation::RestOfEntries { reading }),
    ]
}

fn files() -> impl Strategy<Value = Operation> {
    let file = || 0..FILES;
    let advice = select(vec![
        Advice::Normal,
        Advice::Sequential,
        Advice::Random,
        Advice::WillNeed,
        Advice::DontNeed,
        Advice::NoReuse,
    ]);
    prop_oneof![
        4 => (file(), offset(), length()).prop_map(|(file, offset, length)| Operation::ReadAt { file, offset, length }),
        5 => (file(), offset(), length(), any::<u8>())
            .prop_map(|(file, offset, length, byte)| Operation::WriteAt { file, offset, length, byte }),
        3 => (file(), length(), any::<u8>()).prop_map(|(file, length, byte)| Operation::Append { file, length, byte }),
        2 => file().prop_map(|file| Operation::StatFile { file }),
        3 => (file(), offset()).prop_map(|(file, size)| Operation::SetSize { file, size }),
        2 => (file(), time(), time())
            .prop_map(|(file, accessed, modified)| Operation::SetFileTimes { file, accessed, modified }),
        1 => (file(), offset(), offset(), advice)
            .prop_map(|(file, offset, length, advice)| Operation::Advise { file, offset, length, advice }),
        2 => file().prop_map(|file| Operation::CloseFile { file }),
    ]
}

fn dir() -> impl Strategy<Value = usize> {
    prop_oneof![3 => Just(0), 2 => 1..DIRECTORIES]
}

fn follow() -> impl Strategy<Value = Follow> {
    select(vec![Follow::No, Follow::Yes])
}

fn time() -> impl Strategy<Value = Time> {
    prop_oneof![4 => Just(Time::Keep), 4 => Just(Time::Now), 8 => (0..3_usize).prop_map(Time::Mark), 1 => Just(Time::Wrong)]
}

fn length() -> impl Strategy<Value = usize> {
    prop_oneof![6 => 0..20_usize, 2 => 0..5_000_usize, 1 => select(vec![4_096, 65_536])]
}

/// Small, about a page, beyond what may be: no file that takes space for nothing, none that some systems only could have.
fn offset() -> impl Strategy<Value = u64> {
    let edge = i64::MAX as u64;
    prop_oneof![8 => 0..20_u64, 2 => 0..10_000_u64, 1 => select(vec![70_000, 1 << 20]), 1 => select(vec![edge + 1, u64::MAX])]
}

fn open_how() -> impl Strategy<Value = How> {
    let usual = [
        "read",
        "read write create",
        "",
        "read directory",
        "write",
        "read write",
        "read nofollow",
        "nofollow",
        "write create exclusive",
        "read write truncate",
        "read write create truncate",
        "read create nofollow",
        "write create nofollow",
        "directory nofollow",
    ];
    let flag = |word: &'static str| select(vec!["", word]);
    let any = (
        (flag("read"), flag("write"), flag("nofollow"), flag("create"), flag("exclusive")),
        (flag("truncate"), flag("directory")),
    );
    prop_oneof![
        3 => select(usual.to_vec()).prop_map(how),
        1 => any.prop_map(|((a, b, c, d, e), (f, g))| how(&[a, b, c, d, e, f, g].join(" "))),
    ]
}

fn name() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        20 => select(vec!["a", "b", "c", "f", "g"]),
        6 => select(vec!["to_a", "to_f", "up", "to_f_slash", "over", "evil", "dangling", "dangling_far", "loop", "around"]),
        5 => select(vec!["..", ".", ""]),
        1 => select(vec!["absolute", "absolute_in_b", "ä", "a b", "a\\b", "CON", "A", ".. ", "...", "\u{1}"]),
    ]
}

/// The paths of the traps, as seen from the root or from one of the directories that the traps open.
const THERE: [&str; 16] = [
    "a", "f", "a/b", "a/b/c", "a/f", "b", "c", "g", "a/b/g", "b/c", "to_a", "to_f", "a/up", "dangling", "a/over",
    "to_a/b",
];

/// Of a few names, or hostile.
pub(crate) fn path() -> impl Strategy<Value = Text> {
    let plain = || vec(name(), 1..4).prop_map(|names| names.join("/"));
    prop_oneof![
        40 => select(THERE.to_vec()).prop_map(Text::from),
        12 => select(vec!["a", "b", "c", "f", "g"]).prop_map(Text::from),
        16 => plain().prop_map(Text::from),
        6 => (select(THERE.to_vec()), end()).prop_map(|(path, end)| Text::from(path.to_owned() + end)),
        2 => (plain(), end()).prop_map(|(path, end)| Text::from(path + end)),
        1 => hostile(),
    ]
}

fn end() -> impl Strategy<Value = &'static str> {
    select(vec!["/", "//", "/.", "/..", "/./"])
}

fn hostile() -> impl Strategy<Value = Text> {
    prop_oneof![
        select(vec![
            "",
            "/",
            "/a",
            "//",
            "a\0b",
            "\0",
            "../outside/secret",
            "a/../../root/f",
            "..",
            ".",
            "f/..",
            "f/."
        ])
        .prop_map(Text::from),
        select(vec![
            Text::long("n", 255, ""),
            Text::long("n", 256, ""),
            Text::long("n", 256, "/.."),
            Text::long("./", 2_047, "f"),
            Text::long("./", 2_047, "ff"),
            Text::long("a/", 2_048, ""),
            Text::long("ä", 128, ""),
        ]),
    ]
}

/// The text of a link: a path, or one that leads out, or nowhere.
pub(crate) fn target() -> impl Strategy<Value = Text> {
    prop_oneof![
        6 => path(),
        1 => select(vec!["../a", "../f", "../../outside", "../outside/secret", "..", "to_a/..", "a/b/../../f"]).prop_map(Text::from),
    ]
}
