//! A tree of files in memory, alone or as the files of [`crate::Memory`].
//!
//! Where things are: `nodes` is the table of files and all that changes it, `content` the bytes of a file, `quota` what a
//! tree may hold, `resolve` the way from a path to a file; `directory`, `file` and `entries` are the handles; `hand` is what
//! the host may do that a guest may not.
//!
//! One lock guards a whole tree. A call holds it once, from the first component of its path to the last byte it copies, so
//! every call is atomic, and there is no order of locks to keep: no call takes two. A rename or a hard link between two
//! trees is `CrossDevice` before anything is locked. Splitting the lock would pay only where many guests work in one tree
//! at once, and would make a rename as hard as a kernel's.
//!
//! Hazard: a [`Handle`] that goes takes the lock, so none may go while it is held.
//!
//! Times are the clock's, read once for each call that changes something. A file's time of access is that of its making, or
//! what somebody set: reading changes nothing, as on a file system mounted `noatime`.

mod content;
mod directory;
mod entries;
mod file;
mod hand;
mod nodes;
mod quota;
mod resolve;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use callgate_system::{Clock, Directory, Quota, Result, Timestamp};

use self::directory::MemoryDirectory;
pub(crate) use self::hand::{Raw, Visited};
pub(crate) use self::nodes::Inode;
use self::nodes::{Nodes, ROOT};
pub use self::quota::QUOTA;

/// The first device number of trees: far from those that kernels give.
const DEVICES: u64 = 0x6361_6c6c_0000_0000;

/// A tree of files. A clone is the same tree.
#[derive(Clone)]
pub struct Tree {
    shared: Arc<Shared>,
}

/// The state that the handles of a tree share.
struct Shared {
    nodes: Mutex<Nodes>,
    clock: Arc<dyn Clock>,
}

/// Keeps a file, with or without a name.
struct Handle {
    tree: Arc<Shared>,
    inode: Inode,
}

impl Tree {
    /// An empty tree. `number` tells it from the other trees that a guest sees at the same time (it becomes part of each
    /// file's identity): 0 is the one of [`crate::Memory`], so others count from 1.
    #[must_use]
    pub fn new(number: u32, clock: Arc<dyn Clock>, quota: Quota) -> Self {
        let nodes = Nodes::new(DEVICES + u64::from(number), quota, clock.wall());
        Self { shared: Arc::new(Shared { nodes: Mutex::new(nodes), clock }) }
    }

    /// The directory that all others are in.
    #[must_use]
    pub fn root(&self) -> Arc<dyn Directory> {
        // The root's own handle is never let go, so it cannot be missing.
        let handle = Handle { tree: Arc::clone(&self.shared), inode: ROOT };
        let _ = self.shared.nodes().hold(ROOT);
        Arc::new(MemoryDirectory::new(handle))
    }

    /// The usage now, in the units of the quota.
    #[must_use]
    pub fn usage(&self) -> Quota {
        self.shared.nodes().account.used()
    }

    /// Bytes that the quota leaves.
    pub(crate) fn bytes_left(&self) -> u64 {
        self.shared.nodes().account.bytes_left()
    }
}

impl Shared {
    fn nodes(&self) -> MutexGuard<'_, Nodes> {
        // Nothing that runs under the lock panics; were it so, a table half changed is still one.
        self.nodes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Timestamp {
        self.clock.wall()
    }
}

impl Handle {
    /// Holds a file while `nodes` is locked; the handle itself must not go before the lock.
    fn hold(tree: &Arc<Shared>, nodes: &mut Nodes, inode: Inode) -> Result<Self> {
        nodes.hold(inode)?;
        Ok(Self { tree: Arc::clone(tree), inode })
    }

    fn another(&self) -> Result<Self> {
        Self::hold(&self.tree, &mut self.tree.nodes(), self.inode)
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.tree.nodes().release(self.inode);
    }
}
