//! A descriptor that can be waited for, and a memory of one that does not keep it open.
//!
//! Hazard: the kernel hands out a closed descriptor's number again at once. A descriptor that is remembered across waits is therefore
//! compared by the object that owned the number, which lives as long as anybody remembers it.

use std::sync::{Arc, Weak};

use rustix::fd::{AsFd, AsRawFd as _, BorrowedFd, OwnedFd};

/// An open descriptor.
#[derive(Clone)]
pub(crate) enum Descriptor {
    /// The process's own from its start, and open to its end.
    Inherited(BorrowedFd<'static>),
    /// Closed with the last holder.
    Own(Arc<OwnedFd>),
}

/// A descriptor that may be closed by now.
pub(crate) enum Watched {
    Inherited(BorrowedFd<'static>),
    Own(Weak<OwnedFd>),
}

impl Descriptor {
    /// One to be closed when nobody holds it any more.
    pub(crate) fn own(fd: OwnedFd) -> Self {
        Self::Own(Arc::new(fd))
    }

    /// Its number, by which tables are kept.
    pub(crate) fn number(&self) -> usize {
        self.as_fd().as_raw_fd().unsigned_abs() as usize
    }

    pub(crate) fn watch(&self) -> Watched {
        match self {
            Self::Inherited(fd) => Watched::Inherited(*fd),
            Self::Own(fd) => Watched::Own(Arc::downgrade(fd)),
        }
    }
}

impl AsFd for Descriptor {
    #[inline]
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Inherited(fd) => fd.as_fd(),
            Self::Own(fd) => fd.as_fd(),
        }
    }
}

impl Watched {
    /// True if it is this very descriptor, not another with the same number.
    pub(crate) fn is(&self, descriptor: &Descriptor) -> bool {
        match (self, descriptor) {
            (Self::Inherited(fd), Descriptor::Inherited(other)) => fd.as_raw_fd() == other.as_raw_fd(),
            (Self::Own(fd), Descriptor::Own(other)) => fd.as_ptr() == Arc::as_ptr(other),
            _ => false,
        }
    }

    /// The descriptor, where it is still open.
    pub(crate) fn get(&self) -> Option<Descriptor> {
        match self {
            Self::Inherited(fd) => Some(Descriptor::Inherited(*fd)),
            Self::Own(fd) => fd.upgrade().map(Descriptor::Own),
        }
    }
}
