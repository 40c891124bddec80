//! Patterns of paths, in the guest's terms: `/src/**/*.rs`.
//!
//! `*` is any part of a name, `?` one character of it, and `**`, as a whole name, any number of names, also none. A backslash takes the
//! meaning off the character after it. Paths are compared as text: a link is not followed.
//!
//! Hazard: the guest chooses the path. Both levels, names in a path and characters in a name, are matched by going back to the last star
//! alone, so the time is at most the product of both lengths, and both are bounded.

use std::str::FromStr;

use callgate_system::path::PATH_MAX;

/// Bytes that a pattern may have.
const MOST: usize = 1024;

/// A pattern.
#[derive(Clone, Debug)]
pub(super) struct Glob {
    is_absolute: bool,
    names: Vec<Name>,
}

#[derive(Clone, Debug)]
enum Name {
    /// `**`
    Any,
    Like(Vec<Piece>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece {
    Character(char),
    /// `?`
    Any,
    /// `*`
    Star,
}

impl Glob {
    /// True if it matches a path that was [joined](Joined::join).
    pub(super) fn matches(&self, path: &str) -> bool {
        let (is_absolute, path) = path.strip_prefix('/').map_or((false, path), |path| (true, path));
        if is_absolute != self.is_absolute && !self.begins_anywhere() {
            return false;
        }
        let names = path.split('/').filter(|name| !name.is_empty());
        matches(&self.names, |name| matches!(name, Name::Any), names, Name::is_like)
    }

    /// `**` alone says nothing of where the path begins.
    fn begins_anywhere(&self) -> bool {
        !self.is_absolute && matches!(self.names.first(), Some(Name::Any))
    }
}

impl Name {
    fn is_like(&self, text: &str) -> bool {
        let Self::Like(pieces) = self else { return true };
        let is_like = |piece: &Piece, c: char| *piece == Piece::Any || *piece == Piece::Character(c);
        matches(pieces, |piece| *piece == Piece::Star, text.chars(), is_like)
    }
}

/// True if `pattern`, in which a star stands for any number of items, matches `items`.
fn matches<P, I: Copy>(
    pattern: &[P],
    is_star: impl Fn(&P) -> bool,
    mut items: impl Iterator<Item = I> + Clone,
    is_like: impl Fn(&P, I) -> bool,
) -> bool {
    let mut at = 0;
    // Behind the last star, and the items that it has not taken.
    let mut last_star = None;
    loop {
        if pattern.get(at).is_some_and(&is_star) {
            at += 1;
            last_star = Some((at, items.clone()));
            continue;
        }
        match items.next() {
            None if at == pattern.len() => return true,
            Some(item) if pattern.get(at).is_some_and(|piece| is_like(piece, item)) => at += 1,
            // The star takes one more. Where the items are over, no star can help.
            Some(_) => {
                let Some((behind, untaken)) = &mut last_star else { return false };
                untaken.next();
                items = untaken.clone();
                at = *behind;
            }
            None => return false,
        }
    }
}

impl FromStr for Glob {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("a pattern is missing; write path=/data/** or the like".to_owned());
        }
        if text.len() > MOST {
            return Err(format!("a pattern has at most {MOST} bytes"));
        }
        let names = text.split('/').filter(|name| !name.is_empty() && *name != ".").map(name);
        Ok(Self { is_absolute: text.starts_with('/'), names: names.collect::<Result<_, _>>()? })
    }
}

fn name(text: &str) -> Result<Name, String> {
    if text == "**" {
        return Ok(Name::Any);
    }
    let mut pieces = Vec::new();
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        pieces.push(match c {
            '*' if pieces.last() == Some(&Piece::Star) => continue,
            '*' => Piece::Star,
            '?' => Piece::Any,
            '\\' => Piece::Character(characters.next().ok_or("a pattern ends with a backslash; write two")?),
            '[' | ']' | '{' | '}' => {
                return Err(format!("`{c}` is no part of a pattern; write \\{c} for the character"));
            }
            c => Piece::Character(c),
        });
    }
    Ok(Name::Like(pieces))
}

/// A path that is put together; its memory is used again for the next one.
#[derive(Clone, Debug, Default)]
pub(super) struct Joined(String);

impl Joined {
    /// The path of `path` below `directory`, without `.` and `..`; cut where no system would take it.
    pub(super) fn join(&mut self, directory: &str, path: &str) -> &str {
        let joined = &mut self.0;
        joined.clear();
        let is_absolute = directory.starts_with('/');
        for name in directory.split('/').chain(path.split('/')) {
            match name {
                "" | "." => {}
                ".." => joined.truncate(joined.rfind('/').unwrap_or(0)),
                name if joined.len() + name.len() < PATH_MAX => {
                    if is_absolute || !joined.is_empty() {
                        joined.push('/');
                    }
                    joined.push_str(name);
                }
                _ => break,
            }
        }
        if is_absolute && joined.is_empty() {
            joined.push('/');
        }
        joined
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_match(pattern: &str, path: &str) -> bool {
        let (directory, path) = path.split_at(usize::from(path.starts_with('/')));
        pattern.parse::<Glob>().unwrap().matches(Joined::default().join(directory, path))
    }

    #[test]
    fn patterns_match_whole_paths() {
        for (pattern, matching, others) in [
            ("/src", &["/src", "/src/", "/./src"][..], &["/src/a", "/", "src", "/srcs"][..]),
            ("/src/*", &["/src/a", "/src/.a"], &["/src", "/src/a/b"]),
            ("/src/**", &["/src", "/src/a", "/src/a/b"], &["/srcs/a", "/"]),
            ("/src/**/*.rs", &["/src/a.rs", "/src/x/y/a.rs", "/src/.rs"], &["/src/a.rs/b", "/a.rs"]),
            ("/**/a/**/b", &["/a/b", "/x/a/y/a/z/b"], &["/b/a", "/a", "/a/b/c"]),
            ("**/x", &["/a/x", "x", "/x"], &["/xx"]),
            ("/a?c", &["/abc", "/aäc"], &["/ac", "/abbc", "/a/c"]),
            ("/a*b*c", &["/abc", "/axbxbxc"], &["/acb", "/abcd"]),
            (r"/a\*\[", &["/a*["], &["/ab["]),
            ("./x", &["x"], &["/x"]),
            ("/", &["/", "/a/.."], &["/a"]),
        ] {
            for path in matching {
                assert!(is_match(pattern, path), "{pattern} {path}");
            }
            for path in others {
                assert!(!is_match(pattern, path), "{pattern} {path}");
            }
        }
    }

    #[test]
    fn a_path_is_joined_as_text() {
        let mut joined = Joined::default();
        assert_eq!(joined.join("/src", "a//./b/../c"), "/src/a/c");
        assert_eq!(joined.join("/src", "../../.."), "/");
        assert_eq!(joined.join(".", "a"), "a");
        assert_eq!(joined.join(".", ""), "");
        assert_eq!(joined.join("/", "a"), "/a");
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        for wrong in ["", "/a[b]", "/{a,b}", "/a\\", &"a".repeat(MOST + 1)] {
            assert!(wrong.parse::<Glob>().is_err(), "{wrong}");
        }
    }

    /// With a matcher that tries every way these would take longer than anybody waits.
    #[test]
    fn a_hostile_path_takes_bounded_time() {
        let stars = "*a".repeat(MOST / 2 - 1) + "b";
        assert!(!is_match(&format!("/{stars}"), &format!("/{}", "a".repeat(PATH_MAX))));
        let deep = "**/a/".repeat(MOST / 5 - 1) + "b";
        assert!(!is_match(&deep, &format!("/{}", "a/".repeat(PATH_MAX / 2))));
        assert!(!is_match(&deep, &"../a".repeat(1 << 20)));
    }
}
