//! The operations of the path table: how each is asked, and what it must have done where it succeeds.

use callgate_system::{Directory, Ending, Follow, OpenHow, Opened, Result, Stat};

use crate::stage::{CREATE, DIRECTORY, EXCLUSIVE, READ, WRITE, names, read_all, write_all};
use crate::tree::{Node, TOUCH, Tree};

/// One column of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    OpenRead,
    OpenWrite,
    OpenCreate,
    OpenExclusive,
    OpenTruncate,
    OpenDirectory,
    OpenNoFollow,
    OpenCreateNoFollow,
    Stat,
    StatNoFollow,
    SetTimes,
    SetTimesNoFollow,
    ReadLink,
    Link,
    LinkNoFollow,
    LinkTo,
    CreateDirectory,
    RemoveDirectory,
    UnlinkFile,
    Symlink,
    RenameFrom,
    RenameFileTo,
    RenameDirectoryTo,
}

use Operation as Op;

/// The columns, left to right: operation, name in reports, group, call.
pub(super) const COLUMNS: &[(Operation, &str, &str, &str)] = &[
    (Op::OpenRead, "open to read", "paths_open", "Directory::open"),
    (Op::OpenWrite, "open to write", "paths_open", "Directory::open"),
    (Op::OpenCreate, "open, create", "paths_open", "Directory::open"),
    (Op::OpenExclusive, "open, create exclusively", "paths_open", "Directory::open"),
    (Op::OpenTruncate, "open, truncate", "paths_open", "Directory::open"),
    (Op::OpenDirectory, "open a directory, list it", "paths_open", "Directory::open"),
    (Op::OpenNoFollow, "open, not following", "paths_open", "Directory::open"),
    (Op::OpenCreateNoFollow, "open, create, not following", "paths_open", "Directory::open"),
    (Op::Stat, "stat", "paths_attributes", "Directory::stat"),
    (Op::StatNoFollow, "stat, not following", "paths_attributes", "Directory::stat"),
    (Op::SetTimes, "set times", "paths_attributes", "Directory::set_times"),
    (Op::SetTimesNoFollow, "set times, not following", "paths_attributes", "Directory::set_times"),
    (Op::ReadLink, "read link", "paths_links", "Directory::read_link"),
    (Op::Link, "link from", "paths_links", "Directory::link"),
    (Op::LinkNoFollow, "link from, not following", "paths_links", "Directory::link"),
    (Op::LinkTo, "link to", "paths_links", "Directory::link"),
    (Op::CreateDirectory, "create directory", "paths_names", "Directory::create_directory"),
    (Op::RemoveDirectory, "remove directory", "paths_names", "Directory::remove_directory"),
    (Op::UnlinkFile, "unlink", "paths_names", "Directory::unlink_file"),
    (Op::Symlink, "symlink", "paths_names", "Directory::symlink"),
    (Op::RenameFrom, "rename from", "paths_names", "Directory::rename"),
    (Op::RenameFileTo, "rename a file to", "paths_names", "Directory::rename"),
    (Op::RenameDirectoryTo, "rename a directory to", "paths_names", "Directory::rename"),
];

/// The result of a successful call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    Nothing,
    Content(Vec<u8>),
    Names(Vec<String>),
    Text(String),
    Attributes(Box<Stat>),
}

impl Operation {
    /// What the call makes of a link at the end of its path.
    pub(super) fn ending(self) -> Ending {
        match self {
            Op::OpenExclusive
            | Op::ReadLink
            | Op::LinkNoFollow
            | Op::LinkTo
            | Op::CreateDirectory
            | Op::RemoveDirectory => Ending::Name,
            Op::UnlinkFile | Op::Symlink | Op::RenameFrom | Op::RenameFileTo | Op::RenameDirectoryTo => Ending::Name,
            Op::OpenNoFollow | Op::OpenCreateNoFollow | Op::StatNoFollow | Op::SetTimesNoFollow => {
                Ending::File(Follow::No)
            }
            _ => Ending::File(Follow::Yes),
        }
    }

    /// Asks for it in `at`. In `root`, `z` is a file and `zd` an empty directory, to be linked and renamed; `new` is a free name.
    pub(super) fn perform(self, at: &dyn Directory, path: &str, root: &dyn Directory) -> Result<Seen> {
        match self {
            Op::OpenRead => open(at, path, READ),
            Op::OpenWrite => open(at, path, WRITE),
            Op::OpenCreate => open(at, path, OpenHow { read: false, ..CREATE }),
            Op::OpenExclusive => open(at, path, OpenHow { read: false, ..EXCLUSIVE }),
            Op::OpenTruncate => open(at, path, OpenHow { truncate: true, ..WRITE }),
            Op::OpenDirectory => open(at, path, DIRECTORY),
            Op::OpenNoFollow => open(at, path, OpenHow { follow: Follow::No, ..READ }),
            Op::OpenCreateNoFollow => open(at, path, OpenHow { follow: Follow::No, read: false, ..CREATE }),
            Op::Stat => at.stat(path, Follow::Yes).map(|stat| Seen::Attributes(Box::new(stat))),
            Op::StatNoFollow => at.stat(path, Follow::No).map(|stat| Seen::Attributes(Box::new(stat))),
            Op::SetTimes => at.set_times(path, Follow::Yes, TOUCH, TOUCH).map(nothing),
            Op::SetTimesNoFollow => at.set_times(path, Follow::No, TOUCH, TOUCH).map(nothing),
            Op::ReadLink => at.read_link(path).map(Seen::Text),
            Op::Link => at.link(path, Follow::Yes, root, "new").map(nothing),
            Op::LinkNoFollow => at.link(path, Follow::No, root, "new").map(nothing),
            Op::LinkTo => root.link("z", Follow::No, at, path).map(nothing),
            Op::CreateDirectory => at.create_directory(path).map(nothing),
            Op::RemoveDirectory => at.remove_directory(path).map(nothing),
            Op::UnlinkFile => at.unlink_file(path).map(nothing),
            Op::Symlink => at.symlink("text", path).map(nothing),
            Op::RenameFrom => at.rename(path, root, "new").map(nothing),
            Op::RenameFileTo => root.rename("z", at, path).map(nothing),
            Op::RenameDirectoryTo => root.rename("zd", at, path).map(nothing),
        }
    }

    /// The result that a success must show. `tree` is changed as a success must change it. `entry` is the plain path of the
    /// last name itself, `target` that of the file that the name leads to.
    pub(super) fn expect(self, tree: &mut Tree, root: &dyn Directory, entry: &str, target: &str) -> Result<Seen> {
        match self {
            Op::OpenRead | Op::OpenNoFollow | Op::OpenDirectory => return Ok(shown(tree, target)),
            Op::OpenWrite | Op::OpenCreate | Op::OpenExclusive | Op::OpenCreateNoFollow => write(tree, target),
            Op::OpenTruncate => truncate(tree, target),
            Op::Stat => return root.stat(target, Follow::No).map(|stat| Seen::Attributes(Box::new(stat))),
            Op::StatNoFollow => return root.stat(entry, Follow::No).map(|stat| Seen::Attributes(Box::new(stat))),
            Op::SetTimes => drop(tree.touched.insert(target.to_owned())),
            Op::SetTimesNoFollow => drop(tree.touched.insert(entry.to_owned())),
            Op::ReadLink => return Ok(shown(tree, entry)),
            Op::Link => tree.link(target, "new"),
            Op::LinkNoFollow => tree.link(entry, "new"),
            Op::LinkTo => tree.link("z", entry),
            Op::CreateDirectory => drop(tree.nodes.insert(entry.to_owned(), Node::Directory)),
            Op::RemoveDirectory | Op::UnlinkFile => drop(tree.nodes.remove(entry)),
            Op::Symlink => drop(tree.nodes.insert(entry.to_owned(), Node::Symlink(Ok("text".to_owned())))),
            Op::RenameFrom => tree.rename(entry, "new"),
            Op::RenameFileTo => tree.rename("z", entry),
            Op::RenameDirectoryTo => tree.rename("zd", entry),
        }
        Ok(Seen::Nothing)
    }
}

fn nothing((): ()) -> Seen {
    Seen::Nothing
}

/// Opens, and uses what it gets: writes where it may, else reads.
fn open(root: &dyn Directory, path: &str, how: OpenHow) -> Result<Seen> {
    match root.open(path, how)? {
        Opened::Directory(directory) => names(&*directory).map(Seen::Names),
        Opened::File(file) if how.read => read_all(&*file).map(Seen::Content),
        Opened::File(_) if how.truncate => Ok(Seen::Nothing),
        Opened::File(file) => write_all(&*file, b"W", 0).map(nothing),
    }
}

fn shown(tree: &Tree, path: &str) -> Seen {
    match tree.nodes.get(path) {
        Some(Node::File { content, .. }) => Seen::Content(content.clone()),
        Some(Node::Directory) => Seen::Names(tree.names(path)),
        Some(Node::Symlink(Ok(text))) => Seen::Text(text.clone()),
        Some(Node::Symlink(Err(_))) | None => Seen::Nothing,
    }
}

fn write(tree: &mut Tree, path: &str) {
    let made = Node::File { content: vec![0], links: 1 };
    if let Node::File { content, .. } = tree.nodes.entry(path.to_owned()).or_insert(made) {
        content[0] = b'W';
    }
}

fn truncate(tree: &mut Tree, path: &str) {
    if let Some(Node::File { content, .. }) = tree.nodes.get_mut(path) {
        content.clear();
    }
}
