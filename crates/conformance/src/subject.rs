//! The parts that a backend's test supplies.

use std::sync::Arc;

use callgate_system::{Directory, FileType, System};

use crate::Case;

/// A backend under test.
pub trait Subject: Send + Sync {
    /// The name in reports, such as `"linux"` or `"linux without openat2"`.
    fn name(&self) -> &'static str;

    /// The system itself.
    fn system(&self) -> &dyn System;

    /// Where the other ends of its sockets are.
    fn peers(&self) -> Peers {
        Peers::Host
    }

    /// A fresh, empty root, gone when dropped.
    fn ground(&self) -> Box<dyn Ground>;

    /// Where it is known to differ, each with its reason; the suite fails when one no longer does.
    fn deviations(&self) -> &'static [Deviation] {
        &[]
    }

    /// Why the cases of `group` are not tried, if they are not.
    fn skips(&self, group: &str) -> Option<&'static str> {
        let _ = group;
        None
    }
}

/// Where the other ends of sockets are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peers {
    /// On the host's own loopback: the system's network is the machine's.
    Host,
    /// In the system itself: its network is its own, and the host is not in it.
    System,
}

/// A fresh root, and the hand of the host on it. A hook that answers `false` or `None` has its cases counted as skipped.
///
/// On the host, the root is a directory named `root`, and beside it stands a directory `outside` with a file `secret`
/// and a directory `d`: `../outside/secret` from the root is what no guest may ever see.
pub trait Ground: Sync {
    /// The root, as a guest gets it.
    fn root(&self) -> Arc<dyn Directory>;

    /// The host's own absolute path of the directory that holds `root` and `outside`.
    fn host_path(&self) -> Option<String> {
        None
    }

    /// All there is to know of `outside`: names, contents, times. Equal texts mean that nothing was changed.
    fn outside(&self) -> Option<String> {
        None
    }

    /// Makes a symbolic link with any bytes as its text.
    fn make_symlink(&self, _text: &[u8], _path: &str) -> bool {
        false
    }

    /// Makes a file whose name in the root is any bytes.
    fn make_file(&self, _name: &[u8], _content: &[u8]) -> bool {
        false
    }

    /// Makes a [`FileType::Fifo`], a [`FileType::Socket`] or a [`FileType::CharacterDevice`] (the null device).
    fn make_special(&self, _kind: FileType, _path: &str) -> bool {
        false
    }
}

/// One known deviation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deviation {
    /// A case as reports write it, `"group/name"`; or a call of [`crate::CALLS`] that the backend doesn't have at all.
    pub what: &'static str,
    /// Why, in one line.
    pub reason: &'static str,
}

impl Deviation {
    pub(crate) fn covers(&self, case: &Case) -> bool {
        self.what == case.call
            || self.what.strip_prefix(case.group).is_some_and(|rest| rest.strip_prefix('/') == Some(&case.name))
    }
}
