//! Tells if one directory is another, or lies beneath it.
//!
//! NT tells the path of a handle on its volume, in the letters that it was opened by: in another case, or with 8.3 aliases. So paths
//! aren't compared, only how deep they are: the last names of the inner path are looked up in the outer directory, and what is found
//! there is the inner directory, by its identity, or isn't.
//!
//! A junction or a mounted volume below the outer directory makes no difference: no guest gets through it.

use callgate_system::Result;

use crate::error::{Portable as _, Status};
use crate::nt::{Handle, file, info};
use crate::objects::RESOLVER;
use crate::open::How;
use crate::resolve::Objects as _;

const SEPARATOR: u16 = b'\\' as u16;

/// True if `inner` is `outer`, or is reached from it downwards.
pub(crate) fn lies_within(inner: &Handle, outer: &Handle) -> Result<bool> {
    let identity = |handle| RESOLVER.0.identity(handle).portable();
    let wanted = identity(inner)?;
    if wanted == identity(outer)? {
        return Ok(true);
    }
    let path = info::path(inner).portable()?;
    let Some(rest) = behind(&path, names(&info::path(outer).portable()?).count()) else { return Ok(false) };
    match file::open(Some(outer), &rest, How::existing(0), true) {
        Ok((found, _)) => Ok(identity(&found)? == wanted),
        Err(Status::OBJECT_NAME_NOT_FOUND | Status::OBJECT_PATH_NOT_FOUND | Status::NOT_A_DIRECTORY) => Ok(false),
        Err(status) => Err(status.portable()),
    }
}

fn names(path: &[u16]) -> impl Iterator<Item = &[u16]> {
    path.split(|&unit| unit == SEPARATOR).filter(|name| !name.is_empty())
}

/// The names of `path` after the first few; none where there are no more.
fn behind(path: &[u16], depth: usize) -> Option<Vec<u16>> {
    let rest: Vec<&[u16]> = names(path).skip(depth).collect();
    (!rest.is_empty()).then(|| rest.join(&SEPARATOR))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rest(path: &str, depth: usize) -> Option<String> {
        let units: Vec<u16> = path.encode_utf16().collect();
        behind(&units, depth).map(|rest| String::from_utf16_lossy(&rest))
    }

    #[test]
    fn the_names_behind_are_those_of_the_inner_path() {
        assert_eq!(rest(r"\a\b\c", 0).as_deref(), Some(r"a\b\c"));
        assert_eq!(rest(r"\a\b\c", 1).as_deref(), Some(r"b\c"));
        assert_eq!(rest(r"\a\b\c", 3), None);
        assert_eq!(rest(r"\a", 2), None);
        assert_eq!(rest(r"\", 0), None);
    }
}
