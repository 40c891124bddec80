//! Symbolic links: made as Windows makes them, or as its Linux subsystem does where that isn't permitted or can't hold the text.
//!
//! Windows' own kind needs a privilege, and says whether it leads to a directory; Windows programs follow it. The Linux
//! subsystem's kind needs none and keeps any text, but only it and callgate follow it.

use callgate_system::path::split;
use callgate_system::{Code, Follow, Result};

use crate::error::{Portable as _, Status};
use crate::names::Name;
use crate::naming;
use crate::nt::{Handle, reparse};
use crate::objects::RESOLVER;
use crate::open::{DELETE, How, WRITE_ATTRIBUTES};
use crate::reparse::{Class, Look, lx_symlink, symlink};
use crate::resolve::{Found, Named, Objects as _};

/// Makes a link with the text `target` at a name that is free.
pub(crate) fn make(target: &str, at: &Named<'_, '_, Handle>, leads_to_directory: impl FnOnce() -> bool) -> Result<()> {
    let name = Name::new(at.name.as_bytes())?;
    if let Some(data) = symlink(target) {
        match make_with(&data, &at.dir, &name, leads_to_directory()) {
            Err(Status::PRIVILEGE_NOT_HELD) => {}
            result => return result.portable(),
        }
    }
    let data = lx_symlink(target).ok_or(Code::NameTooLong)?;
    make_with(&data, &at.dir, &name, false).portable()
}

/// Makes an empty file or directory, and a link of it; nothing stays where that fails.
fn make_with(data: &[u8], dir: &Handle, name: &Name, directory: bool) -> std::result::Result<(), Status> {
    let (handle, created) = RESOLVER.0.open(dir, name, How::new(DELETE | WRITE_ATTRIBUTES, directory))?;
    let made = reparse::set(&handle, data);
    if made.is_err() {
        let found = Found { handle, look: Look::default(), created };
        // It is empty and new: what can be done about a failure has been done.
        let _ = naming::remove(&found, dir);
    }
    made
}

/// True if a link at `path` with this text would lead to a directory now.
pub(crate) fn leads_to_directory(root: &Handle, target: &str, path: &str) -> bool {
    let parent = split(path).map_or("", |split| split.parent);
    let target = if parent.is_empty() { target.to_owned() } else { format!("{parent}/{target}") };
    let found = RESOLVER.open(root, &target, How::existing(0), Follow::Yes);
    found.is_ok_and(|found| found.look.class() == Class::Directory)
}

/// The text of the link at a name.
pub(crate) fn read(at: &Named<'_, '_, Handle>) -> Result<String> {
    let found = at.open(&RESOLVER, How::existing(0))?;
    if found.look.class() != Class::Link {
        return Err(Status::NOT_A_REPARSE_POINT.portable());
    }
    let text = RESOLVER.link_text(&found.handle)?;
    if text.starts_with(b"/") {
        return Err(Code::NotPermitted.into());
    }
    String::from_utf8(text).map_err(|_| Code::IllegalByteSequence.into())
}
