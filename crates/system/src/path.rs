//! Paths: the rules that need no file system, and the one walker for systems that cannot resolve beneath a directory
//! themselves (kernels without `openat2`, NT, the memory tree).
//!
//! The walker goes component by component. A backend supplies [`Steps`], each of which opens one plain name in one held
//! directory and never follows a link; `..` goes back to a directory that is still held, so the system is never asked
//! for a parent. Whoever swaps components meanwhile can make a walk fail or end elsewhere *inside*, not outside.
//!
//! Hazards: a walk holds one handle for each directory it is deep. [`Walk::to_last`] does not look at the last name: an
//! operation on it must refuse to follow a link by its own flags (`O_NOFOLLOW`), and hand a link it met to
//! [`Walk::follow`]. Inside the walker names are bytes, because the text of a link need not be UTF-8.

use std::borrow::Cow;
use std::ops::{Deref, Range};

use crate::{Code, Result};

#[cfg(test)]
mod tests;

/// The longest component, in bytes.
pub const NAME_MAX: usize = 255;
/// One more than the longest path, in bytes, as Linux counts it.
pub const PATH_MAX: usize = 4096;
/// The most symbolic links that one resolution may follow.
pub const LINKS_MAX: u32 = 40;

/// Checks all that a path tells by itself. These errors win over any that a look at the file system would give.
///
/// # Errors
/// In this order: `NoEntry` for an empty path, `Invalid` for a NUL byte, `NotPermitted` for an absolute path,
/// `NameTooLong` for a path of [`PATH_MAX`] bytes or more, or a component of more than [`NAME_MAX`].
pub fn validate(path: &str) -> Result<()> {
    let bytes = path.as_bytes();
    if bytes.is_empty() {
        Err(Code::NoEntry.into())
    } else if bytes.contains(&0) {
        Err(Code::Invalid.into())
    } else if bytes[0] == b'/' {
        Err(Code::NotPermitted.into())
    } else if bytes.len() >= PATH_MAX
        || (bytes.len() > NAME_MAX && bytes.split(|&byte| byte == b'/').any(|name| name.len() > NAME_MAX))
    {
        Err(Code::NameTooLong.into())
    } else {
        Ok(())
    }
}

/// Checks the text of a symbolic link that is about to be made: it is never resolved then, only stored.
///
/// # Errors
/// `NoEntry` for an empty text, `Invalid` for a NUL byte, `NotPermitted` for an absolute one, `NameTooLong` for
/// [`PATH_MAX`] bytes or more.
pub fn validate_target(target: &str) -> Result<()> {
    if target.len() >= PATH_MAX && !target.starts_with('/') && !target.contains('\0') {
        return Err(Code::NameTooLong.into());
    }
    match validate(target) {
        // A component that is too long is a matter for who follows the link.
        Err(error) if error.code != Code::NameTooLong => Err(error),
        _ => Ok(()),
    }
}

/// True if `..` is a component of `path`.
#[must_use]
pub fn climbs(path: &str) -> bool {
    path.as_bytes().windows(2).any(|pair| pair == b"..") && path.split('/').any(|name| name == "..")
}

/// The place that the text of `path` names, beneath the directory at `above`: without `.`, without needless `/`, and without a `/` at either
/// end. It is what `path` reaches, if no component is a symbolic link.
///
/// # Errors
/// Those of [`validate`], also with `NameTooLong` for a place of [`PATH_MAX`] bytes or more, and `Loop` where `..` is a component: text does
/// not tell what that reaches.
pub fn place_of<'a>(above: &str, path: &'a str) -> Result<Cow<'a, str>> {
    validate(path)?;
    let trimmed = path.trim_end_matches('/');
    let is_odd = |pair: &[u8]| pair[0] == b'/' && (pair[1] == b'/' || pair[1] == b'.');
    let is_plain = !trimmed.starts_with('.') && !trimmed.as_bytes().windows(2).any(is_odd);
    if is_plain && above.is_empty() {
        return Ok(Cow::Borrowed(trimmed));
    }
    let mut place = String::with_capacity(above.len() + 1 + trimmed.len());
    place.push_str(above);
    if is_plain {
        push(&mut place, trimmed);
        return within_path_max(place);
    }
    for name in trimmed.split('/') {
        match name {
            "" | "." => {}
            ".." => return Err(Code::Loop.into()),
            name => push(&mut place, name),
        }
    }
    within_path_max(place)
}

fn within_path_max(place: String) -> Result<Cow<'static, str>> {
    if place.len() < PATH_MAX { Ok(Cow::Owned(place)) } else { Err(Code::NameTooLong.into()) }
}

/// Goes down from `place`, by a name or by another place.
pub fn push(place: &mut String, name: &str) {
    if !place.is_empty() {
        place.push('/');
    }
    place.push_str(name);
}

/// The last component of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LastName<'a> {
    /// A name to be looked up: never empty, `.` or `..`, and without `/`.
    Plain(&'a str),
    /// `.`: the directory that the rest of the path names.
    Dot,
    /// `..`
    DotDot,
}

/// A path taken apart, by its text alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Split<'a> {
    /// The text before the last component, without a trailing `/`; empty for the directory itself.
    pub parent: &'a str,
    /// The last component.
    pub last: LastName<'a>,
    /// True if a `/` follows the last component: the path asks for a directory.
    pub must_be_dir: bool,
}

impl<'a> Split<'a> {
    /// The name, where the path is nothing but one plain name: it can be acted on in place, if no link is followed.
    #[must_use]
    pub fn single(&self) -> Option<&'a str> {
        match self.last {
            LastName::Plain(name) if self.parent.is_empty() && !self.must_be_dir => Some(name),
            _ => None,
        }
    }
}

/// Validates `path` and takes off its last component.
///
/// # Errors
/// As [`validate`].
pub fn split(path: &str) -> Result<Split<'_>> {
    validate(path)?;
    let trimmed = path.trim_end_matches('/');
    let (parent, name) = trimmed.rsplit_once('/').unwrap_or(("", trimmed));
    let last = match name {
        "." => LastName::Dot,
        ".." => LastName::DotDot,
        _ => LastName::Plain(name),
    };
    Ok(Split { parent: parent.trim_end_matches('/'), last, must_be_dir: trimmed.len() < path.len() })
}

/// The object that a component turned out to be.
#[derive(Debug)]
pub enum Step<D> {
    /// A directory, now held.
    Dir(D),
    /// A symbolic link, and its text. A backend whose links are not written with `/` rewrites them so that an absolute
    /// one begins with `/`.
    Link(Vec<u8>),
    /// Anything else.
    Other,
}

/// The operations that the walker needs from a backend, each on one component.
///
/// `name` is a plain name: not empty, not `.` or `..`, at most [`NAME_MAX`] bytes, without `/`. It is UTF-8 unless a link's
/// text was not.
pub trait Steps {
    /// A held directory. Dropping it lets it go.
    type Dir;

    /// Opens the directory `name` in `at`; a link is returned, never followed.
    ///
    /// # Errors
    /// `NoEntry`, `Access`, `NameTooLong`, `InsufficientMemory`.
    fn open_dir(&self, at: &Self::Dir, name: &[u8]) -> Result<Step<Self::Dir>>;

    /// The text of the link `name` in `at`, or `None` for anything there that is no link.
    ///
    /// # Errors
    /// As [`Steps::open_dir`].
    fn read_link(&self, at: &Self::Dir, name: &[u8]) -> Result<Option<Vec<u8>>>;

    /// Checks that names may be looked up in `at`, for `.` and `..`, which open nothing.
    ///
    /// # Errors
    /// `Access`.
    fn search(&self, _at: &Self::Dir) -> Result<()> {
        Ok(())
    }
}

/// A directory that was held all along, or was opened on the way.
#[derive(Debug)]
pub enum Held<'a, D> {
    /// The one that the path was relative to.
    Root(&'a D),
    /// Another one.
    Own(D),
}

impl<D> Deref for Held<'_, D> {
    type Target = D;

    fn deref(&self) -> &D {
        match self {
            Self::Root(dir) => dir,
            Self::Own(dir) => dir,
        }
    }
}

/// Where a walk stands when only the last name is left.
#[derive(Debug)]
pub struct Last<'w, D> {
    /// The directory it is in.
    pub dir: &'w D,
    /// The name, not looked at yet; `None` where the path, or the link it ended in, ended in `.` or `..`: then it is `dir`.
    pub name: Option<&'w [u8]>,
    /// True if a `/` asks for a directory. A link is then followed even by calls that would not follow it otherwise.
    pub must_be_dir: bool,
}

/// What a walk makes of symbolic links.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Links {
    /// It follows them.
    #[default]
    Followed,
    /// It fails with [`Code::Loop`] where it would have to follow one, and at `..`: whatever such a walk reaches is at the place that the
    /// path's text names.
    Refused,
}

/// A path, or the text of a link, and how much of it is done.
struct Text<'a> {
    bytes: Cow<'a, [u8]>,
    at: usize,
}

impl Text<'_> {
    fn rest(&self) -> &[u8] {
        &self.bytes[self.at..]
    }
}

/// One resolution under way.
///
/// [`Walk::to_last`], then try the operation without following links; where it met a link that is to be followed,
/// [`Walk::follow`] and once more.
pub struct Walk<'d, 'p, S: Steps> {
    steps: &'d S,
    root: &'d S::Dir,
    /// The directories below `root` that lead to the present one.
    held: Vec<S::Dir>,
    /// The path, above it the texts of the links it is in the middle of. The top one stands before a component.
    texts: Vec<Text<'p>>,
    links: Links,
    /// Links followed.
    followed: u32,
    /// Links that were none when they were to be followed.
    vain: u32,
}

impl<'d, 'p, S: Steps> Walk<'d, 'p, S> {
    /// Begins at `root`.
    ///
    /// # Errors
    /// As [`validate`].
    pub fn new(steps: &'d S, root: &'d S::Dir, path: &'p str) -> Result<Self> {
        validate(path)?;
        let path = Text { bytes: Cow::Borrowed(path.as_bytes()), at: 0 };
        Ok(Self { steps, root, held: Vec::new(), texts: vec![path], links: Links::Followed, followed: 0, vain: 0 })
    }

    /// The same walk, which makes `links` of symbolic links.
    #[must_use]
    pub fn making(self, links: Links) -> Self {
        Self { links, ..self }
    }

    /// Walks until only the last name is left. Where it is a name, a second call gives the same again.
    ///
    /// # Errors
    /// Any error of the steps, `NotDirectory`, `NotPermitted`, `Loop`, `NameTooLong`.
    pub fn to_last(&mut self) -> Result<Last<'_, S::Dir>> {
        loop {
            let Some(range) = self.component() else {
                return Ok(Last { dir: self.dir(), name: None, must_be_dir: true });
            };
            match &self.top()[range.clone()] {
                b"." => self.steps.search(self.dir())?,
                b".." if self.links == Links::Refused => return Err(Code::Loop.into()),
                b".." => {
                    self.steps.search(self.dir())?;
                    self.held.pop().ok_or(Code::NotPermitted)?;
                }
                name if name.len() > NAME_MAX => return Err(Code::NameTooLong.into()),
                name => {
                    if let Some(must_be_dir) = self.nothing_behind(range.end) {
                        return Ok(Last { dir: self.dir(), name: Some(&self.top()[range]), must_be_dir });
                    }
                    match self.steps.open_dir(self.dir(), name)? {
                        Step::Dir(dir) => self.held.push(dir),
                        Step::Link(text) => {
                            self.expand(text)?;
                            continue;
                        }
                        Step::Other => return Err(Code::NotDirectory.into()),
                    }
                }
            }
            self.done_with(range.end);
        }
    }

    /// Puts the text of the link that the last name is in its place; [`Walk::to_last`] then goes on there. `false` where it
    /// is there and is no link, or no longer; that may happen [`LINKS_MAX`] times, so no race keeps a walk going for ever.
    ///
    /// # Errors
    /// `Loop` after [`LINKS_MAX`], `NotPermitted` for an absolute text, `NoEntry`, what the step says.
    pub fn follow(&mut self) -> Result<bool> {
        let Some(range) = self.component() else { return Ok(false) };
        if let Some(text) = self.steps.read_link(self.dir(), &self.top()[range])? {
            self.expand(text).map(|()| true)
        } else {
            count(&mut self.vain).map(|()| false)
        }
    }

    /// The directory that the walk stands in, to keep.
    #[must_use]
    pub fn into_dir(mut self) -> Held<'d, S::Dir> {
        self.held.pop().map_or(Held::Root(self.root), Held::Own)
    }

    fn dir(&self) -> &S::Dir {
        self.held.last().unwrap_or(self.root)
    }

    fn top(&self) -> &[u8] {
        self.texts.last().map_or(&[], |text| &text.bytes)
    }

    /// Where the next component is in the top text; `None` where nothing is left.
    fn component(&mut self) -> Option<Range<usize>> {
        loop {
            let text = self.texts.last_mut()?;
            text.at += text.rest().iter().take_while(|&&byte| byte == b'/').count();
            let length = text.rest().iter().take_while(|&&byte| byte != b'/').count();
            if length > 0 {
                return Some(text.at..text.at + length);
            }
            self.texts.pop();
        }
    }

    /// `None` if another component follows the one that ends at `end`. Otherwise true if a `/` follows it in any of the texts.
    fn nothing_behind(&self, end: usize) -> Option<bool> {
        let (top, below) = self.texts.split_last()?;
        let mut slash = false;
        for rest in below.iter().map(Text::rest).chain([&top.bytes[end..]]) {
            if rest.iter().any(|&byte| byte != b'/') {
                return None;
            }
            slash |= !rest.is_empty();
        }
        Some(slash)
    }

    /// Goes past the present component.
    fn done_with(&mut self, end: usize) {
        if let Some(text) = self.texts.last_mut() {
            text.at = end;
        }
    }

    /// Puts `text` in the place of the present component.
    fn expand(&mut self, text: Vec<u8>) -> Result<()> {
        if self.links == Links::Refused {
            return Err(Code::Loop.into());
        }
        count(&mut self.followed)?;
        match text.first() {
            None => return Err(Code::NoEntry.into()),
            Some(b'/') => return Err(Code::NotPermitted.into()),
            Some(_) => {}
        }
        if let Some(range) = self.component() {
            self.done_with(range.end);
        }
        if self.texts.last().is_some_and(|below| below.rest().is_empty()) {
            self.texts.pop();
        }
        self.texts.push(Text { bytes: Cow::Owned(text), at: 0 });
        Ok(())
    }
}

fn count(turns: &mut u32) -> Result<()> {
    *turns += 1;
    if *turns > LINKS_MAX { Err(Code::Loop.into()) } else { Ok(()) }
}
