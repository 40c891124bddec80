//! Taking names away and giving others, as Linux does it: at once, also while the object is open, and by the kinds of both ends.
//!
//! Windows 10 1607 and later have both on NTFS. FAT, older systems and Wine have not: there the object is first moved aside,
//! under a name of ours that no guest can see or use, and deleted when its last handle is closed.
//!
//! Hazard: moving aside is not atomic. For a moment the name of a target is missing; if the process ends then, it stays so.

use callgate_system::{Code, Result};

use crate::entries::is_empty;
use crate::error::{Portable as _, Status};
use crate::names::Name;
use crate::nt::{Handle, info, random};
use crate::objects::RESOLVER;
use crate::open::{DELETE, How, WRITE_ATTRIBUTES};
use crate::reparse::Class;
use crate::resolve::{Found, Named, Objects as _};

/// To take a name away or to change it; the attributes, because a read-only one may have to be made writable first.
const TO_NAME: How = How { optional: WRITE_ATTRIBUTES, ..How::existing(DELETE) };

/// Removes an empty directory.
pub(crate) fn remove_directory(at: &Named<'_, '_, Handle>) -> Result<()> {
    let found = at.open(&RESOLVER, TO_NAME)?;
    match found.look.class() {
        Class::Directory => remove(&found, &at.dir),
        _ => Err(Status::NOT_A_DIRECTORY.portable()),
    }
}

/// Removes a name that is not a directory.
pub(crate) fn unlink_file(at: &Named<'_, '_, Handle>) -> Result<()> {
    let found = at.open(&RESOLVER, TO_NAME)?;
    match found.look.class() {
        Class::Directory => Err(Status::FILE_IS_A_DIRECTORY.portable()),
        _ => remove(&found, &at.dir),
    }
}

/// Removes what was found in `directory`.
pub(crate) fn remove(found: &Found<Handle>, directory: &Handle) -> Result<()> {
    match info::delete_at_once(&found.handle) {
        Err(status) if status.is_missing() => remove_aside(found, directory),
        result => result.portable(),
    }
}

/// The same where a name stays until the last handle is closed: it is another name by then.
fn remove_aside(found: &Found<Handle>, directory: &Handle) -> Result<()> {
    if found.look.class() == Class::Directory && !is_empty(&found.handle)? {
        return Err(Status::DIRECTORY_NOT_EMPTY.portable());
    }
    // It would have to be made writable first, and might have another name.
    if found.look.is_sealed() {
        return Err(Status::CANNOT_DELETE.portable());
    }
    // Where that fails, the name stays for a while; it is still deleted.
    let _ = move_aside(&found.handle, directory);
    match info::delete_on_close(&found.handle) {
        Err(Status::CANNOT_DELETE) => {
            info::make_writable(&found.handle).and_then(|()| info::delete_on_close(&found.handle)).portable()
        }
        result => result.portable(),
    }
}

/// Gives what is open as `handle` a name of ours in the directory it is in.
fn move_aside(handle: &Handle, directory: &Handle) -> std::result::Result<(), Status> {
    let mut number = [0; 8];
    random::fill(&mut number);
    info::rename(handle, directory, &Name::ours(u64::from_le_bytes(number)), false)
}

/// The object at the new name of a rename.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Target {
    Free,
    /// The object to be renamed itself, under another spelling of its only name: in another case, or its alias.
    Itself,
    Other,
}

/// Renames, replacing a file by a file or an empty directory by a directory.
pub(crate) fn rename(from: &Named<'_, '_, Handle>, to: &Named<'_, '_, Handle>) -> Result<()> {
    let source = from.open(&RESOLVER, TO_NAME)?;
    if source.look.class() == Class::Directory && is_in(&to.dir, &source.handle) {
        return Err(Code::Invalid.into());
    }
    let target = match to.open(&RESOLVER, How::existing(0)) {
        Ok(target) if is_same(&source, &target)? => {
            if from.name == to.name || info::standard(&source.handle).portable()?.links > 1 {
                return Ok(());
            }
            Target::Itself
        }
        Ok(target) => {
            replaceable(&source, &target)?;
            Target::Other
        }
        Err(error) if error.code == Code::NoEntry => Target::Free,
        Err(error) => return Err(error),
    };
    let name = Name::new(to.name.as_bytes())?;
    match info::rename_at_once(&source.handle, &to.dir, &name) {
        Err(Status::ACCESS_DENIED) if target != Target::Free => {}
        Err(status) if status.is_missing() => {}
        result => return result.portable(),
    }
    if target == Target::Itself {
        return respell(&source, from, to, &name);
    }
    match info::rename(&source.handle, &to.dir, &name, true) {
        Err(Status::ACCESS_DENIED | Status::OBJECT_NAME_COLLISION) if target == Target::Other => {
            rename_over_aside(&source, to, &name)
        }
        result => result.portable(),
    }
}

/// Spells a name anew where a rename to the same name in another case is none: over a name of ours.
fn respell(
    source: &Found<Handle>,
    from: &Named<'_, '_, Handle>,
    to: &Named<'_, '_, Handle>,
    name: &Name,
) -> Result<()> {
    move_aside(&source.handle, &from.dir).portable()?;
    info::rename(&source.handle, &to.dir, name, false).or_else(|status| {
        let _ = info::rename(&source.handle, &from.dir, &Name::new(from.name.as_bytes())?, false);
        Err(status.portable())
    })
}

/// Renames over what can't be replaced because it is open, or a directory.
fn rename_over_aside(source: &Found<Handle>, to: &Named<'_, '_, Handle>, name: &Name) -> Result<()> {
    let target = to.open(&RESOLVER, TO_NAME)?;
    if target.look.is_sealed() {
        return Err(Status::CANNOT_DELETE.portable());
    }
    move_aside(&target.handle, &to.dir).portable()?;
    if let Err(status) = info::rename(&source.handle, &to.dir, name, false) {
        let _ = info::rename(&target.handle, &to.dir, name, false);
        return Err(status.portable());
    }
    remove(&target, &to.dir)
}

fn is_same(one: &Found<Handle>, other: &Found<Handle>) -> Result<bool> {
    Ok(RESOLVER.0.identity(&one.handle).portable()? == RESOLVER.0.identity(&other.handle).portable()?)
}

/// Checks that the kinds of both ends fit, with the errors of Linux. NT's own answers differ, and Wine puts a directory in the place
/// of a file.
fn replaceable(source: &Found<Handle>, target: &Found<Handle>) -> Result<()> {
    match (source.look.class() == Class::Directory, target.look.class() == Class::Directory) {
        (true, false) => Err(Status::NOT_A_DIRECTORY.portable()),
        (false, true) => Err(Status::FILE_IS_A_DIRECTORY.portable()),
        (true, true) if !is_empty(&target.handle)? => Err(Status::DIRECTORY_NOT_EMPTY.portable()),
        _ => Ok(()),
    }
}

/// True if `directory` is `ancestor` or below it, by their paths on their volumes: for the right error only. Where a file system
/// tells no paths, the answer is no, and NT refuses by itself.
fn is_in(directory: &Handle, ancestor: &Handle) -> bool {
    let (Ok(below), Ok(above)) = (info::path(directory), info::path(ancestor)) else { return false };
    let rest = below.strip_prefix(above.as_slice());
    rest.is_some_and(|rest| rest.first().is_none_or(|&unit| unit == u16::from(b'\\')))
        && info::volume_serial(directory) == info::volume_serial(ancestor)
}
