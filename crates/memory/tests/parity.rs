//! A tree in memory answers as Linux does: the same calls, drawn by chance, on both. The behaviour suite says what must hold;
//! this finds where two backends that both keep to it still differ, such as in which of two errors comes first.

#![cfg(target_os = "linux")]

use std::fmt::Debug;
use std::sync::Arc;

use callgate_linux::Linux;
use callgate_memory::Memory;
use callgate_system::{
    Directory, Entries, File, FileType, Follow, NewTimestamp, OpenHow, Opened, Result, Stat, System as _,
};
use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};

/// The number of trees, and of calls on each.
const TREES: u64 = 100;
const CALLS: usize = 400;

/// The most directories, and the most files, that stay open.
const HANDLES: usize = 8;

struct Chance(ChaCha12Rng);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0.next_u32() as usize % bound
    }

    fn flag(&mut self, one_in: usize) -> bool {
        self.below(one_in) == 0
    }

    fn one_of(&mut self, words: &[&str]) -> String {
        words[self.below(words.len())].to_owned()
    }

    /// Few names, so that many calls meet.
    fn path(&mut self) -> String {
        let names = (0..=self.below(4)).map(|_| self.one_of(&["a", "b", "c", "d", ".", ".."]));
        let path = names.collect::<Vec<_>>().join("/");
        if self.flag(5) { path + "/" } else { path }
    }

    fn follow(&mut self) -> Follow {
        if self.flag(2) { Follow::Yes } else { Follow::No }
    }

    fn how(&mut self) -> OpenHow {
        OpenHow {
            read: self.flag(2),
            write: self.flag(2),
            follow: self.follow(),
            create: self.flag(2),
            exclusive: self.flag(4),
            truncate: self.flag(4),
            directory: self.flag(4),
            sync: false,
            sync_data: false,
        }
    }
}

/// One call, on handles by number.
#[derive(Debug)]
enum Call {
    CreateDirectory(usize, String),
    RemoveDirectory(usize, String),
    UnlinkFile(usize, String),
    Symlink(String, usize, String),
    ReadLink(usize, String),
    Link(usize, String, Follow, usize, String),
    Rename(usize, String, usize, String),
    Stat(usize, String, Follow),
    SetTimes(usize, String, Follow),
    StatFile(usize),
    Open(usize, String, OpenHow),
}

impl Call {
    fn draw(chance: &mut Chance, handles: &Handles) -> Self {
        let (at, to) = (chance.below(handles.directories.len()), chance.below(handles.directories.len()));
        let path = chance.path();
        match chance.below(13) {
            0 | 1 => Self::CreateDirectory(at, path),
            2 => Self::RemoveDirectory(at, path),
            3 => Self::UnlinkFile(at, path),
            4 => {
                let text = chance.one_of(&["a", "b/c", "../a", "..", "a/", "d/../b", "no", "../../x", "b/d"]);
                Self::Symlink(text, at, path)
            }
            5 => Self::ReadLink(at, path),
            6 => Self::Link(at, path, chance.follow(), to, chance.path()),
            7 | 8 => Self::Rename(at, path, to, chance.path()),
            9 => Self::Stat(at, path, chance.follow()),
            10 => Self::SetTimes(at, path, chance.follow()),
            11 if !handles.files.is_empty() => Self::StatFile(chance.below(handles.files.len())),
            _ => Self::Open(at, path, chance.how()),
        }
    }
}

/// The handles that are open on one side.
struct Handles {
    directories: Vec<Arc<dyn Directory>>,
    files: Vec<Arc<dyn File>>,
}

impl Handles {
    fn new(root: Arc<dyn Directory>) -> Self {
        Self { directories: vec![root], files: Vec::new() }
    }

    /// The answer of the call, and those of a file that it opened.
    fn answer(&mut self, call: &Call) -> String {
        let directories = &self.directories;
        match call {
            Call::CreateDirectory(at, path) => told(directories[*at].create_directory(path)),
            Call::RemoveDirectory(at, path) => told(directories[*at].remove_directory(path)),
            Call::UnlinkFile(at, path) => told(directories[*at].unlink_file(path)),
            Call::Symlink(text, at, path) => told(directories[*at].symlink(text, path)),
            Call::ReadLink(at, path) => told(directories[*at].read_link(path)),
            Call::Link(at, path, follow, to, new) => {
                told(directories[*at].link(path, *follow, &*directories[*to], new))
            }
            Call::Rename(at, path, to, new) => told(directories[*at].rename(path, &*directories[*to], new)),
            Call::Stat(at, path, follow) => told(directories[*at].stat(path, *follow).map(comparable)),
            Call::SetTimes(at, path, follow) => {
                told(directories[*at].set_times(path, *follow, NewTimestamp::Now, NewTimestamp::NoChange))
            }
            Call::StatFile(at) => told(self.files[*at].stat().map(comparable)),
            Call::Open(at, path, how) => match directories[*at].open(path, *how) {
                Err(error) => error.code.name().to_owned(),
                Ok(Opened::Directory(directory)) => {
                    self.directories.push(directory);
                    self.directories.truncate(HANDLES);
                    "a directory".to_owned()
                }
                Ok(Opened::File(file)) => {
                    let answers = used(&*file);
                    self.files.push(file);
                    self.files.truncate(HANDLES);
                    answers
                }
            },
        }
    }

    /// Every entry of every open directory.
    fn entries(&self) -> Vec<Vec<String>> {
        let listed = |directory: &Arc<dyn Directory>| match directory.read_entries() {
            Err(error) => vec![error.code.name().to_owned()],
            Ok(entries) => sorted(entries),
        };
        self.directories.iter().map(listed).collect()
    }
}

fn told<T: Debug>(result: Result<T>) -> String {
    match result {
        Ok(value) => format!("{value:?}"),
        Err(error) => error.code.name().to_owned(),
    }
}

/// The attributes that two systems must agree on. Each has its own size for a directory.
fn comparable(stat: Stat) -> (FileType, u64, u64) {
    (stat.kind, stat.links, if stat.kind == FileType::Directory { 0 } else { stat.size })
}

/// Writes, appends, cuts and reads, as far as it may.
fn used(file: &dyn File) -> String {
    let mut content = Vec::with_capacity(256);
    let answers =
        [file.write_at(b"hello", 7), file.append(b"you"), file.set_size(11).map(|()| 0), file.read_at(&mut content, 0)];
    format!("{:?} {content:?}", answers.map(told))
}

fn sorted(mut entries: Box<dyn Entries>) -> Vec<String> {
    let mut names = Vec::new();
    while let Some(entry) = entries.next().expect("names are UTF-8") {
        names.push(format!("{} {:?}", entry.name, entry.kind));
    }
    names.sort_unstable();
    names
}

#[test]
fn memory_answers_as_linux_does() {
    for seed in 0..TREES {
        let place = tempfile::tempdir().expect("a directory");
        let memory = Memory::default();
        memory.tree().add_directory(b"root").expect("a root");
        std::fs::create_dir(place.path().join("root")).expect("a root");
        let linux = Linux::new().open_root(place.path().join("root").as_os_str()).expect("the root opens");
        let mut linux = Handles::new(linux);
        let mut memory = Handles::new(memory.open_root("/root".as_ref()).expect("the root opens"));
        let (mut chance, mut calls) = (Chance(ChaCha12Rng::seed_from_u64(seed)), Vec::new());
        for _ in 0..CALLS {
            calls.push(Call::draw(&mut chance, &linux));
            let call = &calls[calls.len() - 1];
            let (expected, answer) = (linux.answer(call), memory.answer(call));
            let same = expected == answer && linux.entries() == memory.entries();
            assert!(same, "seed {seed}: Linux says {expected}, memory {answer}, after {calls:#?}");
        }
    }
}
