//! One backend at work on a sequence: its root, and the handles that are open.
//!
//! An empty place stands for the next one that is not, so that most calls have a handle to work on.
//!
//! Hazards: a place holds whatever an open put there, on every backend the same; where one backend has no handle and another has,
//! the open has differed already. A panic of a backend is an outcome like any other, and a broken promise.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use callgate_conformance::Ground;
use callgate_system::{Code, Directory, File, Identity, Opened, Result};

use super::operation::{Operation, Text};
use super::outcome::{Outcome, Seen, Told};
use super::reading::Reading;

/// Places for directories; the first is the root.
pub(crate) const DIRECTORIES: usize = 4;
/// Places for files.
pub(crate) const FILES: usize = 4;
/// Places for readings of directories.
pub(crate) const READINGS: usize = 2;

/// The largest file whose content is looked at.
const LOOKED_AT: usize = 1 << 18;

/// A backend's root and the handles below it.
pub(crate) struct World {
    pub(crate) ground: Box<dyn Ground>,
    pub(crate) directories: [Option<Arc<dyn Directory>>; DIRECTORIES],
    pub(crate) files: [Option<Arc<dyn File>>; FILES],
    readings: [Option<Reading>; READINGS],
}

impl World {
    pub(crate) fn new(ground: Box<dyn Ground>) -> Self {
        let root = ground.root();
        Self {
            ground,
            directories: [Some(root), None, None, None],
            files: Default::default(),
            readings: Default::default(),
        }
    }

    /// Does it.
    pub(crate) fn run(&mut self, operation: &Operation) -> Outcome {
        for reading in self.readings.iter_mut().flatten() {
            operation.paths().into_iter().for_each(|path| reading.touch(path));
        }
        let done = catch_unwind(AssertUnwindSafe(|| self.call(operation)));
        match done {
            Ok(Ok(told)) => Ok(told),
            Ok(Err(NotDone::Failed(code))) => Err(code),
            Ok(Err(NotDone::NoHandle)) => Ok(Told::NoHandle),
            Err(panic) => Ok(Told::Broken(format!("panicked: {}", crate::panicked(&*panic)))),
        }
    }

    fn call(&mut self, operation: &Operation) -> Done {
        match operation {
            Operation::Open { dir, path, how, into } => {
                let opened = self.dir(*dir)?.open(path.as_str(), how.0)?;
                Ok(self.keep(opened, *into))
            }
            Operation::ReadEntries { dir, into } => {
                self.readings[*into % READINGS] = None;
                self.readings[*into % READINGS] = Some(Reading::begin(self.dir(*dir)?)?);
                Ok(Told::Done)
            }
            Operation::NextEntry { reading } => self.reading(*reading)?.step().map_err(NotDone::from),
            Operation::RestOfEntries { reading } => {
                let reading = held(&self.readings, *reading).and_then(|place| self.readings[place].take());
                Ok(reading.ok_or(NotDone::NoHandle)?.finish()?)
            }
            // The root stays.
            Operation::CloseDirectory { dir: 0 } => Ok(Told::Done),
            Operation::CloseDirectory { dir } => {
                self.directories[*dir % DIRECTORIES].take().map(|_| Told::Done).ok_or(NotDone::NoHandle)
            }
            Operation::CloseFile { file } => {
                let closed = held(&self.files, *file).and_then(|place| self.files[place].take());
                closed.map(|_| Told::Done).ok_or(NotDone::NoHandle)
            }
            Operation::PlantLink { name, text } => self.planted(self.ground.make_symlink(text.as_bytes(), name)),
            Operation::PlantRawName => self.planted(self.ground.make_file(RAW_NAME, b"raw")),
            _ => self.call_on_file(operation).unwrap_or_else(|| self.call_on_names(operation)),
        }
    }

    fn call_on_names(&self, operation: &Operation) -> Done {
        match operation {
            Operation::Stat { dir, path, follow } => {
                let stat = self.dir(*dir)?.stat(path.as_str(), *follow)?;
                Ok(Told::Stat(Seen::of(&stat, self.same_as(stat.identity))))
            }
            Operation::Metadata { dir } => {
                let stat = self.dir(*dir)?.metadata()?;
                Ok(Told::Stat(Seen::of(&stat, self.same_as(stat.identity))))
            }
            Operation::CreateDirectory { dir, path } => done(self.dir(*dir)?.create_directory(path.as_str())),
            Operation::RemoveDirectory { dir, path } => done(self.dir(*dir)?.remove_directory(path.as_str())),
            Operation::UnlinkFile { dir, path } => done(self.dir(*dir)?.unlink_file(path.as_str())),
            Operation::Symlink { dir, target, path } => done(self.dir(*dir)?.symlink(target.as_str(), path.as_str())),
            Operation::ReadLink { dir, path } => Ok(Told::Text(self.dir(*dir)?.read_link(path.as_str())?)),
            Operation::Link { dir, path, follow, new_dir, new_path } => {
                let (dir, new_dir) = (self.dir(*dir)?, self.dir(*new_dir)?);
                done(dir.link(path.as_str(), *follow, &**new_dir, new_path.as_str()))
            }
            Operation::Rename { dir, path, new_dir, new_path } => {
                let (dir, new_dir) = (self.dir(*dir)?, self.dir(*new_dir)?);
                done(dir.rename(path.as_str(), &**new_dir, new_path.as_str()))
            }
            Operation::SetTimes { dir, path, follow, accessed, modified } => {
                let (accessed, modified) = (accessed.new_timestamp(), modified.new_timestamp());
                done(self.dir(*dir)?.set_times(path.as_str(), *follow, accessed, modified))
            }
            Operation::SetOwnTimes { dir, accessed, modified } => {
                done(self.dir(*dir)?.set_own_times(accessed.new_timestamp(), modified.new_timestamp()))
            }
            Operation::SyncDirectory { dir } => done(self.dir(*dir)?.sync()),
            _ => Ok(Told::Broken("an operation that nobody does".to_owned())),
        }
    }

    /// `None` where the operation is not one on a file.
    fn call_on_file(&self, operation: &Operation) -> Option<Done> {
        let on = |file: usize, call: &dyn Fn(&dyn File) -> Result<Told>| match held(&self.files, file) {
            Some(place) => self.files[place].as_deref().map_or(Err(NotDone::NoHandle), |file| Ok(call(file)?)),
            None => Err(NotDone::NoHandle),
        };
        Some(match *operation {
            Operation::ReadAt { file, offset, length } => on(file, &|file| read(file, offset, length).map(Told::Bytes)),
            Operation::WriteAt { file, offset, length, byte } => on(file, &|file| {
                write(length, byte, |bytes, written| file.write_at(bytes, offset.saturating_add(written as u64)))
            }),
            Operation::Append { file, length, byte } => {
                on(file, &|file| write(length, byte, |bytes, _| file.append(bytes)))
            }
            Operation::StatFile { file } => on(file, &|file| {
                let stat = file.stat()?;
                Ok(Told::Stat(Seen::of(&stat, self.same_as(stat.identity))))
            }),
            Operation::SetSize { file, size } => on(file, &|file| file.set_size(size).map(|()| Told::Done)),
            Operation::SetFileTimes { file, accessed, modified } => on(file, &|file| {
                file.set_times(accessed.new_timestamp(), modified.new_timestamp()).map(|()| Told::Done)
            }),
            Operation::SyncFile { file, data_only } => {
                on(file, &|file| if data_only { file.sync_data() } else { file.sync() }.map(|()| Told::Done))
            }
            Operation::Advise { file, offset, length, advice } => {
                on(file, &|file| file.advise(offset, length, advice).map(|()| Told::Done))
            }
            _ => return None,
        })
    }

    fn dir(&self, number: usize) -> std::result::Result<&Arc<dyn Directory>, NotDone> {
        let place = held(&self.directories, number).ok_or(NotDone::NoHandle)?;
        self.directories[place].as_ref().ok_or(NotDone::NoHandle)
    }

    fn reading(&mut self, number: usize) -> std::result::Result<&mut Reading, NotDone> {
        let place = held(&self.readings, number).ok_or(NotDone::NoHandle)?;
        self.readings[place].as_mut().ok_or(NotDone::NoHandle)
    }

    fn keep(&mut self, opened: Opened, into: usize) -> Told {
        let directory = matches!(opened, Opened::Directory(_));
        match opened {
            Opened::File(file) => self.files[into % FILES] = Some(file),
            // The root stays.
            Opened::Directory(directory) => self.directories[1 + into % (DIRECTORIES - 1)] = Some(directory),
        }
        Told::Opened { directory }
    }

    fn planted(&self, planted: bool) -> Done {
        if planted { Ok(Told::Done) } else { Err(NotDone::Failed(Code::Exist)) }
    }

    /// The handles that are `identity`.
    fn same_as(&self, identity: Identity) -> Vec<String> {
        let directories = self.directories.iter().enumerate().filter_map(|(number, directory)| {
            let stat = directory.as_ref()?.metadata().ok()?;
            (stat.identity == identity).then(|| format!("directory {number}"))
        });
        let files = self.files.iter().enumerate().filter_map(|(number, file)| {
            let stat = file.as_ref()?.stat().ok()?;
            (stat.identity == identity).then(|| format!("file {number}"))
        });
        directories.chain(files).collect()
    }
}

/// The place that `number` stands for.
fn held<T>(places: &[Option<T>], number: usize) -> Option<usize> {
    (number..number + places.len()).map(|place| place % places.len()).find(|&place| places[place].is_some())
}

/// Latin-1.
const RAW_NAME: &[u8] = b"caf\xe9";

type Done = std::result::Result<Told, NotDone>;

enum NotDone {
    Failed(Code),
    NoHandle,
}

impl From<callgate_system::Error> for NotDone {
    fn from(error: callgate_system::Error) -> Self {
        Self::Failed(error.code)
    }
}

fn done(result: Result<()>) -> Done {
    Ok(result.map(|()| Told::Done)?)
}

/// Reads up to `length` bytes, in as many calls as it takes: a short read is no error.
pub(crate) fn read(file: &dyn File, offset: u64, length: usize) -> Result<Vec<u8>> {
    let mut all = Vec::with_capacity(length.min(LOOKED_AT));
    while all.len() < all.capacity() {
        let before = all.len();
        let count = file.read_at(&mut all, offset.saturating_add(before as u64))?;
        if count == 0 || all.len() != before + count {
            break;
        }
    }
    all.truncate(length);
    Ok(all)
}

/// Writes so many bytes, in as many calls as it takes.
fn write(length: usize, byte: u8, call: impl Fn(&[u8], usize) -> Result<usize>) -> Result<Told> {
    let bytes: Vec<u8> = (0..length).map(|place| byte.wrapping_add((place % 251) as u8)).collect();
    let mut written = 0;
    loop {
        let count = call(&bytes[written..], written)?;
        written += count;
        if written >= length {
            return Ok(Told::Count(written));
        }
        if count == 0 {
            return Ok(Told::Broken("wrote nothing, and no error".to_owned()));
        }
    }
}

impl Text {
    /// The plain name that a path ends in.
    pub(crate) fn last_name(path: &str) -> &str {
        path.trim_end_matches('/').rsplit('/').next().unwrap_or_default()
    }
}
