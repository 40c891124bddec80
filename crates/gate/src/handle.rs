//! The target of a call: a guest's handle, the path it was opened as, and the mount that it came from.

use callgate_system::{Code, Names, Quota};

use crate::Place;

/// A directory of some system, as the guest sees it.
#[derive(Debug, PartialEq, Eq)]
pub struct Mount {
    /// Where the guest finds it.
    pub guest_path: String,
    /// True if nothing below it may be changed.
    pub read_only: bool,
    /// The limit on what may be added to it, if it has one of its own.
    pub quota: Option<Quota>,
    /// The way in which names are told apart in it, where a decider [asks about paths](crate::Decider::asks_about_paths); else `Exact`.
    pub names: Names,
}

/// A guest's handle, as calls name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handle<'a> {
    /// Its number; unique among the guest's open handles of every kind.
    pub id: u32,
    /// The path that it was opened as, mount included, or what it stands for: `stdout`. Where a decider
    /// [asks about paths](crate::Decider::asks_about_paths), no link, `.` or `..` is left in it: see [`Handle::place`].
    pub name: &'a str,
    /// The mount that it came from; none for streams of the process, clocks and the like.
    pub mount: Option<&'a Mount>,
    /// The error that this use of it is denied with, where the guest gave away the right to it. Of preview1 alone.
    pub denied: Option<Code>,
}

impl<'a> Handle<'a> {
    /// The place at which it was opened, beneath a mount; none for what is no file. It is the place that was decided on where a decider
    /// [asks about paths](crate::Decider::asks_about_paths), and else a path that may lead anywhere.
    #[must_use]
    pub fn place(&self) -> Option<Place<'a>> {
        let mount = self.mount?;
        let path = self.name.strip_prefix(&*mount.guest_path)?.trim_matches('/');
        Some(Place { mount, path, names: mount.names })
    }

    /// True if nothing may be changed through it.
    #[must_use]
    pub fn is_read_only(&self) -> bool {
        self.mount.is_some_and(|mount| mount.read_only)
    }
}
