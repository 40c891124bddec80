//! Rights on a tree that the host has and a guest lacks: names and link texts of any bytes, absolute texts, parents made on
//! the way, files replaced.
//!
//! A path here is `/`-separated bytes from the tree's root. Empty components and `.` are skipped; `..` is refused, and no
//! symbolic link is ever followed: an archive that plants one and then writes through it is refused too.

use std::ops::Bound;

use callgate_system::path::{NAME_MAX, PATH_MAX};
use callgate_system::{Code, Error, File as _, NewTimestamp, Result, Stat, Timestamp};

use super::content::Content;
use super::file::MemoryFile;
use super::nodes::{Inode, Kind, Nodes, ROOT};
use super::{Handle, Tree};

/// The kind of entry that [`Tree::put`] makes.
pub(crate) enum Raw<'a> {
    Directory,
    Symlink(&'a [u8]),
    /// Another name of the file at this path.
    Link(&'a [u8]),
}

impl Tree {
    /// Makes a directory, and those above it; one that is there stays.
    ///
    /// # Errors
    /// `Invalid` for `..` or a NUL byte in `path`, `NameTooLong`, `NotDirectory` (something else is there, or on the way),
    /// `Quota`.
    pub fn add_directory(&self, path: &[u8]) -> Result<()> {
        self.put(path, Raw::Directory, None).map(drop)
    }

    /// Makes a file with this content in place of whatever file or link is there, and the directories above it.
    ///
    /// # Errors
    /// As [`Tree::add_directory`]; `IsDirectory` where one is there.
    pub fn add_file(&self, path: &[u8], content: &[u8]) -> Result<()> {
        let (file, mut written) = (self.put_file(path)?, 0);
        while let Some(rest) = content.get(written..).filter(|rest| !rest.is_empty()) {
            written += file.append(rest)?;
        }
        Ok(())
    }

    /// Makes a symbolic link with any text in place of whatever file or link is there, and the directories above it.
    ///
    /// # Errors
    /// As [`Tree::add_file`]; `Invalid` for an empty text or one with a NUL byte, `NameTooLong` for 4096 bytes or more.
    pub fn add_symlink(&self, path: &[u8], text: &[u8]) -> Result<()> {
        self.put(path, Raw::Symlink(text), None).map(drop)
    }

    /// Makes an empty file, open to write.
    pub(crate) fn put_file(&self, path: &[u8]) -> Result<MemoryFile> {
        let now = self.shared.now();
        let mut nodes = self.shared.nodes();
        let (dir, name) = nodes.room(path, now)?;
        let inode = nodes.create(dir, name, Kind::File(Content::default()), now)?;
        let handle = Handle::hold(&self.shared, &mut nodes, inode)?;
        drop(nodes);
        Ok(MemoryFile::new(handle, true, true))
    }

    /// Makes anything else, with this time of modification.
    pub(crate) fn put(&self, path: &[u8], what: Raw<'_>, modified: Option<Timestamp>) -> Result<Inode> {
        let now = self.shared.now();
        let mut nodes = self.shared.nodes();
        let inode = match what {
            Raw::Directory => nodes.directories(&components(path)?, now)?,
            Raw::Symlink(text) => {
                check_text(text)?;
                let (dir, name) = nodes.room(path, now)?;
                nodes.create(dir, name, Kind::Symlink(text.into()), now)?
            }
            Raw::Link(target) => return nodes.put_link(path, target, now),
        };
        let time = modified.map_or(NewTimestamp::NoChange, NewTimestamp::At);
        nodes.node_mut(inode)?.set_times(time, time, now);
        Ok(inode)
    }

    /// Sets both times of a directory once everything is in it.
    pub(crate) fn set_modified(&self, inode: Inode, modified: Timestamp) -> Result<()> {
        let now = self.shared.now();
        let time = NewTimestamp::At(modified);
        self.shared.nodes().node_mut(inode)?.set_times(time, time, now);
        Ok(())
    }

    /// Calls `visit` with every file but the root, a directory before what is in it, names in the order of their bytes. The
    /// tree is locked meanwhile. No recursion: a guest says how deep this goes.
    pub(crate) fn visit<E: From<Error>>(&self, mut visit: impl FnMut(Visited<'_>) -> Result<(), E>) -> Result<(), E> {
        let nodes = self.shared.nodes();
        let mut path = Vec::new();
        // The directories that lead to the present one: each with the length of its path and the name gone last.
        let mut way: Vec<(Inode, usize, Option<&[u8]>)> = vec![(ROOT, 0, None)];
        while let Some((dir, length, last)) = way.last_mut() {
            path.truncate(*length);
            let behind = last.map_or(Bound::Unbounded, Bound::Excluded);
            let Some((name, &inode)) = nodes.folder(*dir)?.range::<[u8], _>((behind, Bound::Unbounded)).next() else {
                way.pop();
                continue;
            };
            *last = Some(name);
            if !path.is_empty() {
                path.push(b'/');
            }
            path.extend_from_slice(name);
            visit(Visited { nodes: &nodes, inode, path: &path })?;
            if nodes.is_directory(inode)? {
                way.push((inode, path.len(), None));
            }
        }
        Ok(())
    }
}

/// A file on the way through a tree.
pub(crate) struct Visited<'a> {
    nodes: &'a Nodes,
    pub(crate) inode: Inode,
    pub(crate) path: &'a [u8],
}

impl Visited<'_> {
    pub(crate) fn stat(&self) -> Result<Stat> {
        self.nodes.stat(self.inode)
    }

    /// The text of a symbolic link.
    pub(crate) fn text(&self) -> Option<&[u8]> {
        match &self.nodes.node(self.inode).ok()?.kind {
            Kind::Symlink(text) => Some(text),
            _ => None,
        }
    }

    /// Reads a file at `offset` into the spare capacity of `buffer`; 0 at its end.
    pub(crate) fn read(&self, buffer: &mut Vec<u8>, offset: u64) -> usize {
        match self.nodes.node(self.inode).map(|node| &node.kind) {
            Ok(Kind::File(content)) => content.read(buffer, offset),
            _ => 0,
        }
    }
}

impl Nodes {
    /// The directory and the name of a file to be made; what was there is gone.
    fn room<'p>(&mut self, path: &'p [u8], now: Timestamp) -> Result<(Inode, &'p [u8])> {
        let names = components(path)?;
        let (name, above) = names.split_last().ok_or(Code::IsDirectory)?;
        let dir = self.directories(above, now)?;
        if let Some(old) = self.lookup(dir, name)? {
            if self.is_directory(old)? {
                return Err(Code::IsDirectory.into());
            }
            self.unlink(dir, name, now)?;
        }
        Ok((dir, name))
    }

    /// The directory that these names lead to; those that are missing are made.
    fn directories(&mut self, names: &[&[u8]], now: Timestamp) -> Result<Inode> {
        let mut at = ROOT;
        for name in names {
            at = match self.lookup(at, name)? {
                Some(inode) if self.is_directory(inode)? => inode,
                Some(_) => return Err(Code::NotDirectory.into()),
                None => self.create(at, name, Kind::directory(at), now)?,
            };
        }
        Ok(at)
    }

    fn put_link(&mut self, path: &[u8], target: &[u8], now: Timestamp) -> Result<Inode> {
        let inode = self.plain(target)?;
        if self.is_directory(inode)? {
            return Err(Code::NotPermitted.into());
        }
        // In its own place it would go first.
        if !self.plain(path).is_ok_and(|there| there == inode) {
            let (dir, name) = self.room(path, now)?;
            self.link(inode, dir, name, now)?;
        }
        Ok(inode)
    }

    /// The file at a path, no link followed.
    fn plain(&self, path: &[u8]) -> Result<Inode> {
        components(path)?.into_iter().try_fold(ROOT, |at, name| self.find(at, name))
    }
}

fn components(path: &[u8]) -> Result<Vec<&[u8]>> {
    let names = path.split(|&byte| byte == b'/').filter(|name| !name.is_empty() && *name != b".");
    let check = |name: &[u8]| match name {
        b".." => Err(Code::Invalid),
        _ if name.contains(&0) => Err(Code::Invalid),
        _ if name.len() > NAME_MAX || path.len() >= PATH_MAX => Err(Code::NameTooLong),
        _ => Ok(()),
    };
    names.map(|name| check(name).map(|()| name).map_err(Error::from)).collect()
}

fn check_text(text: &[u8]) -> Result<()> {
    match text {
        _ if text.is_empty() || text.contains(&0) => Err(Code::Invalid.into()),
        _ if text.len() >= PATH_MAX => Err(Code::NameTooLong.into()),
        _ => Ok(()),
    }
}
