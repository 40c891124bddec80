//! Directories: every call that takes a path, answered as Linux answers it.

use std::any::Any;
use std::sync::{Arc, MutexGuard};

use callgate_system::path::{Links, validate, validate_target};
use callgate_system::{Code, Directory, Entries, Follow, Names, NewTimestamp, OpenHow, Opened, Result, Stat};

use super::entries::MemoryEntries;
use super::file::MemoryFile;
use super::nodes::{Inode, Kind, Nodes};
use super::resolve::{Named, Place, Start, Target};
use super::{Handle, Shared};

/// An open directory.
pub(super) struct MemoryDirectory {
    handle: Handle,
    links: Links,
}

impl MemoryDirectory {
    pub(super) fn new(handle: Handle) -> Self {
        Self { handle, links: Links::Followed }
    }

    fn tree(&self) -> &Arc<Shared> {
        &self.handle.tree
    }

    fn inode(&self) -> Inode {
        self.handle.inode
    }

    fn start(&self) -> Start {
        Start { inode: self.inode(), links: self.links }
    }

    fn nodes(&self) -> MutexGuard<'_, Nodes> {
        self.tree().nodes()
    }

    /// The other directory of a call with two, where it is in the same tree.
    fn same_tree<'d>(&self, other: &'d dyn Directory) -> Result<&'d Self> {
        let other = (other as &dyn Any).downcast_ref::<Self>();
        other.filter(|other| Arc::ptr_eq(self.tree(), other.tree())).ok_or(Code::CrossDevice.into())
    }
}

impl Directory for MemoryDirectory {
    fn open(&self, path: &str, how: OpenHow) -> Result<Opened> {
        validate(path)?;
        if (how.create && how.directory) || (how.truncate && !how.write) {
            return Err(Code::Invalid.into());
        }
        let now = (how.create || how.truncate).then(|| self.tree().now());
        let mut nodes = self.nodes();
        let inode = match (nodes.target(self.start(), path, how)?, now) {
            (Target::There(inode), _) if nodes.is_directory(inode)? => {
                if how.write || how.create {
                    return Err(Code::IsDirectory.into());
                }
                let handle = Handle::hold(self.tree(), &mut nodes, inode)?;
                return Ok(Opened::Directory(Arc::new(Self { handle, links: self.links })));
            }
            (Target::There(inode), Some(now)) if how.truncate => nodes.set_size(inode, 0, now).map(|()| inode)?,
            (Target::There(inode), _) => inode,
            (Target::Missing(at), Some(now)) => {
                nodes.create(at.dir, &at.name, Kind::File(super::content::Content::default()), now)?
            }
            (Target::Missing(_), None) => return Err(Code::NoEntry.into()),
        };
        let handle = Handle::hold(self.tree(), &mut nodes, inode)?;
        Ok(Opened::File(Arc::new(MemoryFile::new(handle, how.read, how.write))))
    }

    fn stat(&self, path: &str, follow: Follow) -> Result<Stat> {
        let nodes = self.nodes();
        nodes.stat(nodes.resolve(self.start(), path, follow)?)
    }

    fn metadata(&self) -> Result<Stat> {
        self.nodes().stat(self.inode())
    }

    fn read_entries(&self) -> Result<Box<dyn Entries>> {
        self.nodes().require_alive(self.inode())?;
        Ok(Box::new(MemoryEntries::new(self.handle.another()?)))
    }

    fn create_directory(&self, path: &str) -> Result<()> {
        let now = self.tree().now();
        let mut nodes = self.nodes();
        let Place::Name(at) = nodes.place(self.start(), path)? else { return Err(Code::Exist.into()) };
        nodes.require_free(&at)?;
        nodes.create(at.dir, &at.name, Kind::directory(at.dir), now).map(drop)
    }

    fn remove_directory(&self, path: &str) -> Result<()> {
        let now = self.tree().now();
        let mut nodes = self.nodes();
        match nodes.place(self.start(), path)? {
            Place::Name(at) => {
                nodes.require_directory(&at)?;
                nodes.unlink(at.dir, &at.name, now)
            }
            Place::Dot => Err(Code::Invalid.into()),
            Place::DotDot => Err(Code::NotEmpty.into()),
        }
    }

    fn unlink_file(&self, path: &str) -> Result<()> {
        let now = self.tree().now();
        let mut nodes = self.nodes();
        let Place::Name(at) = nodes.place(self.start(), path)? else { return Err(Code::IsDirectory.into()) };
        let is_directory = nodes.is_directory(nodes.find(at.dir, &at.name)?)?;
        match (is_directory, at.must_be_dir) {
            (true, _) => Err(Code::IsDirectory.into()),
            (false, true) => Err(Code::NotDirectory.into()),
            (false, false) => nodes.unlink(at.dir, &at.name, now),
        }
    }

    fn symlink(&self, target: &str, path: &str) -> Result<()> {
        validate_target(target)?;
        let now = self.tree().now();
        let mut nodes = self.nodes();
        let at = nodes.new_place(self.start(), path)?;
        nodes.require_free(&at)?;
        nodes.create(at.dir, &at.name, Kind::Symlink(target.as_bytes().into()), now).map(drop)
    }

    fn read_link(&self, path: &str) -> Result<String> {
        let nodes = self.nodes();
        let Place::Name(at) = nodes.place(self.start(), path)? else { return Err(Code::Invalid.into()) };
        if at.must_be_dir {
            return nodes.require_directory(&at).and(Err(Code::Invalid.into()));
        }
        match &nodes.node(nodes.find(at.dir, &at.name)?)?.kind {
            Kind::Symlink(text) if text.starts_with(b"/") => Err(Code::NotPermitted.into()),
            Kind::Symlink(text) => {
                str::from_utf8(text).map(str::to_owned).map_err(|_| Code::IllegalByteSequence.into())
            }
            _ => Err(Code::Invalid.into()),
        }
    }

    fn link(&self, path: &str, follow: Follow, new_directory: &dyn Directory, new_path: &str) -> Result<()> {
        let to = self.same_tree(new_directory)?;
        let now = self.tree().now();
        let mut nodes = self.nodes();
        let from = nodes.to_link(self.start(), path, follow)?;
        let at = nodes.new_place(to.start(), new_path)?;
        let inode = nodes.find(from.dir, &from.name)?;
        nodes.require_alive(at.dir)?;
        nodes.require_free(&at)?;
        if nodes.is_directory(inode)? {
            return Err(Code::NotPermitted.into());
        }
        nodes.link(inode, at.dir, &at.name, now)
    }

    fn rename(&self, path: &str, new_directory: &dyn Directory, new_path: &str) -> Result<()> {
        let now = self.tree().now();
        let to = self.same_tree(new_directory);
        let mut nodes = self.nodes();
        let from = nodes.place(self.start(), path)?;
        let to = nodes.place(to?.start(), new_path)?;
        let (Place::Name(from), Place::Name(to)) = (from, to) else { return Err(Code::Busy.into()) };
        if from.must_be_dir || to.must_be_dir {
            // After either, a directory stands there, or has stood.
            nodes.require_directory(&from)?;
        }
        nodes.rename((from.dir, &from.name), (to.dir, &to.name), now)
    }

    fn set_times(&self, path: &str, follow: Follow, accessed: NewTimestamp, modified: NewTimestamp) -> Result<()> {
        let (accessed, modified) = (accessed.validated()?, modified.validated()?);
        let now = self.tree().now();
        let mut nodes = self.nodes();
        let inode = nodes.resolve(self.start(), path, follow)?;
        nodes.node_mut(inode)?.set_times(accessed, modified, now);
        Ok(())
    }

    fn set_own_times(&self, accessed: NewTimestamp, modified: NewTimestamp) -> Result<()> {
        let (accessed, modified) = (accessed.validated()?, modified.validated()?);
        let now = self.tree().now();
        self.nodes().node_mut(self.inode())?.set_times(accessed, modified, now);
        Ok(())
    }

    fn sync(&self) -> Result<()> {
        Ok(())
    }

    fn lies_within(&self, outer: &dyn Directory) -> Result<bool> {
        match self.same_tree(outer) {
            Ok(outer) => self.nodes().is_within(self.inode(), outer.inode()),
            Err(_) => Ok(false),
        }
    }

    fn strict(&self) -> Result<Arc<dyn Directory>> {
        Ok(Arc::new(Self { handle: self.handle.another()?, links: Links::Refused }))
    }

    fn names(&self) -> Names {
        Names::Exact
    }
}

impl Nodes {
    /// The name of what a hard link shall be made to; not followed, whether it is there is still to be seen. `NotPermitted`
    /// for a directory without a name here.
    fn to_link(&self, start: Start, path: &str, follow: Follow) -> Result<Named> {
        if follow == Follow::Yes {
            return self.followed(start, path);
        }
        let Place::Name(at) = self.place(start, path)? else { return Err(Code::NotPermitted.into()) };
        if at.must_be_dir {
            self.require_directory(&at)?;
        }
        Ok(at)
    }
}
