//! Every file of a tree, in one table: what they are, what names them, when they are gone.
//!
//! A file is its number here (its inode number), and a directory maps names to numbers, so no file owns another, and a tree
//! of any depth is dropped as one table. A file goes when it has neither a name nor a handle; its number is then given again.
//!
//! Names are bytes, for an image may hold any.

use std::collections::BTreeMap;

use callgate_system::{Code, FileType, Identity, NewTimestamp, Quota, Result, Stat, Timestamp};

use super::content::Content;
use super::quota::Account;

/// The number of a file.
pub(crate) type Inode = usize;

/// The directory that all others are in, and that is never removed.
pub(crate) const ROOT: Inode = 0;

/// One file of any kind.
pub(super) struct Node {
    pub(super) kind: Kind,
    /// Names; of a directory also its own `.` and the `..` of those in it. 0 once it is removed.
    links: u64,
    handles: u64,
    accessed: Timestamp,
    modified: Timestamp,
    changed: Timestamp,
}

/// The kind of a file, with its content.
pub(super) enum Kind {
    File(Content),
    Directory(Folder),
    Symlink(Box<[u8]>),
}

/// The content of a directory.
pub(super) struct Folder {
    entries: BTreeMap<Box<[u8]>, Inode>,
    parent: Inode,
}

/// The table.
pub(super) struct Nodes {
    slots: Vec<Option<Node>>,
    /// Slots that are empty, the one to take first being last.
    free: Vec<Inode>,
    pub(super) account: Account,
    device: u64,
}

impl Kind {
    pub(super) fn directory(parent: Inode) -> Self {
        Self::Directory(Folder { entries: BTreeMap::new(), parent })
    }

    pub(super) fn file_type(&self) -> FileType {
        match self {
            Self::File(_) => FileType::RegularFile,
            Self::Directory(_) => FileType::Directory,
            Self::Symlink(_) => FileType::SymbolicLink,
        }
    }

    pub(super) fn is_directory(&self) -> bool {
        matches!(self, Self::Directory(_))
    }

    /// The bytes that are there, and no holes.
    fn allocated(&self) -> u64 {
        match self {
            Self::File(content) => content.held(),
            _ => self.bytes(),
        }
    }

    /// The bytes that it is charged for, its names not counted.
    fn bytes(&self) -> u64 {
        match self {
            Self::File(content) => content.size(),
            Self::Directory(_) => 0,
            Self::Symlink(text) => text.len() as u64,
        }
    }
}

impl Node {
    fn new(kind: Kind, now: Timestamp) -> Self {
        let links = if kind.is_directory() { 2 } else { 1 };
        Self { kind, links, handles: 0, accessed: now, modified: now, changed: now }
    }

    /// The times of a change of the content.
    pub(super) fn modify(&mut self, now: Timestamp) {
        (self.modified, self.changed) = (now, now);
    }

    /// Sets the times that are told, checked before; `now` is what the wall clock says.
    pub(super) fn set_times(&mut self, accessed: NewTimestamp, modified: NewTimestamp, now: Timestamp) {
        let new = |time, old| match time {
            NewTimestamp::NoChange => old,
            NewTimestamp::Now => now,
            NewTimestamp::At(time) => time,
        };
        if (accessed, modified) != (NewTimestamp::NoChange, NewTimestamp::NoChange) {
            self.changed = now;
        }
        (self.accessed, self.modified) = (new(accessed, self.accessed), new(modified, self.modified));
    }
}

impl Nodes {
    /// An empty root.
    pub(super) fn new(device: u64, quota: Quota, now: Timestamp) -> Self {
        let root = Node { handles: 1, ..Node::new(Kind::directory(ROOT), now) };
        Self { slots: vec![Some(root)], free: Vec::new(), account: Account::new(quota), device }
    }

    /// A file. Whoever has its number holds it, so it is there; were it not, it is none.
    pub(super) fn node(&self, at: Inode) -> Result<&Node> {
        self.slots.get(at).and_then(Option::as_ref).ok_or(Code::NoEntry.into())
    }

    pub(super) fn node_mut(&mut self, at: Inode) -> Result<&mut Node> {
        self.slots.get_mut(at).and_then(Option::as_mut).ok_or(Code::NoEntry.into())
    }

    /// The entries of a directory; none if it is removed.
    pub(super) fn folder(&self, at: Inode) -> Result<&BTreeMap<Box<[u8]>, Inode>> {
        match &self.node(at)?.kind {
            Kind::Directory(folder) => Ok(&folder.entries),
            _ => Err(Code::NotDirectory.into()),
        }
    }

    fn folder_mut(&mut self, at: Inode) -> Result<&mut Folder> {
        match &mut self.node_mut(at)?.kind {
            Kind::Directory(folder) => Ok(folder),
            _ => Err(Code::NotDirectory.into()),
        }
    }

    pub(super) fn lookup(&self, at: Inode, name: &[u8]) -> Result<Option<Inode>> {
        Ok(self.folder(at)?.get(name).copied())
    }

    /// The file that must be there.
    pub(super) fn find(&self, at: Inode, name: &[u8]) -> Result<Inode> {
        self.lookup(at, name)?.ok_or(Code::NoEntry.into())
    }

    pub(super) fn is_directory(&self, at: Inode) -> Result<bool> {
        Ok(self.node(at)?.kind.is_directory())
    }

    /// `NoEntry` where a directory is removed: nothing can be made in it.
    pub(super) fn require_alive(&self, at: Inode) -> Result<()> {
        if self.node(at)?.links == 0 { Err(Code::NoEntry.into()) } else { Ok(()) }
    }

    pub(super) fn stat(&self, at: Inode) -> Result<Stat> {
        let node = self.node(at)?;
        Ok(Stat {
            kind: node.kind.file_type(),
            links: node.links,
            size: node.kind.bytes(),
            allocated: node.kind.allocated(),
            accessed: Some(node.accessed),
            modified: Some(node.modified),
            changed: Some(node.changed),
            identity: Identity { device: self.device, file: at as u128 + 1 },
        })
    }

    /// Makes a file under a name that is free.
    pub(super) fn create(&mut self, at: Inode, name: &[u8], kind: Kind, now: Timestamp) -> Result<Inode> {
        self.require_alive(at)?;
        self.account.take(name.len() as u64 + kind.bytes(), 1)?;
        let is_directory = kind.is_directory();
        let node = Some(Node::new(kind, now));
        let inode = match self.free.pop() {
            Some(inode) => {
                if let Some(slot) = self.slots.get_mut(inode) {
                    *slot = node;
                }
                inode
            }
            None => {
                self.slots.push(node);
                self.slots.len() - 1
            }
        };
        self.attach(at, name, inode, now)?;
        self.node_mut(at)?.links += u64::from(is_directory);
        Ok(inode)
    }

    /// Gives a file that is no directory another name, which is free.
    pub(super) fn link(&mut self, inode: Inode, at: Inode, name: &[u8], now: Timestamp) -> Result<()> {
        self.require_alive(at)?;
        self.account.take(name.len() as u64, 1)?;
        let node = self.node_mut(inode)?;
        node.links += 1;
        node.changed = now;
        self.attach(at, name, inode, now)
    }

    /// Takes a name away, of a directory only where it is empty; the file with its last one, unless somebody holds it.
    pub(super) fn unlink(&mut self, at: Inode, name: &[u8], now: Timestamp) -> Result<()> {
        let inode = self.find(at, name)?;
        let is_directory = self.is_directory(inode)?;
        if is_directory && !self.folder(inode)?.is_empty() {
            return Err(Code::NotEmpty.into());
        }
        self.detach(at, name, now)?;
        self.account.give(name.len() as u64, 1);
        self.node_mut(at)?.links -= u64::from(is_directory);
        let node = self.node_mut(inode)?;
        node.links = if is_directory { 0 } else { node.links.saturating_sub(1) };
        node.changed = now;
        match (node.links, node.handles) {
            (0, 0) => self.free(inode),
            // The entry stays taken until the last handle goes.
            (0, _) => drop(self.account.take(0, 1)),
            _ => {}
        }
        Ok(())
    }

    /// Moves a name to where another is free, or was just taken away.
    fn relocate(&mut self, from: (Inode, &[u8]), to: (Inode, &[u8]), now: Timestamp) -> Result<()> {
        let inode = self.find(from.0, from.1)?;
        let longer = to.1.len().saturating_sub(from.1.len()) as u64;
        self.account.take(longer, 0)?;
        self.account.give(from.1.len().saturating_sub(to.1.len()) as u64, 0);
        self.detach(from.0, from.1, now)?;
        self.attach(to.0, to.1, inode, now)?;
        self.node_mut(inode)?.changed = now;
        if self.is_directory(inode)? && from.0 != to.0 {
            self.folder_mut(inode)?.parent = to.0;
            self.node_mut(from.0)?.links -= 1;
            self.node_mut(to.0)?.links += 1;
        }
        Ok(())
    }

    /// rename(2) of plain names, in the kernel's order of errors.
    pub(super) fn rename(&mut self, from: (Inode, &[u8]), to: (Inode, &[u8]), now: Timestamp) -> Result<()> {
        let inode = self.find(from.0, from.1)?;
        self.require_alive(to.0)?;
        let old = self.lookup(to.0, to.1)?;
        if from.0 != to.0 {
            if self.is_within(to.0, inode)? {
                return Err(Code::Invalid.into());
            }
            if let Some(old) = old
                && self.is_within(from.0, old)?
            {
                return Err(Code::NotEmpty.into());
            }
        }
        if old == Some(inode) {
            return Ok(());
        }
        if to.1.len().saturating_sub(from.1.len()) as u64 > self.account.bytes_left() {
            return Err(Code::Quota.into());
        }
        if let Some(old) = old {
            match (self.is_directory(inode)?, self.is_directory(old)?) {
                (true, false) => return Err(Code::NotDirectory.into()),
                (false, true) => return Err(Code::IsDirectory.into()),
                _ => self.unlink(to.0, to.1, now)?,
            }
        }
        self.relocate(from, to, now)
    }

    /// True if `at` is `directory` or anywhere below it.
    pub(super) fn is_within(&self, mut at: Inode, directory: Inode) -> Result<bool> {
        loop {
            if at == directory {
                return Ok(true);
            }
            match &self.node(at)?.kind {
                Kind::Directory(folder) if at != ROOT => at = folder.parent,
                _ => return Ok(false),
            }
        }
    }

    fn attach(&mut self, at: Inode, name: &[u8], inode: Inode, now: Timestamp) -> Result<()> {
        self.folder_mut(at)?.entries.insert(name.into(), inode);
        self.node_mut(at)?.modify(now);
        Ok(())
    }

    fn detach(&mut self, at: Inode, name: &[u8], now: Timestamp) -> Result<()> {
        self.folder_mut(at)?.entries.remove(name);
        self.node_mut(at)?.modify(now);
        Ok(())
    }

    /// Writes as much as the quota allows, at least a byte.
    pub(super) fn write(&mut self, inode: Inode, bytes: &[u8], at: At, now: Timestamp) -> Result<usize> {
        let left = self.account.bytes_left();
        let (grown, written) = {
            let node = self.node_mut(inode)?;
            let Kind::File(content) = &mut node.kind else { return Err(Code::BadDescriptor.into()) };
            let size = content.size();
            let offset = match at {
                At::Offset(offset) => offset,
                At::End => size,
            };
            let end = offset.checked_add(bytes.len() as u64).filter(|&end| i64::try_from(end).is_ok());
            let end = end.ok_or(Code::FileTooLarge)?.min(size.saturating_add(left));
            let length = end.checked_sub(offset).filter(|&length| length > 0).ok_or(Code::Quota)?;
            // No more than all of it.
            let part = bytes.get(..length as usize).unwrap_or(bytes);
            let written = content.write(part, offset)?;
            let grown = content.size() - size;
            node.modify(now);
            (grown, written)
        };
        // There was room for it.
        self.account.take(grown, 0)?;
        Ok(written)
    }

    /// Makes a file so long; all of it is charged for.
    pub(super) fn set_size(&mut self, inode: Inode, size: u64, now: Timestamp) -> Result<()> {
        let before = self.node(inode)?.kind.bytes();
        self.account.take(size.saturating_sub(before), 0)?;
        self.account.give(before.saturating_sub(size), 0);
        let node = self.node_mut(inode)?;
        if let Kind::File(content) = &mut node.kind {
            content.set_size(size);
        }
        node.modify(now);
        Ok(())
    }

    /// One more handle.
    pub(super) fn hold(&mut self, inode: Inode) -> Result<()> {
        self.node_mut(inode)?.handles += 1;
        Ok(())
    }

    /// One handle less; with the last one goes what has no name.
    pub(super) fn release(&mut self, inode: Inode) {
        let Ok(node) = self.node_mut(inode) else { return };
        node.handles = node.handles.saturating_sub(1);
        if (node.links, node.handles) == (0, 0) {
            self.account.give(0, 1);
            self.free(inode);
        }
    }

    fn free(&mut self, inode: Inode) {
        if let Some(node) = self.slots.get_mut(inode).and_then(Option::take) {
            self.account.give(node.kind.bytes(), 0);
            self.free.push(inode);
        }
    }
}

/// Where to write.
#[derive(Clone, Copy)]
pub(super) enum At {
    Offset(u64),
    End,
}
